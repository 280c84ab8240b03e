import type { Tensor4D } from '@tensorflow/tfjs-core';
import { checkFloatTensor, receivedMessage } from '../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../errors/index.js';
import type { ImageSize } from './image-size.js';

/** @throws {@link ShapeError} unless `images` is float32 of rank 4. */
export function checkImages(caller: string, images: Tensor4D): void {
  checkFloatTensor(caller, 'images', images, 4, '[batch, height, width, channels]');
}

/** @throws {@link ShapeError} unless `images` is float32 of rank 4 with 3 channels or 1. */
export function checkColorImages(caller: string, images: Tensor4D): void {
  checkImages(caller, images);
  if (images.shape[3] !== 3 && images.shape[3] !== 1) {
    throw new ShapeError(
      `${caller}: images must have 3 channels (red, green, blue) or 1 (gray). Received: images=[${images.shape}].`,
    );
  }
}

/** @throws {@link ShapeError} unless `values` holds `width` numbers for each of the `batchSize` pictures. */
export function checkRows(
  caller: string,
  argument: string,
  values: ArrayLike<number>,
  batchSize: number,
  width = 1,
): void {
  const length = values?.length;
  if (length !== batchSize * width) {
    throw new ShapeError(
      `${caller}: ${argument} must hold ${width} ${width === 1 ? 'number' : 'numbers'} per picture, ` +
        `${batchSize * width} in all. Received: ${argument} of length ${length}.`,
    );
  }
}

/**
 * Both sides of a `size` option: one number stands for a square.
 *
 * @throws {@link InvalidOptionError} unless `size` is an integer >= 1 or a pair of them.
 */
export function resolveSize(caller: string, size: number | ImageSize): ImageSize {
  const sides: readonly number[] = Array.isArray(size) ? size : [size as number, size as number];
  if (sides.length !== 2 || !sides.every((side) => Number.isInteger(side) && side >= 1)) {
    throw new InvalidOptionError(
      receivedMessage(caller, 'size must be an integer >= 1 or a pair [height, width] of them', 'size', size),
    );
  }
  return [sides[0]!, sides[1]!];
}
