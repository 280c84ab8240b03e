import { gather, slice, type Tensor4D, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { gatherImages, type ImageArray, type ImageArrayLike, isTensor } from './image-array.js';
import { checkImages } from './image-dataset.js';

/** Images `start` to `start + count - 1`, without a copy. */
export function imageRange(images: ImageArrayLike, start: number, count: number): ImageArray {
  const [total, height, width, channels] = images.shape as ImageArray['shape'];
  const size = images.data.length / total;
  const data = images.data.subarray(start * size, (start + count) * size) as ImageArray['data'];
  return { data, shape: [count, height, width, channels] };
}

/**
 * Images `start` to `start + count - 1` as a new float32 tensor with values in [0, 1].
 *
 * @throws {@link ShapeError} or {@link ValueRangeError}, in the name of `caller`, when `images` are not images.
 */
export function sliceImages(
  caller: string,
  images: Tensor4D | ImageArrayLike,
  start = 0,
  length?: number,
): Tensor4D {
  checkImages(caller, 'images', images);
  const count = length ?? images.shape[0]! - start;
  if (isTensor(images)) return slice(images, [start, 0, 0, 0], [count, -1, -1, -1]);
  return gatherImages(caller, imageRange(images, start, count));
}

/** The images at `indices`, in that order, as a new float32 tensor with values in [0, 1]. */
export function takeImages(caller: string, images: Tensor4D | ImageArray, indices: Uint32Array): Tensor4D {
  if (!isTensor(images)) return gatherImages(caller, images, indices);
  const [first = 0] = indices;
  // A slice is cheaper than a gather, and on some backends copies nothing.
  const contiguous = indices.every((index, row) => index === first + row);
  if (contiguous) return slice(images, [first, 0, 0, 0], [indices.length, -1, -1, -1]);
  return tidy(() => gather(images, tensor1d(Int32Array.from(indices), 'int32')));
}
