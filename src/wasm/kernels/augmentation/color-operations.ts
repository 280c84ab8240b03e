import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import type { fusedColorKinds } from '../../../augmentations/color/fused-colors.js';
import { constants, kernelModule, kinds as kernels } from '../../module/kernel-module.js';
import { addressOf, makeOutput } from '../../module/tensor-address.js';

/** The compiler sees that both sides number the operations alike. */
const { blockBytes } = constants.colors satisfies Omit<typeof fusedColorKinds, 'none'> & {
  blockBytes: number;
};

/** SimCLRColorOperations: see src/augmentations/color/fused-colors.ts. */
export const colorOperations: KernelFunc = ({ inputs, attrs }) => {
  const { images, kinds, amounts } = inputs as Record<'images' | 'kinds' | 'amounts', TensorInfo>;
  const { operations } = attrs as { operations: number };
  const [pictures, height, width] = images.shape as [number, number, number, number];
  const result = makeOutput(images.shape);
  const module = kernelModule();
  const work = module.structure('ColorOperations', {
    images: addressOf(images),
    result: addressOf(result),
    kinds: addressOf(kinds),
    amounts: addressOf(amounts),
    pictures,
    pixels: height * width,
    operations,
  });
  module.dispatch(kernels.changeColors, work, pictures, blockBytes);
  return result;
};
