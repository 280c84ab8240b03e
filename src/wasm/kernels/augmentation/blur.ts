import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { constants, kernelModule, kinds } from '../../module/kernel-module.js';
import { addressOf, makeOutput } from '../../module/tensor-address.js';

const { rowsPerTask } = constants.resample;
const { termBytes } = constants.blur;

/** SimCLRBlur: see src/augmentations/geometry/fused-blur.ts. */
export const blur: KernelFunc = ({ inputs, attrs }) => {
  const { images, kernels, selected } = inputs as Record<'images' | 'kernels' | 'selected', TensorInfo>;
  const { mirrors } = attrs as { mirrors: boolean };
  const [pictures, height, width, channels] = images.shape as [number, number, number, number];
  const size = kernels.shape[0]!;
  const result = makeOutput(images.shape);
  const module = kernelModule();
  const work = module.structure('Blur', {
    images: addressOf(images),
    result: addressOf(result),
    kernels: addressOf(kernels),
    selected: addressOf(selected),
    pictures,
    height,
    width,
    channels,
    size,
    mirrors: Number(mirrors),
  });
  const scratch = 2 * size * termBytes + 4 * (width + size - 1) * channels;
  module.dispatch(kinds.blurPictures, work, pictures * Math.ceil(height / rowsPerTask), scratch);
  return result;
};
