import type { Tensor4D } from '@tensorflow/tfjs-core';
import { checkKeys } from '../errors/check-keys.js';
import { checkInteger, checkLabelValues, describeValue, receivedMessage } from '../errors/checks.js';
import { DataError, InvalidOptionError, ShapeError } from '../errors/errors.js';
import { batchIndices } from './batch-indices.js';
import { checkImageDataset } from './check-image-dataset.js';
import { gatherImages, type ImageArray, type ImageArrayLike, isTensor } from './image-array.js';
import {
  batchImages,
  batchViews,
  checkImages,
  type EpochPass,
  type ImageBatch,
  type ImageBatches,
  type ImageBatchLike,
  type ImageBatchSource,
  type ImageDataset,
  isImageArray,
  isIterable,
  type ViewBatch,
} from './image-dataset.js';
import { takeRows } from './image-rows.js';
import { isOneShot } from './streams/stream.js';

/** Options of {@link imageBatches}. */
export interface ImageBatchesOptions {
  /** Pictures a batch. Whole number >= 1. Batches of an iterable come as they are. */
  batchSize: number;
  /** Whether pictures in memory come in a random order, a function of `seed` and `epoch`. Default true. */
  shuffle?: boolean;
  /** Seed of the order. Whole number >= 0, default 0. */
  seed?: number;
  /** The pass over the data, counted from 0. Default 0. */
  epoch?: number;
  /** Whether a last batch smaller than `batchSize` is left out. Default true. */
  dropRemainder?: boolean;
  /** Number of batches at the beginning to leave out, for resuming inside an epoch. Default 0. */
  startBatch?: number;
}

/** A batch ready for the device. */
export interface TensorBatch {
  /** Shape `[batch, height, width, channels]`, float32 in [0, 1]. The consumer disposes it. */
  images: Tensor4D;
  /** No views were cut: see {@link ViewTensorBatch}. */
  views?: undefined;
  /** For each picture its number in the data set. */
  indices: Uint32Array;
  /** Whether `indices` are places in this pass: see {@link ImageBatch}. */
  indicesArePlaces?: boolean;
  /** For each picture the number of its class, where the data set gives it with its batches. */
  labels?: Int32Array;
  /** Place of the batch in the epoch, counted from 0: the next one is `startBatch: number + 1`. */
  number: number;
}

/** A batch of cut views ready for the device. */
export interface ViewTensorBatch extends Omit<TensorBatch, 'images' | 'views'> {
  /** One tensor per view, `[batch, height, width, channels]`, float32 in [0, 1]. The consumer disposes them. */
  views: readonly Tensor4D[];
  /** The pictures themselves are not there. */
  images?: undefined;
}

function* batchesInMemory(images: Tensor4D | ImageArray, pass: EpochPass): Generator<TensorBatch> {
  checkImages('imageBatches', 'dataset', images);
  const { batchSize, dropRemainder, startBatch } = pass;
  const size = images.shape[0];
  if (size === 0)
    throw new DataError('imageBatches: dataset must have at least one picture. Received: none.');
  if (dropRemainder && size < batchSize) {
    throw new InvalidOptionError(
      `imageBatches: dataset must fill at least one batch (or set dropRemainder: false). Received: ${size} pictures, batchSize=${batchSize}.`,
    );
  }
  let number = startBatch;
  for (const indices of batchIndices(size, pass)) {
    yield { images: takeRows('imageBatches', images, indices), indices, number: number++ };
  }
}

function openPass(dataset: ImageBatches | ImageBatchSource, pass: EpochPass): ImageBatches {
  const batches = typeof dataset === 'function' ? dataset(pass) : dataset;
  if (isIterable(batches)) return batches;
  if (typeof dataset !== 'function') checkImageDataset('imageBatches', 'dataset', dataset);
  const expectation = 'dataset(), a function, must return an iterable or async iterable of batches';
  throw new InvalidOptionError(receivedMessage('imageBatches', expectation, 'dataset', batches));
}

