import type { Optimizer } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { NormalizeOptions, Transform } from '../augmentations/index.js';
import type { ContrastiveLoss } from './contrastive-gradients.js';
import type { ExtraState } from './extra-state.js';

/** Options of `new SimCLR(...)`: the parts of the method, each replaceable. */
export interface SimCLROptions {
  /**
   * f: any tfjs `LayersModel` from pictures `[N, H, W, C]` to representations h `[N, d]`.
   *
   * @defaultValue `resnet18({ inputShape: [96, 96, 3], seed })`
   */
  encoder?: LayersModel;
  /**
   * g: any `LayersModel` from h `[N, d]` to projections z `[N, D]`.
   *
   * @defaultValue `projectionHead({ inputDim: d, seed: seed + 1 })`: two dense layers of 512 with ReLU, then 64
   */
  projectionHead?: LayersModel;
  /**
   * Makes a view of each picture; its output must have the encoder's input size.
   *
   * @defaultValue `simclrAugmentation({ size: [H, W] })`
   */
  augmentation?: Transform<unknown>;
  /**
   * Mean and standard deviation of each channel, subtracted and divided by before the encoder, in training and in
   * `embed`, and saved with the model; `null` = none, as in Google's code.
   *
   * @defaultValue `null`
   */
  normalization?: NormalizeOptions | null;
  /** Temperature of the NT-Xent loss: unitless, > 0. @defaultValue `0.5` */
  temperature?: number;
  /** Another loss instead of NT-Xent; `temperature` then has no effect. A function is not saved. */
  loss?: ContrastiveLoss;
  /**
   * Any tfjs `Optimizer`, this library's `SGD`, `AdamW`, `LARS` or `tf.train`'s.
   *
   * @defaultValue `new AdamW({ learningRate: 3e-4, weightDecay: 0 })`: Adam at 3e-4 as in the STL-10 runs with z of
   * 64 by Spijkervet/SimCLR
   */
  optimizer?: Optimizer;
  /** Both views in one pass, or one pass a view: see {@link ContrastiveGradientsOptions}. @defaultValue `'joint'` */
  viewBatching?: 'joint' | 'separate';
  /** Seed of the default models' weights, of the shuffling and of all views: a whole number from 0 to 2^53 - 2. @defaultValue `0` */
  seed?: number;
  /**
   * What else a checkpoint must hold for training to go on bit for bit, by name (letters, digits, `.`, `_`, `-`): for
   * example a queue of negatives.
   *
   * @defaultValue none
   */
  extraState?: Record<string, ExtraState>;
}

/** Where a trainer stands; saved with it. */
export interface TrainingProgress {
  /** Optimiser steps done. */
  step: number;
  /** Passes over the data done. */
  epoch: number;
  /** Steps done in the pass that was under way when training ended, 0 = none. */
  batch: number;
}
