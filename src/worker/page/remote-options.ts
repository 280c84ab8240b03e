import type { KnownKeys } from '../../errors/check-keys.js';
import type { LossConfig, LossName } from '../../losses/index.js';
import type {
  AugmentationConfig,
  EmbedOptions,
  EncoderConfig,
  EpochRecord,
  FitOptions,
  OptimizerConfig,
  ProgressReport,
  ProjectionHeadConfig,
  SimCLREmbedOptions,
  SimCLRLoadOptions,
  SimCLROptions,
  ViewSchedules,
} from '../../training/index.js';

/** How {@link createTrainer} and {@link loadTrainer} wait for a worker. */
export interface WorkerStartOptions {
  /** Seconds that the worker's file may take to load, and then its backend to start: > 0. @defaultValue `30` */
  startSeconds?: number;
  /**
   * Hears why a worker is started again, where the first argument is a function that makes one.
   *
   * @defaultValue `console.warn`
   */
  onRestart?: (reason: string) => void;
}

type Parts = 'encoder' | 'projectionHead' | 'augmentation' | 'loss' | 'optimizer' | 'extraState';

/** Options of {@link createTrainer}: those of `SimCLR` that are plain data, such as a recipe. */
export interface RemoteTrainerOptions extends Omit<SimCLROptions, Parts>, WorkerStartOptions {
  /** f, as data to make it from. @defaultValue as of `SimCLR` */
  encoder?: EncoderConfig;
  /** g, as data to make it from. @defaultValue as of `SimCLR` */
  projectionHead?: ProjectionHeadConfig;
  /** What makes the views, as data to make it from. @defaultValue as of `SimCLR` */
  augmentation?: AugmentationConfig;
  /** A loss of the library, by its name or by name and options. @defaultValue as of `SimCLR` */
  loss?: LossName | LossConfig;
  /** An optimizer of the library, as data to make it from. @defaultValue as of `SimCLR` */
  optimizer?: OptimizerConfig;
}

/** Options of {@link loadTrainer}: those of `SimCLR.load` that are plain data. */
export interface RemoteLoadOptions extends Omit<SimCLRLoadOptions, Parts>, WorkerStartOptions {
  /** Takes the saved loss's place, by its name or by name and options. @defaultValue the saved one */
  loss?: LossName | LossConfig;
}

/** Options of {@link RemoteTrainer.fit}. Callbacks belong to the worker: see {@link ServeTrainerOptions}. */
export interface RemoteFitOptions extends Omit<FitOptions, 'callbacks' | 'schedules'> {
  /** As of `SimCLR.fit`, as data. @defaultValue none */
  schedules?: ViewSchedules;
  /** Called after each optimizer step. An error that it throws ends training, and `fit` rejects with it. */
  onProgress?: (report: ProgressReport) => void;
  /** Called after each epoch, with what the worker's callbacks measured. */
  onEpochEnd?: (epoch: EpochRecord) => void;
  /**
   * Whether to move the pictures' buffer to the worker, which takes no time and leaves the array here empty, instead of
   * copying it. An array that is only a part of its buffer is copied all the same, and shared memory is never.
   *
   * @defaultValue `false`
   */
  transfer?: boolean;
}

/** Options of {@link RemoteTrainer.embed}. */
export interface RemoteEmbedOptions extends SimCLREmbedOptions {
  /** Whether to move the pictures' buffer to the worker: see {@link RemoteFitOptions}. @defaultValue `false` */
  transfer?: boolean;
}

/** Options of {@link RemoteTrainer.project}. */
export interface RemoteProjectOptions extends EmbedOptions {
  /** Whether to move the pictures' buffer to the worker: see {@link RemoteFitOptions}. @defaultValue `false` */
  transfer?: boolean;
}

// Tables of their own, because those of the trainer would bring its code, and tfjs, into the page.
const startKeys = { startSeconds: 1, onRestart: 1 } as const;
const settings = {
  views: 1,
  normalization: 1,
  temperature: 1,
  loss: 1,
  viewBatching: 1,
  seed: 1,
} as const;

/** What a recipe says about itself and to `fit`. */
type Words = Record<
  'name' | 'title' | 'sources' | 'deviations' | 'reported' | 'training' | 'initialization' | 'earlyStages',
  unknown
>;

/** Every option of `createTrainer`. */
export const trainerKeys = {
  ...startKeys,
  ...settings,
  encoder: 1,
  projectionHead: 1,
  projectFrom: 1,
  augmentation: 1,
  optimizer: 1,
  name: 1,
  title: 1,
  sources: 1,
  deviations: 1,
  reported: 1,
  training: 1,
  initialization: 1,
  earlyStages: 1,
} as const satisfies KnownKeys<RemoteTrainerOptions & Words>;

/** Every option of `loadTrainer`. */
export const loadKeys = { ...startKeys, ...settings } as const satisfies KnownKeys<RemoteLoadOptions>;

/** Every option of `RemoteTrainer.fit`. */
export const fitKeys = {
  epochs: 1,
  minutes: 1,
  batchSize: 1,
  microBatchSize: 1,
  shuffle: 1,
  maxSteps: 1,
  resume: 1,
  allowChanges: 1,
  onNonFinite: 1,
  labels: 1,
  checkBackend: 1,
  datasetSize: 1,
  averageWeights: 1,
  schedules: 1,
  signal: 1,
  onProgress: 1,
  onEpochEnd: 1,
  transfer: 1,
} as const satisfies KnownKeys<RemoteFitOptions>;

/** Every option of `RemoteTrainer.project`. */
export const projectKeys = {
  batchSize: 1,
  onProgress: 1,
  transfer: 1,
} as const satisfies KnownKeys<RemoteProjectOptions>;

/** Every option of `RemoteTrainer.embed`. */
export const embedKeys = {
  ...projectKeys,
  at: 1,
  flips: 1,
} as const satisfies KnownKeys<RemoteEmbedOptions>;
