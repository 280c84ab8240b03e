import { backend_util, type KernelFunc, type TensorInfo } from '@tensorflow/tfjs-core';
import { kernelModule, kinds } from '../module/kernel-module.js';
import { addressOf, isEmpty, makeOutput } from '../module/tensor-address.js';

/** Attributes of tfjs's pool kernels. */
interface PoolAttributes {
  filterSize: [number, number] | number;
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

type Info = backend_util.Conv2DInfo;

/** Sizes and padding of a pool over pictures of `shape`. */
export function poolInfo(shape: number[], attributes: object): Info {
  const { filterSize, strides, pad, dimRoundingMode } = attributes as PoolAttributes;
  const pictures = shape as [number, number, number, number];
  return backend_util.computePool2DInfo(pictures, filterSize, strides, 1, pad as 'valid', dimRoundingMode);
}

/** The fields of a pool's structure that hold sizes. */
export function poolSizes(info: Info) {
  return {
    height: info.inHeight,
    width: info.inWidth,
    channels: info.inChannels,
    outHeight: info.outHeight,
    outWidth: info.outWidth,
    filterHeight: info.filterHeight,
    filterWidth: info.filterWidth,
    strideHeight: info.strideHeight,
    strideWidth: info.strideWidth,
    padTop: info.padInfo.top,
    padLeft: info.padInfo.left,
  };
}

/** MaxPool. The maximum of a window that holds NaN is NaN, as in PyTorch. */
export const maxPool: KernelFunc = ({ inputs, attrs }) => {
  const { x } = inputs as { x: TensorInfo };
  const info = poolInfo(x.shape, attrs as object);
  const output = makeOutput(info.outShape.map((size) => Math.max(0, size)));
  if (isEmpty(output)) return output;
  const module = kernelModule();
  const work = module.structure('Pool', {
    input: addressOf(x),
    output: addressOf(output),
    gradient: 0,
    inputGradient: 0,
    ...poolSizes(info),
  });
  module.dispatch(kinds.maxPool, work, info.batchSize * info.outHeight);
  return output;
};

/**
 * MaxPoolGrad: the gradient of each output goes to the first pixel of its window that equals the maximum, as on the cpu
 * backend and in PyTorch.
 */
export const maxPoolGrad: KernelFunc = ({ inputs, attrs }) => {
  const { dy, input, output } = inputs as { dy: TensorInfo; input: TensorInfo; output: TensorInfo };
  const info = poolInfo(input.shape, attrs as object);
  const inputGradient = makeOutput(input.shape);
  const module = kernelModule();
  const work = module.structure('Pool', {
    input: addressOf(input),
    output: addressOf(output),
    gradient: addressOf(dy),
    inputGradient: addressOf(inputGradient),
    ...poolSizes(info),
  });
  module.dispatch(kinds.maxPoolGradient, work, info.batchSize, info.inChannels * 4);
  return inputGradient;
};
