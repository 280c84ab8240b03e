import type { Tensor4D } from '@tensorflow/tfjs-core';
import { checkKeys } from '../errors/check-keys.js';
import { checkInteger, receivedMessage } from '../errors/checks.js';
import { InvalidOptionError } from '../errors/errors.js';
import {
  checkImageArray,
  checkImageTensor,
  type ImageArray,
  type ImageArrayLike,
  isTensor,
} from './image-array.js';
import type { ViewRequest } from './view-crops.js';

/** A batch of pictures, with their indices in the data set and their labels where they are known. */
export interface ImageBatch {
  /** Shape `[batch, height, width, channels]`; a tensor is float32 in [0, 1]. */
  images: Tensor4D | ImageArrayLike;
  /** Only a {@link ViewBatch} has views. */
  views?: undefined;
  /**
   * The index of each picture in the data set, which seeds its random augmentation.
   *
   * @defaultValue the running position in the epoch
   */
  indices?: ArrayLike<number>;
  /**
   * Whether `indices` are only places in this pass, because the pictures have no index of their own. Such indices seed
   * random draws, but labels cannot be looked up by them.
   *
   * @defaultValue `false`
   */
  indicesArePlaces?: boolean;
  /** The class of each picture, an integer >= 0, where the data set has classes. */
  labels?: ArrayLike<number>;
  /**
   * Place of the batch in the pass, counted from 0. Only a source that skips batches needs to give it, so that training
   * resumes at the right one.
   *
   * @defaultValue the number of batches before it
   */
  number?: number;
}

/** A batch of views that a data set has cut out of whole pictures, because the pass asked for `views`. */
export interface ViewBatch extends Omit<ImageBatch, 'images' | 'views'> {
  /**
   * One entry per requested view, with that view of all pictures of the batch. Shape `[batch, height, width, channels]`
   * of the crop's size; a tensor is float32 in [0, 1].
   */
  views: readonly (Tensor4D | ImageArrayLike)[];
  /** A batch of views does not hold the whole pictures. */
  images?: undefined;
}

/** A batch of an iterable data set, with views only if the pass asks for them. */
export type ImageBatchLike = Tensor4D | ImageArrayLike | ImageBatch | ViewBatch;

/** An iterable of batches. */
export type ImageBatches = Iterable<ImageBatchLike> | AsyncIterable<ImageBatchLike>;

/** The pass over the data that is requested from an {@link ImageBatchSource}, which may ignore it. */
export interface EpochPass {
  /** The pass, counted from 0. */
  epoch: number;
  /** Seed of the order. */
  seed: number;
  /** Whether to shuffle. */
  shuffle: boolean;
  /** Pictures per batch. */
  batchSize: number;
  /** Whether to drop a smaller batch at the end. True for training. */
  dropRemainder: boolean;
  /** Batches of this pass that are already done. Only a `seekable` source may skip them. */
  startBatch: number;
  /**
   * The part of one of several processes, requested from a source that is `shardable`: of every `size` consecutive
   * batches only the one at place `rank`, and none of an incomplete last group. `startBatch` then counts batches of
   * this part.
   */
  shard?: {
    /** Place of the batch in its group, from 0. */
    rank: number;
    /** Batches in a group. */
    size: number;
  };
  /**
   * The views to give instead of pictures, at least two, requested from a source that `cutsViews`. It gives a
   * {@link ViewBatch}, or pictures if it cannot cut them.
   */
  views?: readonly ViewRequest[];
}

/**
 * A function that starts a new pass over the data, called once per epoch; `() => batches()` is enough. Its properties
 * describe what else it can do.
 */
export interface ImageBatchSource {
  (pass: EpochPass): ImageBatches;
  /** Number of pictures in an epoch. */
  readonly size?: number;
  /** Whether it starts at `startBatch`; otherwise the batches before it are read and discarded. */
  readonly seekable?: boolean;
  /** Whether it honors `shard`; otherwise every process reads all batches and keeps its own. */
  readonly shardable?: boolean;
  /** Whether it honors `views`; otherwise the augmentation crops the pictures that the source gives. */
  readonly cutsViews?: boolean;
}

/** Starts a pass over decoded files: pictures or, if the pass asks for them, views. */
export interface DecodedBatches {
  (pass: EpochPass & { views?: undefined }): AsyncGenerator<ImageBatch, void, undefined>;
  (pass: EpochPass): AsyncGenerator<ImageBatch | ViewBatch, void, undefined>;
}

