import { isInMemory } from '../../data/image-dataset.js';
import { datasetSize, type ImageDataset } from '../../data/index.js';
import { checkLabelValues } from '../../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../../errors/errors.js';
import type { ViewLoss } from '../../losses/index.js';

/**
 * @throws {@link InvalidOptionError} when a loss needs labels and there are none.
 * @throws {@link ShapeError} when there is not one for each of `count` images, where that is known.
 * @throws {@link ValueRangeError} when one is not an integer.
 */
export function checkLabels(
  caller: string,
  loss: ViewLoss,
  labels: ArrayLike<number> | undefined,
  count: number | undefined,
): void {
  if (labels === undefined) {
    if (!loss.needsLabels) return;
    throw new InvalidOptionError(
      `${caller}: labels must be given, because the loss ${loss.name} needs the class of each image. Received: labels=undefined.`,
    );
  }
  if (count !== undefined && labels.length !== count) {
    throw new ShapeError(
      `${caller}: labels must have one label for each of ${count} images. Received: ${labels.length} labels.`,
    );
  }
  checkLabelValues(caller, 'labels', labels);
}

/** {@link checkLabels} for a data set whose images are numbered. The batches of an iterable may carry labels. */
export function checkDatasetLabels(
  caller: string,
  loss: ViewLoss,
  labels: ArrayLike<number> | undefined,
  dataset: ImageDataset,
): void {
  if (labels === undefined && !isInMemory(dataset)) return;
  // The batches of an array may number their images as they like.
  checkLabels(caller, loss, labels, Array.isArray(dataset) ? undefined : datasetSize(dataset));
}
