import { backend_util, type KernelFunc, type TensorInfo } from '@tensorflow/tfjs-core';
import { kernelModule, kinds } from './kernel-module.js';
import { addressOf, makeOutput } from './tensor-address.js';

interface Attributes {
  filterSize: [number, number] | number;
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/**
 * MaxPoolGrad: each output's gradient goes to the first place of its window that holds the maximum, as on the cpu
 * backend and in PyTorch.
 */
export const maxPoolGrad: KernelFunc = ({ inputs, attrs }) => {
  const { dy, input, output } = inputs as { dy: TensorInfo; input: TensorInfo; output: TensorInfo };
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as Attributes;
  const shape = input.shape as [number, number, number, number];
  const info = backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const result = makeOutput(input.shape);
  const module = kernelModule();
  const work = module.structure('maxPool', [
    ...[addressOf(input), addressOf(output), addressOf(dy), addressOf(result)],
    ...[info.inHeight, info.inWidth, info.inChannels, info.outHeight, info.outWidth],
    ...[info.filterHeight, info.filterWidth, info.strideHeight, info.strideWidth],
    ...[info.padInfo.top, info.padInfo.left],
  ]);
  module.dispatch(kinds.maxPoolGradient, work, info.batchSize, info.inChannels * 4);
  return result;
};