/**
 * The pictures for training, embedding, and classifiers: an array or a tensor of all pictures, an iterable of
 * batches, or a function that starts a new pass for every epoch.
 *
 * The library does not dispose a tensor of all pictures. It disposes tensors in the batches of an iterable after their
 * use, as `LayersModel.fitDataset` does.
 */
export type ImageDataset = Tensor4D | ImageArrayLike | ImageBatches | ImageBatchSource;

/** Whether `value` has the fields of an {@link ImageArray}. */
export function isImageArray(value: unknown): value is ImageArray {
  return (
    typeof value === 'object' && value !== null && 'data' in value && 'shape' in value && !isTensor(value)
  );
}

/** Whether `value` can be iterated, synchronously or not. */
export function isIterable<T = ImageBatchLike>(value: unknown): value is Iterable<T> | AsyncIterable<T> {
  return (
    typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value)
  );
}

/** The views of a batch of views. */
export function batchViews(batch: ImageBatchLike): ViewBatch['views'] | undefined {
  return isTensor(batch) || isImageArray(batch) ? undefined : (batch as ViewBatch | undefined)?.views;
}

/** The pictures of a batch of any kind; of views, the first view. */
export function batchImages(batch: ImageBatchLike): Tensor4D | ImageArrayLike {
  if (isTensor(batch) || isImageArray(batch)) return batch;
  // Checked where it is used.
  return ((batch as Partial<ImageBatch> | undefined)?.images ?? batchViews(batch)?.[0]) as
    | Tensor4D
    | ImageArrayLike;
}

/** Checks shape and kind of pictures in memory. */
export function checkImages(
  caller: string,
  argument: string,
  images: Tensor4D | ImageArrayLike,
): asserts images is Tensor4D | ImageArray {
  if (isTensor(images)) checkImageTensor(caller, argument, images);
  else if (isImageArray(images)) checkImageArray(caller, argument, images);
  else {
    const expectation = `${argument} must be a float32 tensor or { data, shape }`;
    throw new InvalidOptionError(receivedMessage(caller, expectation, argument, images));
  }
}

/** Whether all pictures of a data set are in memory, with random access. */
export function isInMemory(dataset: unknown): dataset is Tensor4D | ImageArrayLike {
  return isTensor(dataset) || isImageArray(dataset);
}

/**
 * Number of pictures of a data set, if it is known without reading the data.
 *
 * @returns `undefined` for iterables and functions that do not say.
 * @example
 * datasetSize({ data: new Uint8Array(2 * 8 * 8 * 3), shape: [2, 8, 8, 3] }); //=> 2
 */
export function datasetSize(dataset: ImageDataset): number | undefined {
  if (isInMemory(dataset)) return dataset.shape[0];
  if (Array.isArray(dataset)) {
    return dataset.reduce<number>((total, batch) => total + batchImages(batch).shape[0], 0);
  }
  return typeof dataset === 'function' ? dataset.size : undefined;
}

/**
 * Number of batches that {@link imageBatches} gives in an epoch, if it is known without reading the data.
 *
 * @param options - `batchSize`: pictures per batch; `dropRemainder`: whether to drop a smaller last batch, true unless
 *   given.
 * @returns `undefined` for iterables and functions that do not say. An array of batches gives its length.
 * @throws {@link InvalidOptionError} when `batchSize` is not an integer >= 1.
 * @example
 * batchesPerEpoch({ data: new Uint8Array(5 * 8 * 8 * 3), shape: [5, 8, 8, 3] }, { batchSize: 2 }); //=> 2
 */
export function batchesPerEpoch(
  dataset: ImageDataset,
  options: { batchSize: number; dropRemainder?: boolean },
): number | undefined {
  // All options of `imageBatches` are allowed, so that the same object serves both; the others change nothing.
  const known = { batchSize: 1, dropRemainder: 1, shuffle: 1, seed: 1, epoch: 1, startBatch: 1 };
  checkKeys('batchesPerEpoch', options, known);
  const { batchSize, dropRemainder = true } = options;
  checkInteger('batchesPerEpoch', 'batchSize', batchSize);
  if (Array.isArray(dataset)) return dataset.length;
  const size = datasetSize(dataset);
  return size === undefined ? undefined : (dropRemainder ? Math.floor : Math.ceil)(size / batchSize);
}
