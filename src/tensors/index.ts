export {
  type BatchNormalizationInferenceOptions,
  type BatchNormalizationOptions,
  type BatchNormalizationResult,
  batchNormalization,
  batchNormalizationInference,
} from './batch-normalization.js';
export { type SumOverProcesses, withSharedStatistics } from './shared-statistics.js';
