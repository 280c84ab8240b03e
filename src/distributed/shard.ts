import type { Tensor4D } from '@tensorflow/tfjs-core';
import { batchFields } from '../data/batches/check-batch.js';
import { passIndices } from '../data/batches/epoch-order.js';
import { checkImageDataset } from '../data/check-image-dataset.js';
import { isTensor } from '../data/image-array.js';
import { batchImages, batchViews, isInMemory } from '../data/image-dataset.js';
import { takeImages } from '../data/image-rows.js';
import {
  datasetSize,
  type EpochPass,
  type ImageArray,
  type ImageBatch,
  type ImageBatches,
  type ImageBatchLike,
  type ImageBatchSource,
  type ImageDataset,
  type ViewBatch,
} from '../data/index.js';
import { checkInteger } from '../errors/checks.js';
import { DataError, InvalidOptionError } from '../errors/errors.js';

/**
 * The part of a data set that one of several processes trains on. Every rank passes the same data set. In an epoch no picture
 * goes to two ranks, and all ranks get the same number of batches.
 *
 * The ranks take batches in turn: together, their k-th batches contain the pictures of the k-th batch of one process with a
 * batch size `size` times as large. Pictures at the end that do not fill a batch on every rank are left out in that epoch.
 * Pictures keep their numbers in the whole data set, and with them their random draws.
 *
 * Only the pictures of this rank are copied from memory, or read from a `shardable` source such as `imageFolder`. Any other
 * source is read whole, and the batches of other ranks are thrown away.
 *
 * @param dataset - The whole data set, the same on every rank.
 * @param rank - Number of this process, from 0.
 * @param size - Number of processes.
 * @returns A data set for `fit` and `imageBatches`.
 * @throws `InvalidOptionError` when `rank` or `size` is outside its domain, or `dataset` is not a data set.
 * @example
 * const own = shard({ data: new Uint8Array(8 * 4 * 4 * 3), shape: [8, 4, 4, 3] }, 1, 2);
 */
export function shard(dataset: ImageDataset, rank: number, size: number): ImageBatchSource {
  checkInteger('shard', 'size', size);
  checkInteger('shard', 'rank', rank, 0);
  if (rank >= size) {
    throw new InvalidOptionError(`shard: rank must be less than size. Received: rank=${rank}, size=${size}.`);
  }
  checkImageDataset('shard', 'dataset', dataset);
  const source = (pass: EpochPass): ImageBatches => {
    if (isInMemory(dataset)) return ownPictures(dataset as Tensor4D | ImageArray, pass, rank, size);
    if (typeof dataset !== 'function') return ownBatches(dataset, rank, size, 0);
    if (dataset.shardable) return dataset({ ...pass, shard: { rank, size } });
    const startBatch = pass.startBatch * size;
    const batches = dataset({ ...pass, startBatch });
    return ownBatches(batches, rank, size, dataset.seekable ? startBatch * pass.batchSize : 0);
  };
  const seekable = isInMemory(dataset) || (typeof dataset === 'function' && dataset.seekable === true);
  const total = Array.isArray(dataset) ? undefined : datasetSize(dataset);
  // A shard of this many pictures has as many batches of B as the whole data set has batches of B times `size`.
  return Object.assign(source, {
    seekable,
    cutsViews: typeof dataset === 'function' && dataset.cutsViews === true,
    ...(total === undefined ? {} : { size: Math.floor(total / size) }),
  });
}

function* ownPictures(
  images: Tensor4D | ImageArray,
  pass: EpochPass,
  rank: number,
  size: number,
): Generator<ImageBatch, void, undefined> {
  for (const indices of passIndices('shard', 'dataset', images.shape[0], {
    ...pass,
    shard: { rank, size },
  })) {
    yield { images: takeImages('shard', images, indices), indices };
  }
}

/** The batch at position `rank` of every `size` batches, once the others of its round are known to exist. */
async function* ownBatches(
  batches: ImageBatches,
  rank: number,
  size: number,
  firstPosition: number,
): AsyncGenerator<ImageBatch | ViewBatch, void, undefined> {
  let position = firstPosition;
  let round: number[] = [];
  let own: ImageBatch | ViewBatch | undefined;
  try {
    for await (const batch of batches) {
      // A smaller batch may be the last one. Its round is left out, because the ranks would differ in pictures.
      if (round.some((count) => count !== round[0])) throw unevenRound(round);
      const count = batchImages(batch).shape[0];
      if (round.length === rank) own = ownBatch(batch, indicesOf(batch, count, position));
      else disposeOf(batch);
      position += count;
      round.push(count);
      if (round.length < size || round.some((other) => other !== count)) continue;
      const whole = own!;
      own = undefined;
      round = [];
      yield whole;
    }
  } finally {
    if (own) disposeOf(own);
  }
}

/** The batch with `indices`, and the labels that it may have. */
function ownBatch(batch: ImageBatchLike, indices: ArrayLike<number>): ImageBatch | ViewBatch {
  const { labels, indicesArePlaces } = batchFields(batch);
  const fields = { indices, ...(labels && { labels }), ...(indicesArePlaces && { indicesArePlaces }) };
  const views = batchViews(batch);
  return views ? { views, ...fields } : { images: batchImages(batch), ...fields };
}

function disposeOf(batch: ImageBatchLike): void {
  for (const part of batchViews(batch) ?? [batchImages(batch)]) if (isTensor(part)) part.dispose();
}

function unevenRound(counts: number[]): DataError {
  return new DataError(
    `shard: dataset must give all ranks batches of the same size, except for the last. Received: batches of ${counts.join(', ')} pictures, followed by more.`,
  );
}

function indicesOf(batch: ImageBatchLike, count: number, position: number): ArrayLike<number> {
  return batchFields(batch).indices ?? Uint32Array.from({ length: count }, (_, row) => position + row);
}
