import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { kernelModule } from './kernel-module.js';
import { kinds } from './kinds.js';
import { addressOf, makeOutput } from './tensor-address.js';

/** Twin of the constant in assembly/softmax-rows.ts. */
const rowsPerTask = 4;

/** SimCLRSoftmaxRows: see src/losses/fused-softmax.ts. */
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
  const work = module.structure('softmaxRows', [
    ...[addressOf(logits), addressOf(exponentials), addressOf(maxima), addressOf(sums)],
    ...[rows, columns, start, period],
  ]);
  module.dispatch(kinds.softmaxRows, work, Math.ceil(rows / rowsPerTask), 64);
  return [exponentials, maxima, sums];
};
