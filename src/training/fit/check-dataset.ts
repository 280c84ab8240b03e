import { isTensor } from '../../data/image-array.js';
import { checkImages, isImageArray, isIterable } from '../../data/image-dataset.js';
import { batchesPerEpoch, datasetSize, type ImageDataset } from '../../data/index.js';
import { receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';

/**
 * Finds what can be known to be wrong with a data set before the first epoch begins.
 *
 * @throws {@link InvalidOptionError} when it is of no known kind or too small for one batch.
 * @throws {@link ShapeError} when pictures in memory are not `[count, height, width, channels]`.
 */
export function checkDataset(dataset: ImageDataset, batchSize: number): void {
  const caller = 'SimCLR.fit';
  if (isTensor(dataset) || isImageArray(dataset)) checkImages(caller, 'dataset', dataset);
  else if (typeof dataset !== 'function' && !isIterable(dataset)) {
    const expectation =
      'dataset must be a tensor, { data, shape }, an iterable of batches or a function that returns one';
    throw new InvalidOptionError(receivedMessage(caller, expectation, 'dataset', dataset));
  }
  if (batchesPerEpoch(dataset, { batchSize }) !== 0) return;
  if (Array.isArray(dataset)) {
    throw new InvalidOptionError(`${caller}: dataset must have at least one batch. Received: dataset=[].`);
  }
  const size = datasetSize(dataset);
  throw new InvalidOptionError(
    `${caller}: dataset must fill at least one batch; give more pictures or a smaller batchSize. Received: dataset of ${size} pictures, batchSize=${batchSize}.`,
  );
}
