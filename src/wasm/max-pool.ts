import { backend_util, type KernelFunc, type TensorInfo } from '@tensorflow/tfjs-core';
import { kernelModule } from './kernel-module.js';
import { kinds } from './kinds.js';
import { addressOf, makeOutput } from './tensor-address.js';

interface Attributes {
  filterSize: [number, number] | number;
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

type Info = backend_util.Conv2DInfo;

function infoOf(shape: number[], attributes: object): Info {
  const { filterSize, strides, pad, dimRoundingMode } = attributes as Attributes;
  const pictures = shape as [number, number, number, number];
  return backend_util.computePool2DInfo(pictures, filterSize, strides, 1, pad as 'valid', dimRoundingMode);
}

/** Addresses of input, output, the output's gradient and the result, then the sizes. */
function structure(addresses: [number, number, number, number], info: Info): number {
  return kernelModule().structure('maxPool', [
    ...addresses,
    ...[info.inHeight, info.inWidth, info.inChannels, info.outHeight, info.outWidth],
    ...[info.filterHeight, info.filterWidth, info.strideHeight, info.strideWidth],
    ...[info.padInfo.top, info.padInfo.left],
  ]);
}

/** MaxPool; a window with NaN in it has NaN as its maximum, as in PyTorch. */
export const maxPool: KernelFunc = ({ inputs, attrs }) => {
  const { x } = inputs as { x: TensorInfo };
  const info = infoOf(x.shape, attrs as object);
  const output = makeOutput(info.outShape);
  const work = structure([addressOf(x), addressOf(output), 0, 0], info);
  kernelModule().dispatch(kinds.maxPool, work, info.batchSize * info.outHeight, 64);
  return output;
};

/**
 * MaxPoolGrad: each output's gradient goes to the first place of its window that holds the maximum, as on the cpu
 * backend and in PyTorch.
 */
export const maxPoolGrad: KernelFunc = ({ inputs, attrs }) => {
  const { dy, input, output } = inputs as { dy: TensorInfo; input: TensorInfo; output: TensorInfo };
  const info = infoOf(input.shape, attrs as object);
  const result = makeOutput(input.shape);
  const work = structure([addressOf(input), addressOf(output), addressOf(dy), addressOf(result)], info);
  kernelModule().dispatch(kinds.maxPoolGradient, work, info.batchSize, info.inChannels * 4);
  return result;
};
