export { trainableVariables } from '../models/named-weights.js';
export type { PartState, StatefulPart } from '../tensors/stateful-part.js';
export type { AverageWeightsOptions } from './averaging/average-settings.js';
export {
  type FollowedNetworks,
  MomentumEncoder,
  type MomentumEncoderOptions,
} from './averaging/momentum-encoder.js';
export { WeightAverage, type WeightAverageOptions } from './averaging/weight-average.js';
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
export type { CountsBefore } from './callbacks/counts-before.js';
export { type EarlyStoppingOptions, earlyStopping } from './callbacks/early-stopping.js';
export { type EvaluationFunction, type EvaluationOptions, evaluation } from './callbacks/evaluation.js';
export { type History, history } from './callbacks/history.js';
export { type ProgressOptions, type ProgressReport, progress } from './callbacks/progress.js';
export type { CheckpointEntry } from './checkpoints/manifest.js';
export {
  bestCheckpoint,
  type CheckpointStore,
  type DamagedCheckpoint,
  type FindCheckpointOptions,
  type FoundCheckpoint,
  latestCheckpoint,
} from './checkpoints/store.js';
export type { FitOptions } from './fit/fit-options.js';
export type { SkipNonFinite } from './fit/non-finite-policy.js';
export { type CachedGradientsOptions, cachedGradients } from './gradients/cached-gradients.js';
export {
  type ContrastiveGradients,
  type ContrastiveGradientsOptions,
  contrastiveGradients,
} from './gradients/contrastive-gradients.js';
export type {
  AugmentationConfig,
  EncoderConfig,
  LearningRateConfig,
  LearningRatePlan,
  MobileNetV2Config,
  OptimizerConfig,
  PlannedOptimizer,
  ProjectionHeadConfig,
  ResNetConfig,
  TrainingPlan,
} from './options/part-configs.js';
export { plannedLearningRate } from './options/planned-learning-rate.js';
export type { SimCLRLoadOptions, SimCLROptions } from './options/simclr-options.js';
export type { ContrastiveLoss } from './options/to-view-loss.js';
export { type BackendCheck, type CheckBackendOptions, checkBackend } from './preflight/check-backend.js';
export type { WrongValue } from './preflight/probe-values.js';
export type {
  AugmentationSchedule,
  SizeSchedule,
  StrengthSchedule,
  ViewSchedules,
} from './schedules/view-schedules.js';
export { type DisposeOptions, SimCLR } from './simclr.js';
export type { TrainStepOptions } from './step/train-on-batch.js';
export type { ReadoutStatus } from './step/trainer-readout.js';
export type {
  EmbedOptions,
  SimCLREmbedOptions,
  Trainer,
  TrainerParts,
  TrainingProgress,
  TrainStepResult,
} from './trainer.js';
