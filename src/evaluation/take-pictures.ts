import { gather, type Tensor4D, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { gatherImages, type ImageArray, isTensor } from '../data/image-array.js';

/** The pictures at `indices` as a new tensor, which the caller disposes of. */
export function takePictures(caller: string, images: ImageArray | Tensor4D, indices: Uint32Array): Tensor4D {
  if (!isTensor(images)) return gatherImages(caller, images, indices);
  return tidy(() => gather(images, tensor1d(Int32Array.from(indices), 'int32')));
}
