export { AdamW, type AdamWOptions } from './adamw.js';
export type { OptimizerFunctions } from './config.js';
export { LARS, type LARSOptions } from './lars.js';
export { NamedOptimizer } from './named-optimizer.js';
export { optimizerFromConfig } from './optimizer-from-config.js';
export type {
  CapturedState,
  CapturedVariable,
  NamedTensor,
  OptimizerState,
  RenameVariable,
  VariableState,
} from './optimizer-state.js';
export {
  type LearningRateScalingOptions,
  linearScaling,
  squareRootScaling,
} from './schedules/learning-rate-scaling.js';
export type { WarmupCosineByShareOptions } from './schedules/schedule-types.js';
export {
  constantSchedule,
  type LearningRate,
  type LearningRateSchedule,
  type ScheduleConfig,
  scaledSchedule,
  scheduleFromConfig,
  type WarmupCosineOptions,
  warmupCosineSchedule,
} from './schedules/schedules.js';
export { warmupCosineByShare } from './schedules/warmup-cosine-by-share.js';
export { SGD, type SGDOptions } from './sgd.js';
export {
  isBiasOrNormalization,
  type VariablePredicate,
  type VariableSelection,
} from './variable-selection.js';
