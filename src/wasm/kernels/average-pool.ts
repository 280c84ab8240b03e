import { backend_util, type KernelFunc, type TensorInfo } from '@tensorflow/tfjs-core';
import { kernelModule, kinds } from '../module/kernel-module.js';
import { addressOf, makeOutput } from '../module/tensor-address.js';
import { poolSizes } from './max-pool.js';

interface Attributes {
  filterSize: [number, number] | number;
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/**
 * AvgPoolGrad, the gradient of AvgPool, which averages over the pixels of a window that are inside the picture. (At the
 * border, tfjs's cpu backend divides the gradient by the size of the whole window instead.)
 */
export const avgPoolGrad: KernelFunc = ({ inputs, attrs }) => {
  const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as Attributes;
  const shape = input.shape as [number, number, number, number];
  const info = backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const result = makeOutput(input.shape);
  const module = kernelModule();
  const work = module.structure('AveragePool', {
    gradient: addressOf(dy),
    result: addressOf(result),
    ...poolSizes(info),
  });
  module.dispatch(kinds.averagePoolGradient, work, info.batchSize * info.inHeight);
  return result;
};
