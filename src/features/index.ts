export type { EncoderSource } from './encoder-source.js';
export {
  type ImageInitialization,
  type InitializeFromImagesOptions,
  initializeFromImages,
} from './initialization/initialize-from-images.js';
export {
  type EncoderStage,
  type EncoderStagesOptions,
  encoderStages,
  type ReadoutStage,
  type ResolvedStage,
} from './readout/encoder-stages.js';
export { type FitReadoutOptions, fitReadout } from './readout/fit-readout.js';
export { Readout, type ReadoutEmbedOptions } from './readout/readout.js';
export type { ReadoutJSON, ReadoutState, ReadoutTensor } from './readout/readout-state.js';
export { stageEncoder } from './readout/stage-model.js';
