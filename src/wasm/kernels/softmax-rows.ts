import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { constants, kernelModule, kinds } from '../module/kernel-module.js';
import { addressOf, makeOutput } from '../module/tensor-address.js';

const { rowsPerTask } = constants['softmax-rows'];

/** SimCLRSoftmaxRows: see src/losses/contrastive/fused-softmax.ts. */
export const softmaxRows: KernelFunc = ({ inputs, attrs }) => {
  const { logits } = inputs as { logits: TensorInfo };
  const { start, period } = attrs as unknown as { start: number; period: number };
  const [rows, columns] = logits.shape as [number, number];
  const [exponentials, maxima, sums] = [
    [rows, columns],
    [rows, 1],
    [rows, 1],
  ].map(makeOutput) as [TensorInfo, TensorInfo, TensorInfo];
  const module = kernelModule();
  const work = module.structure('SoftmaxRows', {
    logits: addressOf(logits),
    exponentials: addressOf(exponentials),
    maxima: addressOf(maxima),
    sums: addressOf(sums),
    rows,
    columns,
    start,
    period: Math.max(1, period), // 0 without columns
  });
  module.dispatch(kinds.softmaxRows, work, Math.ceil(rows / rowsPerTask));
  return [exponentials, maxima, sums];
};
