import type { MultiCropAugmentationOptions, SimCLRAugmentationOptions } from '../../augmentations/index.js';
import type { MobileNetV2Options, ProjectionHeadOptions, ResNetOptions } from '../../models/index.js';
import type { AdamWOptions, LARSOptions, SGDOptions } from '../../optimizers/index.js';

/** A ResNet as plain data. */
export interface ResNetConfig extends Omit<ResNetOptions, 'seed' | 'name'> {
  /** Which network. */
  name: 'resnet18' | 'resnet34' | 'resnet50';
}

/** A MobileNet as plain data. */
export interface MobileNetV2Config extends Omit<MobileNetV2Options, 'seed' | 'name'> {
  /** Which network. */
  name: 'mobileNetV2';
}

/**
 * An encoder as plain data: which network, and its options. The trainer chooses the seed, and the model has the
 * network's own name.
 */
export type EncoderConfig = ResNetConfig | MobileNetV2Config;

/** A projection head as plain data. Its input is the encoder's output, its seed the trainer's plus one. */
export type ProjectionHeadConfig = Omit<ProjectionHeadOptions, 'inputDim' | 'seed' | 'name'>;

/**
 * SimCLR's augmentation as plain data, or multi-crop. The views, with multi-crop the large ones, have the encoder's input
 * size unless `options.size` says otherwise.
 */
export type AugmentationConfig =
  | {
      /** Which transform. */
      name: 'simclrAugmentation';
      /** Options of {@link simclrAugmentation}. */
      options?: SimCLRAugmentationOptions;
    }
  | {
      /** A transform for each view: leave out the option `views` beside it. */
      name: 'multiCropAugmentation';
      /** Options of {@link multiCropAugmentation}. */
      options?: MultiCropAugmentationOptions;
    };

/** How the learning rate changes over a run, in epochs where a schedule counts steps. */
export type LearningRatePlan =
  | {
      /** The same rate throughout. */
      name: 'constant';
    }
  | {
      /** Linear warm-up, then half a cosine: `warmupCosineSchedule`. */
      name: 'warmupCosine';
      /** Epochs of warm-up, >= 0, rounded to a number of steps. */
      warmupEpochs: number;
      /** Epochs from the end of the warm-up to the end of the cosine. @defaultValue the rest of the run */
      cosineEpochs?: number;
      /** The rate that the warm-up rises from. @defaultValue `0` */
      start?: number;
      /** The rate that the cosine ends at. @defaultValue that of the convention */
      end?: number;
      /** Whose formula. @defaultValue `'google'` */
      convention?: 'google' | 'lightly';
      /** Whether the rate changes at every step, or only between epochs. @defaultValue `'step'` */
      interval?: 'step' | 'epoch';
    }
  | {
      /** The same over the share of the run that is done, by steps or by the clock: `warmupCosineByShare`. */
      name: 'warmupCosineByShare';
      /** Share of the run that the warm-up takes, >= 0 and < 1. @defaultValue `0.05` */
      warmupShare?: number;
      /** The rate that the warm-up rises from. @defaultValue `0` */
      start?: number;
      /** The rate at the end of the run. @defaultValue `0` */
      end?: number;
    };

/** A learning rate as plain data, for a batch size and a length of training that are not known yet. */
export interface LearningRateConfig {
  /** The peak rate at `referenceBatchSize`; a finite number >= 0. */
  base: number;
  /**
   * How the rate follows the batch size: not at all, `base * batchSize / referenceBatchSize`, or
   * `base * sqrt(batchSize / referenceBatchSize)`.
   *
   * @defaultValue `'none'`
   */
  scaling?: 'none' | 'linear' | 'sqrt';
  /** The batch size that `base` is meant for. @defaultValue `256` for 'linear', `1` for 'sqrt', as in Google's code */
  referenceBatchSize?: number;
  /** How the rate changes over the run. @defaultValue constant */
  schedule?: LearningRatePlan;
}

/** An optimizer's options as plain data: an option that may be a function in code is a number or a plan here. */
export type PlannedOptimizer<Options extends object, Name extends string> = {
  /** Which optimizer. */
  name: Name;
  /** A number, or a plan, which needs the option `training`. */
  learningRate: number | LearningRateConfig;
} & {
  [Option in keyof Options as Exclude<Option, 'learningRate'>]: Extract<
    Options[Option],
    string | number | boolean
  >;
};

/** An optimizer as plain data: the options of {@link SGD}, {@link AdamW} or {@link LARS}, and which of them. */
export type OptimizerConfig =
  | PlannedOptimizer<SGDOptions, 'sgd'>
  | PlannedOptimizer<AdamWOptions, 'adamW'>
  | PlannedOptimizer<LARSOptions, 'lars'>;

/**
 * How long to train, and on how many pictures. `fit` takes it, and a planned learning rate is computed from it.
 *
 * @example
 * await simclr.fit(pictures, recipe.training);
 */
export interface TrainingPlan {
  /** Pictures per step, >= 2. */
  batchSize: number;
  /** Passes over the data, >= 1. */
  epochs: number;
  /** Pictures in the data set, at least one batch. */
  datasetSize: number;
}
