import { gather, type Tensor4D, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { gatherImages, type ImageArray, type ImageArrayLike, isTensor } from '../../data/image-array.js';

/** The pictures at `indices`, of pictures that were checked, as a new tensor, which the caller disposes of. */
export function takePictures(
  caller: string,
  images: ImageArrayLike | Tensor4D,
  indices: Uint32Array,
): Tensor4D {
  if (!isTensor(images)) return gatherImages(caller, images as ImageArray, indices);
  return tidy(() => gather(images, tensor1d(Int32Array.from(indices), 'int32')));
}
