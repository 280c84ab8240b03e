import type { Tensor4D } from '@tensorflow/tfjs-core';
import { inferenceBatches } from '../../data/batches/inference-batches.js';
import { labelsOfBatch } from '../../data/batches/labels-of-batch.js';
import { checkImageDataset } from '../../data/check-image-dataset.js';
import { isInMemory } from '../../data/image-dataset.js';
import { takeImages } from '../../data/image-rows.js';
import {
  batchesPerEpoch,
  datasetSize,
  epochOrder,
  type ImageArray,
  type ImageDataset,
  imageBatches,
} from '../../data/index.js';
import { ShapeError } from '../../errors/errors.js';
import { type LabeledPictures, labelCount } from '../labels/labeled-pictures.js';
import { checkTrainingLabels, type Labels } from '../labels/labels.js';

/** The pictures of a step with their classes. */
export interface TrainingBatch {
  /** The consumer disposes them. */
  images: Tensor4D;
  indices: Uint32Array;
  labels: Labels;
}

/** Labeled pictures, epoch by epoch. */
export interface TrainingBatches {
  classes: number;
  stepsPerEpoch: number;
  epoch(epoch: number): AsyncGenerator<TrainingBatch, void, undefined>;
}

/** The ends of an epoch's steps: as few steps as `batchSize` allows, of sizes that differ by at most one, at least two. */
function stepEnds(count: number, batchSize: number): number[] {
  const steps = Math.max(1, Math.min(Math.ceil(count / batchSize), Math.floor(count / 2)));
  return Array.from({ length: steps }, (_, i) => Math.floor(((i + 1) * count) / steps));
}

function checkCount(caller: string, count: number): void {
  if (count >= 2) return;
  throw new ShapeError(`${caller}: images must be at least 2. Received: ${count} pictures.`);
}

/**
 * Prepares labeled pictures for training in an order that depends on `seed` and epoch, with no picture left out. A data set
 * that does not say how many pictures or which labels it has is read once to find out.
 *
 * @throws {@link ShapeError}, {@link ValueRangeError}, {@link InvalidOptionError} on bad pictures and labels.
 */
export async function trainingBatches(
  caller: string,
  training: LabeledPictures,
  batchSize: number,
  seed: number,
): Promise<TrainingBatches> {
  const images: ImageDataset = training?.images;
  checkImageDataset(caller, 'images', images);
  if (isInMemory(images)) {
    return batchesInMemory(caller, training, images as Tensor4D | ImageArray, batchSize, seed);
  }

  const { labels } = training;
  let count = datasetSize(images);
  let stepsPerEpoch = batchesPerEpoch(images, { batchSize, dropRemainder: false });
  let known = labels;
  if (labels === undefined || count === undefined) {
    count = 0;
    let batches = 0;
    const carried: number[] = [];
    for await (const batch of inferenceBatches(caller, images, { batchSize })) {
      batch.images.dispose();
      carried.push(...labelsOfBatch(caller, 'labels', batch, labels));
      count += batch.indices.length;
      batches++;
    }
    known = carried;
    stepsPerEpoch ??= batches;
  }
  checkCount(caller, count);
  const classes = checkTrainingLabels(
    caller,
    known!,
    labels === undefined ? undefined : labelCount(images),
    training.classes,
  );
  // Batch normalization needs more than one picture in the last batch.
  const size = count % batchSize === 1 && count > 1 ? evenSize(count, batchSize) : batchSize;
  return {
    classes,
    stepsPerEpoch: batchesPerEpoch(images, { batchSize: size, dropRemainder: false }) ?? stepsPerEpoch!,
    async *epoch(epoch) {
      const options = { batchSize: size, seed, epoch, dropRemainder: false };
      for await (const batch of imageBatches(images, options)) {
        try {
          yield { ...batch, labels: labelsOfBatch(caller, 'labels', batch, labels) };
        } catch (error) {
          batch.images.dispose();
          throw error;
        }
      }
    },
  };
}

/** The largest batch up to `batchSize` that leaves more than one picture for the last one. */
function evenSize(count: number, batchSize: number): number {
  for (let size = batchSize; size > 2; size--) if (count % size !== 1) return size;
  return batchSize + 1;
}

function batchesInMemory(
  caller: string,
  { labels, classes }: LabeledPictures,
  images: Tensor4D | ImageArray,
  batchSize: number,
  seed: number,
): TrainingBatches {
  const [count] = images.shape;
  checkCount(caller, count);
  const ends = stepEnds(count, batchSize);
  return {
    classes: checkTrainingLabels(caller, labels!, count, classes),
    stepsPerEpoch: ends.length,
    async *epoch(epoch) {
      const order = epochOrder(count, { seed, epoch });
      let start = 0;
      for (const end of ends) {
        const indices = order.subarray(start, end);
        start = end;
        yield {
          images: takeImages(caller, images, indices),
          indices,
          labels: Int32Array.from(indices, (index) => labels![index]!),
        };
      }
    },
  };
}
