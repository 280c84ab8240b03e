import type { SimCLRAugmentationOptions } from '../../augmentations/index.js';
import type { ProjectionHeadOptions, ResNetOptions } from '../../models/index.js';
import type { AdamWOptions, LARSOptions, SGDOptions } from '../../optimizers/index.js';

/** An encoder as plain data: `resnet18`, `resnet34` or `resnet50` and their options. The seed is the trainer's. */
export interface EncoderConfig extends Omit<ResNetOptions, 'seed' | 'name'> {
  /** Which network. */
  architecture: 'resnet18' | 'resnet34' | 'resnet50';
}

/** A projection head as plain data. Its input is the encoder's output, its seed the trainer's plus one. */
export type ProjectionHeadConfig = Omit<ProjectionHeadOptions, 'inputDim' | 'seed' | 'name'>;

/** SimCLR's augmentation as plain data. The views have the encoder's input size unless `options.size` says otherwise. */
export interface AugmentationConfig {
  /** Which transform. */
  name: 'simclrAugmentation';
  /** Its options; what is left out has its default. */
  options?: SimCLRAugmentationOptions;
}

/** How the learning rate goes over the run, in epochs where a schedule counts in steps. */
export type LearningRatePlan =
  | {
      /** The same rate throughout. */
      type: 'constant';
    }
  | {
      /** Linear warm-up, then half a cosine: `warmupCosineSchedule`. */
      type: 'warmupCosine';
      /** Epochs of warm-up, >= 0; the steps are rounded to whole ones. */
      warmupEpochs: number;
      /** Epochs from the end of the warm-up to the end of the cosine. @defaultValue those that remain of the run */
      cosineEpochs?: number;
      /** The rate that the warm-up rises from. @defaultValue 0 */
      startRate?: number;
      /** The rate that the cosine ends at. @defaultValue that of the rule */
      finalRate?: number;
      /** Whose formula. @defaultValue 'google' */
      rule?: 'google' | 'lightly';
      /** Whether the rate changes at every step, or stays the same within an epoch. @defaultValue 'step' */
      interval?: 'step' | 'epoch';
    }
  | {
      /** The same over the share of the run that is done, by steps or by the clock: {@link warmupCosineByShare}. */
      type: 'warmupCosineByShare';
      /** Share of the run that the warm-up takes, >= 0 and < 1. @defaultValue `0.05` */
      warmupShare?: number;
      /** The rate that the warm-up rises from. @defaultValue `0` */
      start?: number;
      /** The rate at the end of the run. @defaultValue `0` */
      end?: number;
    };

/** A learning rate as plain data, for a batch and a length of training that are known later. */
export interface LearningRateConfig {
  /** The rate at `referenceBatchSize`; a finite number >= 0. */
  base: number;
  /**
   * How the rate follows the batch: not at all, `base * batchSize / referenceBatchSize`, or
   * `base * sqrt(batchSize / referenceBatchSize)`.
   *
   * @defaultValue 'none'
   */
  scaling?: 'none' | 'linear' | 'sqrt';
  /** Pictures in the batch that `base` is meant for. @defaultValue 256 for 'linear', 1 for 'sqrt', as in Google's code */
  referenceBatchSize?: number;
  /** How it goes over the run. @defaultValue constant */
  schedule?: LearningRatePlan;
}

/** An optimizer's options as plain data: what may be a function there is a number or a plan here. */
export type PlannedOptimizer<Options extends object, ClassName extends string> = {
  /** Which optimizer. */
  className: ClassName;
  /** A number, or a plan; a plan needs `training` to be known. */
  learningRate: number | LearningRateConfig;
} & {
  [Option in keyof Options as Exclude<Option, 'learningRate'>]: Extract<
    Options[Option],
    string | number | boolean
  >;
};

/** An optimizer as plain data: `SGD`, `AdamW` or `LARS` and their options. */
export type OptimizerConfig =
  | PlannedOptimizer<SGDOptions, 'SGD'>
  | PlannedOptimizer<AdamWOptions, 'AdamW'>
  | PlannedOptimizer<LARSOptions, 'LARS'>;

/**
 * How long and on how much is trained: what `fit` takes, and what a learning rate's plan is reckoned from.
 *
 * @example
 * await simclr.fit(pictures, recipe.training);
 */
export interface TrainingPlan {
  /** Pictures a step, >= 2. */
  batchSize: number;
  /** Passes over the data, >= 1. */
  epochs: number;
  /** Pictures in the data set, at least a batch. */
  datasetSize: number;
}
