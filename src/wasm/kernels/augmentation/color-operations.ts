import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { constants, kernelModule, kinds as kernels } from '../../module/kernel-module.js';
import { addressOf, makeOutput } from '../../module/tensor-address.js';

const { fourPixels } = constants.colors;

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
  module.dispatch(kernels.changeColors, work, pictures, fourPixels);
  return result;
};
