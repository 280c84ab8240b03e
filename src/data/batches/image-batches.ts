import type { Tensor4D } from '@tensorflow/tfjs-core';
import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger, receivedMessage } from '../../errors/checks.js';
import { DataError, InvalidOptionError } from '../../errors/errors.js';
import { checkImageDataset } from '../check-image-dataset.js';
import { gatherImages, type ImageArray, type ImageArrayLike, isTensor } from '../image-array.js';
import {
  batchImages,
  batchViews,
  checkImages,
  type EpochPass,
  type ImageBatches,
  type ImageBatchSource,
  type ImageDataset,
  isInMemory,
  isIterable,
} from '../image-dataset.js';
import { takeImages } from '../image-rows.js';
import { isOneShot } from '../streams/stream.js';
import { batchFields, batchIndices, batchLabels, batchParts } from './check-batch.js';
import { passIndices } from './epoch-order.js';

/** Options of {@link imageBatches}. */
export interface ImageBatchesOptions {
  /** Pictures per batch. Integer >= 1. Batches of an iterable keep their size. */
  batchSize: number;
  /**
   * Whether to shuffle pictures in memory, in an order that is a function of `seed` and `epoch`.
   *
   * @defaultValue `true`
   */
  shuffle?: boolean;
  /**
   * Seed of the order. Integer >= 0.
   *
   * @defaultValue `0`
   */
  seed?: number;
  /**
   * The pass over the data, counted from 0.
   *
   * @defaultValue `0`
   */
  epoch?: number;
  /**
   * Whether to drop a last batch smaller than `batchSize`, and a batch of which only one picture can be decoded.
   *
   * @defaultValue `true`
   */
  dropRemainder?: boolean;
  /**
   * Number of batches to skip at the beginning, to resume inside an epoch.
   *
   * @defaultValue `0`
   */
  startBatch?: number;
}

/** A batch of tensors. */
export interface TensorBatch {
  /** Shape `[batch, height, width, channels]`, float32 in [0, 1]. The consumer disposes it. */
  images: Tensor4D;
  /** Only a {@link ViewTensorBatch} has views. */
  views?: undefined;
  /** The index of each picture in the data set. */
  indices: Uint32Array;
  /** Whether `indices` are only places in this pass: see {@link ImageBatch}. */
  indicesArePlaces?: boolean;
  /** The class of each picture, if the batches of the data set carry labels. */
  labels?: Int32Array;
  /** Place of the batch in the epoch, counted from 0: the next one is `startBatch: number + 1`. */
  number: number;
}

/** A batch of views as tensors. */
export interface ViewTensorBatch extends Omit<TensorBatch, 'images' | 'views'> {
  /** One tensor per view, `[batch, height, width, channels]`, float32 in [0, 1]. The consumer disposes them. */
  views: readonly Tensor4D[];
  /** A batch of views does not hold the whole pictures. */
  images?: undefined;
}

function* batchesInMemory(
  caller: string,
  argument: string,
  images: Tensor4D | ImageArrayLike,
  pass: EpochPass,
): Generator<TensorBatch> {
  checkImages(caller, argument, images);
  const size = images.shape[0];
  if (size === 0) {
    throw new DataError(`${caller}: ${argument} must have at least one picture. Received: none.`);
  }
  let number = pass.startBatch;
  for (const indices of passIndices(caller, argument, size, pass)) {
    yield { images: takeImages(caller, images, indices), indices, number: number++ };
  }
}

function openPass(
  caller: string,
  argument: string,
  dataset: ImageBatches | ImageBatchSource,
  pass: EpochPass,
): ImageBatches {
  const batches = typeof dataset === 'function' ? dataset(pass) : dataset;
  if (isIterable(batches)) return batches;
  if (typeof dataset !== 'function') checkImageDataset(caller, argument, dataset);
  const expectation = `${argument}(), a function, must return an iterable or async iterable of batches`;
  throw new InvalidOptionError(receivedMessage(caller, expectation, argument, batches));
}

/** Converts pictures to tensors; passes tensors on. */
function toTensors(caller: string, parts: readonly (Tensor4D | ImageArrayLike)[]): Tensor4D[] {
  const made: Tensor4D[] = [];
  try {
    return parts.map((part) => {
      if (isTensor(part)) return part;
      made.push(gatherImages(caller, part as ImageArray));
      return made.at(-1)!;
    });
  } catch (error) {
    for (const tensor of made) tensor.dispose();
    throw error;
  }
}