/** What a batch says besides its pictures. */
function facts(batch: ImageBatchLike): Omit<ImageBatch, 'images' | 'views'> {
  return isTensor(batch) || isImageArray(batch) ? {} : ((batch as ImageBatch | ViewBatch | undefined) ?? {});
}

/** What a batch holds: pictures, or views that the pass asked for. Checked. */
function batchParts(batch: ImageBatchLike, pass: EpochPass): readonly (Tensor4D | ImageArrayLike)[] {
  const views = batchViews(batch);
  if (views === undefined) {
    checkImages('imageBatches', 'batch', batchImages(batch));
    return [batchImages(batch)];
  }
  const asked = pass.views?.length ?? 0;
  if (!Array.isArray(views) || views.length !== asked) {
    throw new InvalidOptionError(
      `imageBatches: batch.views must be the ${asked} views that were asked for. Received: ${views?.length} views.`,
    );
  }
  for (const view of views) checkImages('imageBatches', 'batch.views', view);
  const counts = views.map(({ shape }) => shape[0]);
  if (counts.some((count) => count !== counts[0])) {
    throw new ShapeError(
      `imageBatches: batch.views must all be of the same pictures. Received: views of ${counts.join(', ')} pictures.`,
    );
  }
  return views;
}

/** Pictures as tensors; those that are tensors already are handed on. */
function toTensors(parts: readonly (Tensor4D | ImageArrayLike)[]): Tensor4D[] {
  const made: Tensor4D[] = [];
  try {
    return parts.map((part) => {
      if (isTensor(part)) return part;
      made.push(gatherImages('imageBatches', part as ImageArray));
      return made.at(-1)!;
    });
  } catch (error) {
    for (const tensor of made) tensor.dispose();
    throw error;
  }
}

function batchLabels(batch: ImageBatchLike, count: number): { labels?: Int32Array } {
  const { labels } = facts(batch);
  if (labels === undefined) return {};
  if (labels?.length !== count) {
    throw new InvalidOptionError(
      `imageBatches: batch.labels must be ${count} integers >= 0, one per picture. Received: batch.labels of length ${labels?.length}.`,
    );
  }
  checkLabelValues('imageBatches', 'batch.labels', labels, 0);
  return { labels: Int32Array.from(labels) };
}

function numbersOf(batch: ImageBatchLike, count: number, position: number): Uint32Array {
  const own = facts(batch).indices;
  if (own === undefined) return Uint32Array.from({ length: count }, (_, row) => position + row);
  const indices = Array.from(own);
  if (indices.length !== count || indices.some((index) => !Number.isInteger(index) || index < 0)) {
    throw new InvalidOptionError(
      `imageBatches: batch.indices must be ${count} whole numbers >= 0, one a picture. Received: batch.indices=${describeValue(indices.slice(0, 8))} (length ${indices.length}).`,
    );
  }
  return Uint32Array.from(indices);
}

async function* batchesOfIterable(
  dataset: ImageBatches | ImageBatchSource,
  pass: EpochPass,
): AsyncGenerator<TensorBatch | ViewTensorBatch> {
  const seekable = typeof dataset === 'function' && dataset.seekable === true;
  const batches = openPass(dataset, pass);
  let next = seekable ? pass.startBatch : 0;
  let position = next * pass.batchSize;
  let given = 0;
  for await (const batch of batches) {
    let handedOn = false;
    try {
      const parts = batchParts(batch, pass);
      const count = parts[0]!.shape[0];
      const number = facts(batch).number ?? next;
      checkInteger('imageBatches', 'batch.number', number, 0);
      next = number + 1;
      given++;
      if (number >= pass.startBatch) {
        const indices = numbersOf(batch, count, position);
        const labels = batchLabels(batch, count);
        const tensors = toTensors(parts);
        handedOn = true;
        const places = facts(batch).indicesArePlaces === true && { indicesArePlaces: true };
        const about = { indices, ...places, ...labels, number };
        yield batchViews(batch) ? { views: tensors, ...about } : { images: tensors[0]!, ...about };
      }
      position += count;
    } finally {
      const held = handedOn ? [] : (batchViews(batch) ?? [batchImages(batch)]);
      for (const part of held) if (isTensor(part)) part.dispose();
    }
  }
  if (given === 0 && !(seekable && pass.startBatch > 0)) {
    const advice = isOneShot(batches)
      ? 'a generator can be gone over once only; pass the function that makes it, so that every epoch gets a new one'
      : 'it must give at least one';
    throw new DataError(
      `imageBatches: dataset gave no batch in epoch ${pass.epoch}: ${advice}. Received: 0 batches.`,
    );
  }
}

