import { type Tensor4D, tensor1d } from '@tensorflow/tfjs-core';
import { runIfRegistered } from '../../tensors/registered-kernels.js';

/**
 * A kernel of this library that a backend may register, in place of the plain ops of `applyColorOperations` on pictures of
 * three channels and with their results up to rounding. Inputs `images`, `kinds` and `amounts` of
 * {@link FusedColorOperations}; attribute `operations`, the number per picture.
 */
export const fusedColors = 'SimCLRColorOperations';

/** Operations of the kernel, by the numbers of src/wasm/assembly/augmentation/colors.ts. */
export const fusedColorKinds = {
  none: 0,
  brightness: 1,
  contrast: 2,
  saturation: 3,
  hue: 4,
  channelContrast: 5,
  hsvSaturation: 6,
} as const;

/** What the kernel does to each picture, in order. */
export interface FusedColorOperations {
  /** Numbers of {@link fusedColorKinds}, `[batch * operations]`. */
  kinds: Int32Array;
  /** Factors, or turns of the hue. `[batch * operations]`. */
  amounts: Float32Array;
}

/** The pictures changed by the kernel; `undefined` where the backend has none, or pictures have one channel. */
export function changeColorsFused(
  images: Tensor4D,
  operationsOf: () => FusedColorOperations,
): Tensor4D | undefined {
  const [batchSize, , , channels] = images.shape;
  if (channels !== 3) return undefined;
  return runIfRegistered(fusedColors, images, () => {
    const { kinds, amounts } = operationsOf();
    return {
      inputs: { images, kinds: tensor1d(kinds, 'int32'), amounts: tensor1d(amounts) },
      attributes: { operations: kinds.length / batchSize },
    };
  });
}
