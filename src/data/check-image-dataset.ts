import { receivedMessage } from '../errors/checks.js';
import { InvalidOptionError } from '../errors/errors.js';
import { checkImages, type ImageDataset, isInMemory, isIterable } from './image-dataset.js';

/**
 * @throws {@link InvalidOptionError} when a data set is not of a known kind.
 * @throws {@link ShapeError} when images in memory are not `[count, height, width, channels]`.
 */
export function checkImageDataset(caller: string, argument: string, dataset: ImageDataset): void {
  if (isInMemory(dataset)) checkImages(caller, argument, dataset);
  else if (typeof dataset !== 'function' && !isIterable(dataset)) {
    const expectation = `${argument} must be a tensor, { data, shape }, an iterable of batches or a function that returns one`;
    throw new InvalidOptionError(receivedMessage(caller, expectation, argument, dataset));
  }
}
