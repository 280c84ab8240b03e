import { type Tensor4D, tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import { runIfRegistered } from '../../tensors/registered-kernels.js';
import type { BlurPadding } from './blur-kernels.js';

/**
 * A kernel of this library that a backend may register, in place of the plain ops of `gaussianBlur` and with their
 * results up to rounding. Inputs `images`, `kernels` `[size, batch]`, and `selected` (int32, 0 for a picture that stays
 * as it is); attribute `mirrors`, whether the border is mirrored or zero.
 */
export const fusedBlur = 'SimCLRBlur';

/** What the kernel does. */
export interface Blurring {
  /** The 1-D kernel of every picture, `[size * batch]`. */
  kernels: Float32Array;
  /** 1 for a picture that is blurred, `[batch]`. @defaultValue all are */
  selected: Uint8Array | undefined;
  padding: BlurPadding;
}

/** The pictures blurred by the kernel; `undefined` where the backend has none. */
export function blurFused(images: Tensor4D, blurring: () => Blurring): Tensor4D | undefined {
  return runIfRegistered(fusedBlur, images, () => {
    const { kernels, selected, padding } = blurring();
    const batchSize = images.shape[0];
    return {
      inputs: {
        images,
        kernels: tensor2d(kernels, [kernels.length / batchSize, batchSize]),
        selected: tensor1d(selected ? Int32Array.from(selected) : new Int32Array(batchSize).fill(1), 'int32'),
      },
      attributes: { mirrors: padding === 'reflect' },
    };
  });
}
