export { type HuggingFaceOptions, huggingFaceFiles } from './hugging-face/hugging-face-files.js';
export { type ExportONNXOptions, exportONNX } from './onnx/export-onnx.js';
export { toPlainLayersModel } from './plain-layers-model.js';
export { type ReadoutTensors, readoutTensors } from './readout-tensors.js';
export {
  type NamedTensors,
  readSafetensors,
  type SafetensorsFile,
  type WriteSafetensorsOptions,
  writeSafetensors,
} from './safetensors/safetensors.js';
export type {
  SafetensorsType,
  StateData,
  StateTensor,
  StateTensorInput,
} from './safetensors/tensor-types.js';
export {
  describeWeights,
  type StartedFrom,
  type StartingWeights,
  startFrom,
  type WeightsDescription,
} from './starting-weights.js';
export {
  type LoadedStateDict,
  type LoadStateDictOptions,
  loadStateDict,
  type StateDictOptions,
  stateDict,
} from './state-dict.js';
export type { StateDictFormat } from './state-dict-names.js';
export { type WeightsMetadataOptions, weightsMetadata } from './weights-metadata.js';
