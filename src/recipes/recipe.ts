import type {
  GaussianBlurOptions,
  NormalizeOptions,
  SimCLRAugmentationOptions,
} from '../augmentations/index.js';
import type { InitializeFromImagesOptions, ReadoutStage } from '../features/index.js';
import type { AdamWOptions, LARSOptions, SGDOptions } from '../optimizers/index.js';
import type {
  LearningRateConfig,
  MobileNetV2Config,
  PlannedOptimizer,
  ProjectionHeadConfig,
  ResNetConfig,
  TrainingPlan,
} from '../training/index.js';

/** A network with all options except the groups of batch normalization, which no recipe here uses. */
export type WithEveryChoice<Config extends object> = Required<Omit<Config, 'batchNormalization'>> & {
  /** Options of batch normalization. */
  batchNormalization: Config extends {
    /** Options of batch normalization, each with a default. */
    batchNormalization?: infer Options;
  }
    ? Required<Omit<NonNullable<Options>, 'groups'>>
    : never;
};

/** The size of the pictures that a recipe is for. */
export interface RecipePictures {
  /** [height, width, channels] of the pictures. */
  inputShape: readonly [number, number, number];
}

/** A ResNet with every choice given. */
export type RecipeResNet = WithEveryChoice<Omit<ResNetConfig, 'inputShape'>> & RecipePictures;

/** A MobileNet with every choice given. */
export type RecipeMobileNetV2 = WithEveryChoice<Omit<MobileNetV2Config, 'inputShape'>> & RecipePictures;

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
    /** Ranges of the color jitter, before `strength` multiplies them. */
    jitter: Required<NonNullable<SimCLRAugmentationOptions['jitter']>>;
    /** How to blur, or `false`. */
    blur: false | GaussianBlurOptions;
  };
}

/** A learning rate with its scaling and schedule given. */
export interface RecipeLearningRate extends LearningRateConfig {
  /** How the rate follows the batch. */
  scaling: NonNullable<LearningRateConfig['scaling']>;
  /** How the rate changes during the run. */
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

/** How an encoder begins from pictures, with every choice given. */
export type RecipeInitialization = Required<Omit<InitializeFromImagesOptions, 'batchSize' | 'seed'>>;

/** Stages of an encoder that are trained by themselves at first. */
export interface RecipeEarlyStages {
  /** What the projection head reads meanwhile: `projectFrom` of `SimCLR`. */
  projectFrom: readonly ReadoutStage[];
  /** Share of the run, above 0 and below 1. */
  share: number;
  /** Multiplies the base of the learning rate meanwhile. */
  learningRateFactor: number;
  /**
   * Whether the weights of these stages stay as they are while the rest is trained: their read-out keeps what it has, and
   * steps are shorter. Their layers are then not `trainable`, in the saved model, too. Running statistics are still updated.
   */
  hold: boolean;
}

/** A result that the recipe's authors report. */
export interface ReportedAccuracy {
  /** The measured result, and its date. */
  measure: string;
  /** Top-1 accuracy, from 0 to 1. */
  accuracy: number;
  /** Where it is reported. */
  source: string;
}

/**
 * A published way to train SimCLR, as plain data that survives JSON: `new SimCLR(recipe)` builds it, `fit(pictures,
 * recipe.training)` runs it. In between, where `recipe.initialization` is not null, call
 * `initializeFromImages(simclr, pictures, recipe.initialization)`.
 */
export interface Recipe {
  /** Short name, such as `'lightly-cifar10'`. */
  name: string;
  /** A sentence that describes it. */
  title: string;
  /** f: the network that is kept after training. */
  encoder: RecipeEncoder;
  /** g: the network between h and the loss. */
  projectionHead: RecipeProjectionHead;
  /** How views are made. */
  augmentation: RecipeAugmentation;
  /** Mean and standard deviation of each channel, or none. */
  normalization: NormalizeOptions | null;
  /** Options of `initializeFromImages`, to be called before training, or random weights. */
  initialization: RecipeInitialization | null;
  /**
   * Early stages that are trained by themselves for a share of the run, before the whole encoder is: by the command line,
   * and by you as `docs/readout.md` shows. `null` for none.
   */
  earlyStages: RecipeEarlyStages | null;
  /** Temperature of NT-Xent. */
  temperature: number;
  /** Whether both views share one pass, and so their batch statistics, or each has its own. */
  viewBatching: 'joint' | 'separate';
  /** How weights are updated. */
  optimizer: RecipeOptimizer;
  /** Batch size, epochs, and the size of the data set that the recipe is for. */
  training: TrainingPlan;
  /**
   * The source of each value, by its path (`'optimizer.momentum'`). A path covers all paths below it without a source
   * of their own; see {@link sourceOf}.
   */
  sources: Readonly<Record<string, string>>;
  /** Differences from the original. */
  deviations: readonly string[];
  /** Results that its authors report. */
  reported: readonly ReportedAccuracy[];
}
