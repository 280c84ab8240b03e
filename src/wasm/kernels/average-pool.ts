import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { kernelModule, kinds } from '../module/kernel-module.js';
import { addressOf, makeOutput } from '../module/tensor-address.js';
import { poolInfo, poolSizes } from './max-pool.js';

/**
 * AvgPool, which is tfjs's. Where a window is larger than the pictures, there is no average, and tfjs's kernel would write
 * outside of its memory.
 */
export const avgPool =
  (stock: KernelFunc): KernelFunc =>
  (args) => {
    const { x } = args.inputs as { x: TensorInfo };
    const { outShape } = poolInfo(x.shape, args.attrs as object);
    if (outShape.every((size) => size >= 1)) return stock(args);
    return makeOutput(outShape.map((size) => Math.max(0, size)));
  };

/**
 * AvgPoolGrad, the gradient of AvgPool, which averages over the pixels of a window that are inside the picture. (At the
 * border, tfjs's cpu backend divides the gradient by the size of the whole window instead.)
 */
export const avgPoolGrad: KernelFunc = ({ inputs, attrs }) => {
  const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
  const info = poolInfo(input.shape, attrs as object);
  const inputGradient = makeOutput(input.shape);
  const module = kernelModule();
  const work = module.structure('Pool', {
    input: 0,
    output: 0,
    gradient: addressOf(dy),
    inputGradient: addressOf(inputGradient),
    ...poolSizes(info),
  });
  module.dispatch(kinds.averagePoolGradient, work, info.batchSize * info.inHeight);
  return inputGradient;
};
