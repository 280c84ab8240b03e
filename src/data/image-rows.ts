import { gather, slice, type Tensor4D, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { gatherImages, type ImageArray, type ImageArrayLike, isTensor } from './image-array.js';
import { checkImages } from './image-dataset.js';

/**
 * The pictures at `indices` as a new tensor.
 *
 * @param images - Pictures that were checked.
 */
export function takeRows(
  caller: string,
  images: Tensor4D | ImageArray,
  indices: Uint32Array<ArrayBufferLike>,
): Tensor4D {
  if (!isTensor(images)) return gatherImages(caller, images, indices);
  const isRange = indices.every((index, row) => index === indices[0]! + row);
  if (isRange && indices.length > 0) {
    return slice(images, [indices[0]!, 0, 0, 0], [indices.length, -1, -1, -1]);
  }
  return tidy(() => gather(images, tensor1d(Int32Array.from(indices), 'int32')));
}

/**
 * Pictures `start` to `start + count - 1` as a float32 tensor in [0, 1], always a new one.
 *
 * @throws {@link ShapeError}, {@link ValueRangeError} or {@link InvalidOptionError}, in the name of `caller`, unless
 * `images` are pictures.
 */
export function takeRange(
  caller: string,
  images: Tensor4D | ImageArrayLike,
  start = 0,
  count?: number,
): Tensor4D {
  checkImages(caller, 'images', images);
  const number = count ?? images.shape[0] - start;
  if (!isTensor(images)) {
    return gatherImages(
      caller,
      images,
      Uint32Array.from({ length: number }, (_, row) => start + row),
    );
  }
  // All of them need no copy.
  if (number === images.shape[0]) return images.clone();
  return slice(images, [start, 0, 0, 0], [number, -1, -1, -1]);
}