/**
 * Batches of one epoch.
 *
 * Pictures in memory come in an order that is a function of `(seed, epoch)` and are cut into batches of
 * `batchSize`. Iterables and functions give batches as they come, in their own order and size.
 *
 * Float32 values that lie in ordinary memory are checked to be in [0, 1]; those of tensors are not, see
 * {@link checkImageValues}. A tensor given as `dataset` is left alone; tensors that an iterable gives are handed on
 * to the consumer, who disposes them.
 *
 * @param dataset - See {@link ImageDataset}.
 * @returns Batches whose `images` the consumer disposes.
 * @throws {@link InvalidOptionError} when an option is outside its domain, `dataset` is of no known kind or has
 *   fewer pictures than one batch.
 * @throws {@link ShapeError} when pictures are not `[count, height, width, channels]`.
 * @throws {@link ValueRangeError} when float32 values are NaN or outside [0, 1].
 * @throws {@link DataError} when there is no picture, for example from a generator that an earlier epoch used up.
 * @example
 * for await (const { images, indices } of imageBatches(pictures, { batchSize: 64, epoch })) {
 *   // ... one step ...
 *   images.dispose();
 * }
 */
export function imageBatches(
  dataset: ImageDataset,
  options: ImageBatchesOptions,
): AsyncGenerator<TensorBatch, void, undefined> {
  checkKeys('imageBatches', options, {
    batchSize: 1,
    shuffle: 1,
    seed: 1,
    epoch: 1,
    dropRemainder: 1,
    startBatch: 1,
  });
  // Views come only where they are asked for.
  return epochBatches(dataset, options) as AsyncGenerator<TensorBatch, void, undefined>;
}

/**
 * {@link imageBatches}, with the views of a pass where the data set cuts them.
 *
 * @throws at the call, not at the first batch.
 */
export function epochBatches(
  dataset: ImageDataset,
  options: ImageBatchesOptions & Pick<EpochPass, 'views'>,
): AsyncGenerator<TensorBatch | ViewTensorBatch, void, undefined> {
  const { batchSize, shuffle = true, seed = 0, epoch = 0, dropRemainder = true, startBatch = 0 } = options;
  checkInteger('imageBatches', 'batchSize', batchSize);
  checkInteger('imageBatches', 'seed', seed, 0);
  checkInteger('imageBatches', 'epoch', epoch, 0);
  checkInteger('imageBatches', 'startBatch', startBatch, 0);
  const { views } = options;
  const cut = views !== undefined && typeof dataset === 'function' && dataset.cutsViews === true;
  const pass = { epoch, seed, shuffle, batchSize, dropRemainder, startBatch, ...(cut && { views }) };
  return batchesOf(dataset, pass);
}

async function* batchesOf(
  dataset: ImageDataset,
  pass: EpochPass,
): AsyncGenerator<TensorBatch | ViewTensorBatch, void, undefined> {
  if (isTensor(dataset) || isImageArray(dataset)) yield* batchesInMemory(dataset, pass);
  else yield* batchesOfIterable(dataset as ImageBatches | ImageBatchSource, pass);
}
