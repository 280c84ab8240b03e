export {
  type Activation,
  activations,
  type BatchNormalizationInferenceOptions,
  type BatchNormalizationOptions,
  type BatchNormalizationResult,
  batchNormalization,
  batchNormalizationInference,
} from './batch-normalization.js';

export {
  type ChannelNormalization,
  type FoldedConvolutionOptions,
  foldedConvolution,
} from './convolution/folded-convolution.js';
export {
  paddedConv2d,
  paddedDepthwiseConv2d,
  paddedMaxPool,
  type SidePadding,
  type WindowOptions,
} from './convolution/padded-windows.js';

export { type SumOverProcesses, withSharedStatistics } from './shared-statistics.js';
