export { type CachedGradientsOptions, cachedGradients } from './cached-gradients.js';
export type {
  Callback,
  EpochRecord,
  FitContext,
  FitOutcome,
  FitStart,
  SkippedStep,
  StepRecord,
} from './callbacks/callback.js';
export {
  type CheckpointMeasure,
  type CheckpointOptions,
  type CheckpointTarget,
  checkpoint,
} from './callbacks/checkpoint.js';
export { type EarlyStoppingOptions, earlyStopping } from './callbacks/early-stopping.js';
export { type EvaluationFunction, type EvaluationOptions, evaluation } from './callbacks/evaluation.js';
export { type History, history } from './callbacks/history.js';
export { type ProgressOptions, type ProgressReport, progress } from './callbacks/progress.js';
export type { CheckpointEntry } from './checkpoint-manifest.js';
export {
  bestCheckpoint,
  type CheckpointStore,
  type DamagedCheckpoint,
  type FindCheckpointOptions,
  type FoundCheckpoint,
  latestCheckpoint,
} from './checkpoint-store.js';
export {
  type ContrastiveGradients,
  type ContrastiveGradientsOptions,
  contrastiveGradients,
} from './contrastive-gradients.js';
export type { EmbedOptions } from './embed.js';
export type { CapturedExtraState, ExtraState } from './extra-state.js';
export type { FitOptions } from './fit.js';
export { trainableVariables } from './named-weights.js';
export type { SkipNonFinite } from './non-finite.js';
export type { SimCLRLoadOptions, SimCLROptions, TrainingProgress } from './options.js';
export type {
  AugmentationConfig,
  EncoderConfig,
  LearningRateConfig,
  LearningRatePlan,
  OptimizerConfig,
  PlannedOptimizer,
  ProjectionHeadConfig,
  TrainingPlan,
} from './part-configs.js';
export { plannedLearningRate } from './planned-learning-rate.js';
export { type BackendCheck, type CheckBackendOptions, checkBackend } from './preflight/check-backend.js';
export type { WrongValue } from './preflight/probe-values.js';
export { SimCLR, type TrainStepOptions, type TrainStepResult } from './simclr.js';
export type { ContrastiveLoss } from './to-view-loss.js';
