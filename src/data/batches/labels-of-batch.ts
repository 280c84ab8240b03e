import { InvalidOptionError, ShapeError } from '../../errors/errors.js';
import type { InferenceBatch } from './inference-batches.js';

/**
 * The class of each picture of a batch: from `labels` by the pictures' numbers or, if left out, from the batch.
 *
 * @param argument - What `labels` are called in messages.
 * @throws {@link InvalidOptionError} when there are no labels, or the pictures have no numbers to look them up by.
 * @throws {@link ShapeError} when a picture's number is beyond `labels`.
 */
export function labelsOfBatch(
  caller: string,
  argument: string,
  batch: Pick<InferenceBatch, 'labels' | 'indicesArePlaces'> & { indices: ArrayLike<number> },
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
      `${caller}: ${argument} are looked up by the numbers of the images, so the records of the data set need an index: their places change from epoch to epoch. Received: a batch without numbers.`,
    );
  }
  return Int32Array.from(batch.indices, (index) => {
    const label = labels[index];
    if (label !== undefined) return label;
    throw new ShapeError(
      `${caller}: ${argument} must have one for each image by its number in the data set. Received: ${labels.length} labels, image number ${index}.`,
    );
  });
}
