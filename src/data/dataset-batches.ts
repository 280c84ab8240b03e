import { InvalidOptionError, ShapeError } from '../errors/errors.js';
import { imageBatches, type TensorBatch } from './image-batches.js';
import { checkImages, type ImageDataset, isInMemory } from './image-dataset.js';
import { takeRange } from './image-rows.js';

/**
 * All pictures of a data set in its own order, at most `batchSize` at a time: what inference goes through.
 *
 * @param caller - Named by errors about pictures in memory.
 * @returns Batches whose `images` the consumer disposes. They are numbered as they come.
 */
export async function* datasetBatches(
  caller: string,
  dataset: ImageDataset,
  batchSize: number,
): AsyncGenerator<TensorBatch, void, undefined> {
  let number = 0;
  if (isInMemory(dataset)) {
    checkImages(caller, 'images', dataset);
    const [size] = dataset.shape;
    for (let start = 0; start < size; start += batchSize) {
      const count = Math.min(batchSize, size - start);
      const indices = Uint32Array.from({ length: count }, (_, row) => start + row);
      yield { images: takeRange(caller, dataset, start, count), indices, number: number++ };
    }
    return;
  }
  for await (const batch of imageBatches(dataset, { batchSize, shuffle: false, dropRemainder: false })) {
    const { images, indices, labels } = batch;
    // Batches of an iterable have a size of their own.
    if (indices.length <= batchSize) {
      yield { ...batch, number: number++ };
      continue;
    }
    try {
      for (let start = 0; start < indices.length; start += batchSize) {
        const end = Math.min(start + batchSize, indices.length);
        yield {
          ...batch,
          images: takeRange(caller, images, start, end - start),
          indices: indices.subarray(start, end),
          ...(labels && { labels: labels.subarray(start, end) }),
          number: number++,
        };
      }
    } finally {
      images.dispose();
    }
  }
}

/**
 * The class of each picture of a batch: that of `labels` by the pictures' numbers or, left out, what the batch carries.
 *
 * @param argument - What `labels` are called in messages.
 * @throws {@link InvalidOptionError} when there are no labels, or the pictures have no numbers to look them up by.
 * @throws {@link ShapeError} when a picture's number is beyond `labels`.
 */
export function labelsOfBatch(
  caller: string,
  argument: string,
  batch: Pick<TensorBatch, 'indices' | 'labels' | 'indicesArePlaces'>,
  labels: ArrayLike<number> | undefined,
): Int32Array {
  if (labels === undefined) {
    if (batch.labels) return batch.labels;
    throw new InvalidOptionError(
      `${caller}: ${argument} must be given, because the batches of the data set carry none. Received: ${argument}=undefined.`,
    );
  }
  if (batch.indicesArePlaces) {
    throw new InvalidOptionError(
      `${caller}: ${argument} go by the numbers of the pictures, which the records of the data set must then have as index: their places change from epoch to epoch. Received: a batch without numbers.`,
    );
  }
  return Int32Array.from(batch.indices, (index) => {
    const label = labels[index];
    if (label !== undefined) return label;
    throw new ShapeError(
      `${caller}: ${argument} must have one label per picture, by its number in the data set. Received: ${labels.length} labels, picture number ${index}.`,
    );
  });
}
