import type {
  GaussianBlurOptions,
  NormalizeOptions,
  SimCLRAugmentationOptions,
} from '../augmentations/index.js';
import type { AdamWOptions, LARSOptions, SGDOptions } from '../optimizers/index.js';
import type {
  LearningRateConfig,
  MobileNetV2Config,
  PlannedOptimizer,
  ProjectionHeadConfig,
  ResNetConfig,
  TrainingPlan,
} from '../training/index.js';

/** A network whose options are all given, except the groups of batch normalization, which no recipe here uses. */
export type WithEveryChoice<Config extends object> = Required<Omit<Config, 'batchNormalization'>> & {
  /** Options of batch normalization. */
  batchNormalization: Config extends {
    /** Options of batch normalization, each with a default. */
    batchNormalization?: infer Options;
  }
    ? Required<Omit<NonNullable<Options>, 'groups'>>
    : never;
};

/** A ResNet with every choice given. */
export type RecipeResNet = WithEveryChoice<ResNetConfig>;

/** A MobileNet with every choice given. */
export type RecipeMobileNetV2 = WithEveryChoice<MobileNetV2Config>;

/** An encoder with every choice given. */
export type RecipeEncoder = RecipeResNet | RecipeMobileNetV2;

/** A projection head with every choice given. */
export type RecipeProjectionHead = WithEveryChoice<ProjectionHeadConfig>;

/** SimCLR's augmentation with every choice given; its size is the encoder's input. */
export interface RecipeAugmentation {
  /** Which transform. */
  name: 'simclrAugmentation';
  /** Its options. */
  options: Required<Omit<SimCLRAugmentationOptions, 'size' | 'normalization' | 'jitter' | 'blur'>> & {
    /** Proportions of the color jitter, before `strength`. */
    jitter: Required<NonNullable<SimCLRAugmentationOptions['jitter']>>;
    /** How to blur, or not to. */
    blur: false | GaussianBlurOptions;
  };
}

/** A learning rate with its scaling and schedule given. */
export interface RecipeLearningRate extends LearningRateConfig {
  /** How the rate follows the batch. */
  scaling: NonNullable<LearningRateConfig['scaling']>;
  /** How it goes over the run. */
  schedule: NonNullable<LearningRateConfig['schedule']>;
}

/** The optimizers of recipes, without their learning rates. */
export type WithoutRate<Config> = Omit<Config, 'learningRate'>;

/** An optimizer whose learning rate follows the batch and the length of the run. */
export type RecipeOptimizer = (
  | WithoutRate<PlannedOptimizer<SGDOptions, 'sgd'>>
  | WithoutRate<PlannedOptimizer<AdamWOptions, 'adamW'>>
  | WithoutRate<PlannedOptimizer<LARSOptions, 'lars'>>
) & {
  /** Base rate, scaling and schedule. */
  learningRate: RecipeLearningRate;
};

/** A figure that the recipe's authors report for it. */
export interface ReportedAccuracy {
  /** What was measured, and when. */
  measure: string;
  /** Top-1 accuracy, from 0 to 1. */
  accuracy: number;
  /** Where it is reported. */
  source: string;
}

/**
 * How somebody trains SimCLR, as plain data that survives JSON: `new SimCLR(recipe)` builds it, `fit(pictures,
 * recipe.training)` runs it.
 */
export interface Recipe {
  /** Short name, such as `'lightly-cifar10'`. */
  name: string;
  /** What it is, in a sentence. */
  title: string;
  /** f: the network that is kept. */
  encoder: RecipeEncoder;
  /** g: the network between h and the loss. */
  projectionHead: RecipeProjectionHead;
  /** How views are made. */
  augmentation: RecipeAugmentation;
  /** Mean and standard deviation of each channel, or none. */
  normalization: NormalizeOptions | null;
  /** Temperature of NT-Xent. */
  temperature: number;
  /** Both views in one pass, or one pass per view: whose batch statistics are whose. */
  viewBatching: 'joint' | 'separate';
  /** How weights are updated. */
  optimizer: RecipeOptimizer;
  /** Batch size, epochs, and the size of the data set that the recipe is for. */
  training: TrainingPlan;
  /**
   * Where each value comes from, by its path (`'optimizer.momentum'`). A path speaks for all below it that have none
   * of their own: see {@link sourceOf}.
   */
  sources: Readonly<Record<string, string>>;
  /** What the original does that this library does differently, or not at all. */
  deviations: readonly string[];
  /** What its authors report. */
  reported: readonly ReportedAccuracy[];
}
