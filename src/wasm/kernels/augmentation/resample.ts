import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { constants, kernelModule, kinds } from '../../module/kernel-module.js';
import { addressOf, makeOutput } from '../../module/tensor-address.js';

const { rowsPerTask } = constants.resample;

/** SimCLRResample: see src/augmentations/geometry/fused-resample.ts. */
export const resample: KernelFunc = ({ inputs, attrs }) => {
  const { images, rowIndices, rowWeights, columnIndices, columnWeights } = inputs as Record<
    'images' | 'rowIndices' | 'rowWeights' | 'columnIndices' | 'columnWeights',
    TensorInfo
  >;
  const { outputHeight, outputWidth, clips } = attrs as {
    outputHeight: number;
    outputWidth: number;
    clips: boolean;
  };
  const [pictures, height, width, channels] = images.shape as [number, number, number, number];
  const result = makeOutput([pictures, outputHeight, outputWidth, channels]);
  const module = kernelModule();
  const work = module.structure('Resampling', {
    images: addressOf(images),
    result: addressOf(result),
    rowIndices: addressOf(rowIndices),
    rowWeights: addressOf(rowWeights),
    columnIndices: addressOf(columnIndices),
    columnWeights: addressOf(columnWeights),
    pictures,
    height,
    width,
    channels,
    outputHeight,
    outputWidth,
    rowTerms: rowIndices.shape[0]! / (pictures * outputHeight),
    columnTerms: columnIndices.shape[0]! / (pictures * outputWidth),
    clips: Number(clips),
  });
  const tasks = pictures * Math.ceil(outputHeight / rowsPerTask);
  module.dispatch(kinds.resamplePictures, work, tasks, 4 * width * channels + 16);
  return result;
};
