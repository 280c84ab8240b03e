import { checkImageDataset } from '../../data/check-image-dataset.js';
import { batchesPerEpoch, datasetSize, type ImageDataset } from '../../data/index.js';
import { InvalidOptionError } from '../../errors/errors.js';

/**
 * Finds what can be known to be wrong with a data set before the first epoch begins.
 *
 * @throws {@link InvalidOptionError} when it is of no known kind or too small for one batch.
 * @throws {@link ShapeError} when images in memory are not `[count, height, width, channels]`.
 */
export function checkDataset(dataset: ImageDataset, batchSize: number): void {
  const caller = 'SimCLR.fit';
  checkImageDataset(caller, 'dataset', dataset);
  if (batchesPerEpoch(dataset, { batchSize }) !== 0) return;
  if (Array.isArray(dataset)) {
    throw new InvalidOptionError(`${caller}: dataset must have at least one batch. Received: dataset=[].`);
  }
  const size = datasetSize(dataset);
  throw new InvalidOptionError(
    `${caller}: dataset must fill at least one batch; give more images or a smaller batchSize. Received: dataset of ${size} images, batchSize=${batchSize}.`,
  );
}
