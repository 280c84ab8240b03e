import type { Optimizer } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { NormalizeOptions, Transform } from '../../augmentations/index.js';
import type { ReadoutStage } from '../../features/index.js';
import type { LossConfig, LossName, ViewLoss } from '../../losses/index.js';
import type { StatefulPart } from '../../tensors/stateful-part.js';
import type {
  AugmentationConfig,
  EncoderConfig,
  OptimizerConfig,
  ProjectionHeadConfig,
} from './part-configs.js';
import type { ContrastiveLoss } from './to-view-loss.js';

/**
 * Options of `new SimCLR(...)`: the parts of the method, each replaceable, each made or as plain data. A recipe of
 * `simclr-ts/recipes` is such an object.
 */
export interface SimCLROptions {
  /**
   * f: any tfjs `LayersModel` from pictures `[N, H, W, C]` to representations h `[N, d]`.
   *
   * Or data to make one from: `{ name: 'resnet18', stem: 'small' }`.
   *
   * @defaultValue `resnet18({ inputShape: [96, 96, 3], seed })`
   */
  encoder?: LayersModel | EncoderConfig;
  /**
   * g: any `LayersModel` from h `[N, d]` to projections z `[N, D]`, or data to make one from.
   *
   * @defaultValue `projectionHead({ inputDim: d, seed: seed + 1 })`: two dense layers of 512 with ReLU, then 64
   */
  projectionHead?: LayersModel | ProjectionHeadConfig;
  /**
   * What the projection head reads instead of h: stages of the encoder, each averaged on a grid, joined to one vector of
   * `grid² * channels` values per stage. Layers behind the last of them do not run in training, and learn nothing. h, which
   * `embed` gives, and what is saved are those of the whole encoder. The encoder must take pictures of a fixed size.
   *
   * @defaultValue h
   * @see Löwe et al. 2019, arXiv:1905.11786, and Belilovsky et al. 2019, arXiv:1812.11446 (networks trained stage by
   * stage).
   */
  projectFrom?: readonly ReadoutStage[] | null;
  /**
   * Makes a view of each picture; its output must have the encoder's input size. An array has one transform a view, two
   * or more; from the second on they may make pictures of another size, where the encoder takes those (multi-crop).
   * Or data to make them from.
   *
   * @defaultValue `simclrAugmentation({ size: [H, W] })`
   */
  augmentation?: Transform<unknown> | readonly Transform<unknown>[] | AugmentationConfig;
  /**
   * How many views of each picture one transform makes, at least 2; left out where `augmentation` is an array.
   *
   * @defaultValue `2`
   */
  views?: number;
  /**
   * Mean and standard deviation of each channel, subtracted and divided by before the encoder, in training and in
   * `embed`, and saved with the model; `null` = none, as in Google's code.
   *
   * @defaultValue `null`
   */
  normalization?: NormalizeOptions | null;
  /**
   * Temperature of the loss, unitless, > 0: short for `loss: { name, temperature }`. Leave it out where the loss has none.
   *
   * @defaultValue the loss's own, 0.5 for NT-Xent
   */
  temperature?: number | undefined;
  /**
   * Another loss instead of NT-Xent. One of the library by its name, or by name and options as in
   * `{ name: 'dcl', temperature: 0.1 }`, is saved with the model, its queue too. A function of two views (of more, the
   * mean over all pairs is taken) or a {@link ViewLoss} of your own is not, but the latter's state is.
   *
   * @defaultValue `'ntXent'`
   */
  loss?: LossName | LossConfig | ViewLoss | ContrastiveLoss;
  /**
   * Any tfjs `Optimizer`, this library's `SGD`, `AdamW`, `LARS` or `tf.train`'s, or data to make one from. A plan of the
   * learning rate is resolved when `fit` begins and knows batch size, epochs and size of the data set.
   *
   * @defaultValue `new AdamW({ learningRate: 3e-4, weightDecay: 0 })`: Adam at 3e-4 as in the STL-10 runs with z of
   * 64 by Spijkervet/SimCLR
   */
  optimizer?: Optimizer | OptimizerConfig;
  /** All views of one size in one pass, or one pass per view: see `ContrastiveGradientsOptions`. @defaultValue `'joint'` */
  viewBatching?: 'joint' | 'separate';
  /** Seed of the default models' weights, of the shuffling and of all views: an integer from 0 to 2^53 - 2. @defaultValue `0` */
  seed?: number;
  /**
   * What else a checkpoint must hold for training to continue bit for bit, by name (letters, digits, `.`, `_`, `-`): for
   * example a queue of negatives.
   *
   * @defaultValue none
   */
  extraState?: Record<string, StatefulPart>;
}

/**
 * Options of `SimCLR.load`: what replaces the saved parts, already made, because the file holds the data to make them from.
 */
export interface SimCLRLoadOptions
  extends Omit<SimCLROptions, 'encoder' | 'projectionHead' | 'projectFrom' | 'augmentation' | 'optimizer'> {
  /** An encoder of the saved architecture. */
  encoder?: LayersModel;
  /** A projection head of the saved architecture. */
  projectionHead?: LayersModel;
  /** Makes the views in place of the saved one, or of the saved ones. */
  augmentation?: Transform<unknown> | readonly Transform<unknown>[];
  /** Takes the saved optimizer's place and, where it is of the same class, its state. */
  optimizer?: Optimizer;
}