async function* batchesOfIterable(
  caller: string,
  argument: string,
  dataset: ImageBatches | ImageBatchSource,
  pass: EpochPass,
): AsyncGenerator<TensorBatch | ViewTensorBatch> {
  const seekable = typeof dataset === 'function' && dataset.seekable === true;
  const batches = openPass(caller, argument, dataset, pass);
  let next = seekable ? pass.startBatch : 0;
  let position = next * pass.batchSize;
  let given = 0;
  for await (const batch of batches) {
    let handedOn = false;
    try {
      const parts = batchParts(caller, batch, pass.views?.length ?? 0);
      const count = parts[0]!.shape[0]!;
      const { number = next, indicesArePlaces } = batchFields(batch);
      checkInteger(caller, 'batch.number', number, 0);
      next = number + 1;
      given++;
      if (number >= pass.startBatch) {
        const indices = batchIndices(caller, batch, count, position);
        const labels = batchLabels(caller, batch, count);
        const tensors = toTensors(caller, parts);
        handedOn = true;
        const fields = {
          indices,
          ...(indicesArePlaces === true && { indicesArePlaces }),
          ...(labels && { labels }),
          number,
        };
        yield batchViews(batch) ? { views: tensors, ...fields } : { images: tensors[0]!, ...fields };
      }
      position += count;
    } finally {
      const held = handedOn ? [] : (batchViews(batch) ?? [batchImages(batch)]);
      for (const part of held) if (isTensor(part)) part.dispose();
    }
  }
  if (given === 0 && !(seekable && pass.startBatch > 0)) {
    const advice = isOneShot(batches)
      ? 'a generator can be iterated only once; pass the function that makes it, so that every epoch gets a new one'
      : 'it must give at least one';
    throw new DataError(
      `${caller}: ${argument} gave no batch in epoch ${pass.epoch}: ${advice}. Received: 0 batches.`,
    );
  }
}

/**
 * Iterates the batches of one epoch.
 *
 * The order of pictures in memory is a function of `(seed, epoch)`; batches have `batchSize` pictures. Iterables
 * and functions determine order and size of their batches themselves.
 *
 * Float32 values in host memory are checked to be in [0, 1]. Values of tensors are not: see {@link checkImageValues}. A
 * tensor given as `dataset` is not disposed; tensors that an iterable gives are passed on to the consumer, who disposes
 * them.
 *
 * @param dataset - See {@link ImageDataset}.
 * @returns Batches whose `images` the consumer disposes.
 * @throws {@link InvalidOptionError} when an option is outside its domain, `dataset` is not of a known kind or has
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
  // There are no views, because the pass does not ask for any.
  return epochBatches('imageBatches', 'dataset', dataset, options) as AsyncGenerator<
    TensorBatch,
    void,
    undefined
  >;
}

/**
 * {@link imageBatches} in the name of another function and its argument, with the views of a pass where the data set
 * cuts them.
 *
 * @throws at the call, not at the first batch.
 */
export function epochBatches(
  caller: string,
  argument: string,
  dataset: ImageDataset,
  options: ImageBatchesOptions & Pick<EpochPass, 'views'>,
): AsyncGenerator<TensorBatch | ViewTensorBatch, void, undefined> {
  const { batchSize, shuffle = true, seed = 0, epoch = 0, dropRemainder = true, startBatch = 0 } = options;
  checkInteger(caller, 'batchSize', batchSize);
  checkInteger(caller, 'seed', seed, 0);
  checkInteger(caller, 'epoch', epoch, 0);
  checkInteger(caller, 'startBatch', startBatch, 0);
  const { views } = options;
  const cut = views !== undefined && typeof dataset === 'function' && dataset.cutsViews === true;
  const pass = { epoch, seed, shuffle, batchSize, dropRemainder, startBatch, ...(cut && { views }) };
  return batchesOf(caller, argument, dataset, pass);
}

async function* batchesOf(
  caller: string,
  argument: string,
  dataset: ImageDataset,
  pass: EpochPass,
): AsyncGenerator<TensorBatch | ViewTensorBatch, void, undefined> {
  if (isInMemory(dataset)) yield* batchesInMemory(caller, argument, dataset, pass);
  else yield* batchesOfIterable(caller, argument, dataset as ImageBatches | ImageBatchSource, pass);
}
