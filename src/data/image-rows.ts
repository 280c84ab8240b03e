import { slice, type Tensor4D } from '@tensorflow/tfjs-core';
import { gatherImages, type ImageArrayLike, isTensor } from './image-array.js';
import { checkImages } from './image-dataset.js';

/**
 * Pictures `start` to `start + count - 1` as a float32 tensor in [0, 1], always a new one.
 *
 * @throws {@link ShapeError} or {@link ValueRangeError}, in the name of `caller`, when they are no pictures.
 */
export function toBatch(
  caller: string,
  images: Tensor4D | ImageArrayLike,
  start = 0,
  count?: number,
): Tensor4D {
  checkImages(caller, 'images', images);
  const number = count ?? images.shape[0] - start;
  if (isTensor(images)) return slice(images, [start, 0, 0, 0], [number, -1, -1, -1]);
  return gatherImages(
    caller,
    images,
    Uint32Array.from({ length: number }, (_, row) => start + row),
  );
}
