import type { io, Optimizer, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { NormalizeOptions, Transform } from '../augmentations/index.js';
import type { ImageDataset } from '../data/index.js';
import type { Readout, ReadoutStage } from '../features/index.js';
import type { ViewLoss } from '../losses/index.js';
import type { EmbedOptions, FlipOptions } from '../models/inference/embed-images.js';
import type { StatefulPart } from '../tensors/stateful-part.js';
import type { ContrastiveLoss } from './options/to-view-loss.js';

/** Where a trainer stands; saved with it. */
export interface TrainingProgress {
  /** Optimizer steps done. */
  step: number;
  /** Passes over the data done. */
  epoch: number;
  /** Steps done in the pass that was under way when training ended, 0 = none. */
  batch: number;
  /** Seconds that `fit` has trained. */
  seconds: number;
}

/** What a training step did. */
export interface TrainStepResult {
  /** Loss of the batch in nats, before the update. */
  loss: number;
  /** Learning rate of the update; NaN where the optimizer does not tell. */
  learningRate: number;
  /** Number of the step, from 0. */
  step: number;
}

export type { EmbedOptions };

/** Options of `SimCLR.embed`. */
export interface SimCLREmbedOptions extends EmbedOptions, FlipOptions {
  /**
   * Which vectors: the encoder's output h, or those of `simclr.readout`.
   * @defaultValue `'h'`
   */
  at?: 'h' | 'readout';
}

/** The parts of a trainer. */
export interface TrainerParts {
  /** f: images to representations h. */
  readonly encoder: LayersModel;
  /** g: representations h to projections z. */
  readonly projectionHead: LayersModel;
  /** The stages of the encoder that the head reads instead of h, or `null`. */
  readonly projectFrom: readonly ReadoutStage[] | null;
  /** What the head reads: the encoder itself, or a model of its layers that ends at the stages of `projectFrom`. */
  readonly projected: LayersModel;
  /** What makes each view, two or more; none after loading a model whose augmentation is not of this library. */
  readonly augmentations: readonly Transform<unknown>[];
  /** Mean and standard deviation of each channel, or `null`. */
  readonly normalization: NormalizeOptions | null;
  /** Compares the views. */
  readonly loss: ViewLoss;
  /** The function that was given as the loss, where it was one. */
  readonly customLoss: ContrastiveLoss | undefined;
  /** Updates the weights. */
  readonly optimizer: Optimizer;
  /** `'joint'`: all views of one size in one pass; `'separate'`: one pass per view. */
  readonly viewBatching: 'joint' | 'separate';
  /** Seed of all random draws. */
  readonly seed: number;
  /** What else a checkpoint holds, by name. */
  readonly extraState: Readonly<Record<string, StatefulPart>>;
}

/**
 * What callbacks, checkpoints, the doctor and evaluation see of a trainer. `SimCLR` is one; none of its users needs
 * `fit`.
 */
export interface Trainer extends TrainerParts {
  /** Where training stands. */
  readonly progress: TrainingProgress;
  /** Temperature of the loss; `undefined` where it has none. */
  readonly temperature: number | undefined;
  /** Height and width of the encoder's input, in pixels; of the first view where the encoder takes any. */
  readonly inputSize: [number, number];
  /** What reads the encoder's stages, if one was fitted. */
  readonly readout: Readout | undefined;
  /** Representations h `[N, d]` of images, or vectors at the read-out. The caller disposes the tensor. */
  embed(images: ImageDataset, options?: SimCLREmbedOptions): Promise<Tensor2D>;
  /** Projections z `[N, D]` of images. The caller disposes the tensor. */
  project(images: ImageDataset, options?: EmbedOptions): Promise<Tensor2D>;
  /** The views of each image that a training step sees. The caller disposes the tensors. */
  views(
    images: Tensor4D | readonly Tensor4D[],
    indices: ArrayLike<number>,
    epoch: number,
  ): [Tensor4D, Tensor4D, ...Tensor4D[]];
  /** Saves everything that training needs to continue. */
  save(target: io.IOHandler | string): Promise<io.SaveResult>;
}
