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

/** A batch of pictures that says which pictures of the data set they are. */
export interface ImageBatch {
  /** Shape `[batch, height, width, channels]`; a tensor is float32 in [0, 1]. */
  images: Tensor4D | ImageArrayLike;
  /** No views were cut: see {@link ViewBatch}. */
  views?: undefined;
  /**
   * For each picture its number in the data set, from which its random augmentation is drawn. Left out, the
   * running position in the epoch is taken.
   */
  indices?: ArrayLike<number>;
  /**
   * Whether `indices` are places in this pass, where a picture has no number of its own: they serve for random draws, and
   * nothing can be looked up by them. Default false.
   */
  indicesArePlaces?: boolean;
  /** For each picture the number of its class, where the data set knows it. */
  labels?: ArrayLike<number>;
  /**
   * Place of the batch in the pass, counted from 0. Only a source that leaves batches out needs to say it, so that
   * training resumes at the right one. Left out, batches are counted.
   */
  number?: number;
}

/** A batch of views that a data set cut out of whole pictures: what it gives when a pass asks for `views`. */
export interface ViewBatch extends Omit<ImageBatch, 'images' | 'views'> {
  /**
   * For each view asked for, that view of all pictures of the batch. Shape `[batch, height, width, channels]` of the
   * crop's size; a tensor is float32 in [0, 1].
   */
  views: readonly (Tensor4D | ImageArrayLike)[];
  /** The pictures themselves are not there. */
  images?: undefined;
}

/** What an iterable data set gives, a batch at a time; views only where a pass asks for them. */
export type ImageBatchLike = Tensor4D | ImageArrayLike | ImageBatch | ViewBatch;

/** Batches one after the other. */
export type ImageBatches = Iterable<ImageBatchLike> | AsyncIterable<ImageBatchLike>;

/** Which pass over the data an {@link ImageBatchSource} is asked for; a source is free to look at it or not. */
export interface EpochPass {
  /** The pass, counted from 0. */
  epoch: number;
  /** Seed of the order. */
  seed: number;
  /** Whether the order is to be random. */
  shuffle: boolean;
  /** Pictures per batch. */
  batchSize: number;
  /** Whether a smaller batch at the end is to be left out. */
  dropRemainder: boolean;
  /** Batches of this pass that are already done; only a source that is `seekable` may leave them out. */
  startBatch: number;
  /**
   * Of every `size` batches in a row only the one at place `rank` is wanted, and a last row that is not full not at
   * all: what one of several processes asks a source that is `shardable`. `startBatch` then counts the wanted ones.
   */
  shard?: {
    /** Place of the wanted batch, from 0. */
    rank: number;
    /** Batches in a row. */
    size: number;
  };
  /**
   * The views that training wants instead of pictures, at least two: what a source is asked that `cutsViews`. It gives
   * a {@link ViewBatch}, or pictures where it cannot cut.
   */
  views?: readonly ViewRequest[];
}

/**
 * A function that begins a new pass over the data, called once per epoch; `() => batches()` will do. A source that
 * knows more may say so in its properties.
 */
export interface ImageBatchSource {
  (pass: EpochPass): ImageBatches;
  /** Number of pictures of an epoch, before batches are cut by `batchSize`. */
  readonly size?: number;
  /** Whether it begins at `startBatch` itself; otherwise the batches before are read and thrown away. */
  readonly seekable?: boolean;
  /** Whether it heeds `shard`; otherwise every process reads all batches and keeps its own. */
  readonly shardable?: boolean;
  /** Whether it heeds `views`; otherwise the augmentation cuts its crops out of the pictures that the source gives. */
  readonly cutsViews?: boolean;
}

/** A pass over files that are decoded: pictures or, where the pass asks for them, views. */
export interface DecodedBatches {
  (pass: EpochPass & { views?: undefined }): AsyncGenerator<ImageBatch, void, undefined>;
  (pass: EpochPass): AsyncGenerator<ImageBatch | ViewBatch, void, undefined>;
}

/**
 * What training and embedding take pictures from: all of them in memory, batches that an iterable gives, or a
 * function that starts a new pass for every epoch.
 *
 * A tensor in memory stays the user's; tensors that an iterable gives are disposed by the library after their
 * use, as `LayersModel.fitDataset` does.
 */
export type ImageDataset = Tensor4D | ImageArrayLike | ImageBatches | ImageBatchSource;

/** Whether `value` is an {@link ImageArray}, judged by its fields. */
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

/** The cut views of a batch that has them. */
export function batchViews(batch: ImageBatchLike): ViewBatch['views'] | undefined {
  return isTensor(batch) || isImageArray(batch) ? undefined : (batch as ViewBatch | undefined)?.views;
}

/** Pictures of a batch, whichever kind it is; of cut views the first. */
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

/**
 * Number of pictures of a data set, as far as it is known without reading it.
 *
 * @returns `undefined` for iterables and functions that do not say.
 * @example
 * datasetSize({ data: new Uint8Array(2 * 8 * 8 * 3), shape: [2, 8, 8, 3] }); //=> 2
 */
export function datasetSize(dataset: ImageDataset): number | undefined {
  if (isTensor(dataset) || isImageArray(dataset)) return dataset.shape[0];
  if (Array.isArray(dataset)) {
    return dataset.reduce<number>((total, batch) => total + batchImages(batch).shape[0], 0);
  }
  return typeof dataset === 'function' ? dataset.size : undefined;
}

/**
 * Number of batches that {@link imageBatches} gives in an epoch, as far as it is known without reading the data.
 *
 * @param options - `batchSize`: pictures per batch; `dropRemainder`: whether a smaller last batch is left out,
 *   default true.
 * @returns `undefined` for iterables and functions that do not say. An array of batches gives its length.
 * @throws {@link InvalidOptionError} when `batchSize` is not an integer >= 1.
 * @example
 * batchesPerEpoch({ data: new Uint8Array(5 * 8 * 8 * 3), shape: [5, 8, 8, 3] }, { batchSize: 2 }); //=> 2
 */
export function batchesPerEpoch(
  dataset: ImageDataset,
  options: { batchSize: number; dropRemainder?: boolean },
): number | undefined {
  // All options of `imageBatches`, which are often at hand; the rest changes no number.
  const known = { batchSize: 1, dropRemainder: 1, shuffle: 1, seed: 1, epoch: 1, startBatch: 1 };
  checkKeys('batchesPerEpoch', options, known);
  const { batchSize, dropRemainder = true } = options;
  checkInteger('batchesPerEpoch', 'batchSize', batchSize);
  if (Array.isArray(dataset)) return dataset.length;
  const size = datasetSize(dataset);
  return size === undefined ? undefined : (dropRemainder ? Math.floor : Math.ceil)(size / batchSize);
}
