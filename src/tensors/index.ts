export {
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
} from './folded-convolution.js';
export { paddedConv2d, paddedMaxPool, type SidePadding, type WindowOptions } from './padded-windows.js';
export { type SumOverProcesses, withSharedStatistics } from './shared-statistics.js';
