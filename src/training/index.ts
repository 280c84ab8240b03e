export { trainableVariables } from '../models/named-weights.js';
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
export type { CapturedExtraState, ExtraState } from './checkpoints/extra-state.js';
export type { CheckpointEntry } from './checkpoints/manifest.js';
export {
  bestCheckpoint,
  type CheckpointStore,
  type DamagedCheckpoint,
  type FindCheckpointOptions,
  type FoundCheckpoint,
  latestCheckpoint,
} from './checkpoints/store.js';
export type { EmbedOptions } from './embed.js';
export type { FitOptions } from './fit/fit.js';
export type { SkipNonFinite } from './fit/non-finite-policy.js';
export type {
  AugmentationConfig,
  EncoderConfig,
  LearningRateConfig,
  LearningRatePlan,
  OptimizerConfig,
  PlannedOptimizer,
  ProjectionHeadConfig,
  TrainingPlan,
} from './options/part-configs.js';
export { plannedLearningRate } from './options/planned-learning-rate.js';
export type { SimCLRLoadOptions, SimCLROptions, TrainingProgress } from './options/simclr-options.js';
export type { ContrastiveLoss } from './options/to-view-loss.js';
export { type BackendCheck, type CheckBackendOptions, checkBackend } from './preflight/check-backend.js';
export type { WrongValue } from './preflight/probe-values.js';
export { SimCLR, type TrainStepOptions, type TrainStepResult } from './simclr.js';
export { type CachedGradientsOptions, cachedGradients } from './step/cached-gradients.js';
export {
  type ContrastiveGradients,
  type ContrastiveGradientsOptions,
  contrastiveGradients,
} from './step/contrastive-gradients.js';
