import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { constants, kernelModule, kinds } from '../../module/kernel-module.js';
import { addressOf } from '../../module/tensor-address.js';

const { valuesPerCopyTask } = constants['channel-copies'];

function copyChannels(kind: number, single: TensorInfo, repeated: number, copies: number): void {
  const length = util.sizeFromShape(single.shape);
  const module = kernelModule();
  const work = module.structure('ChannelCopies', { single: addressOf(single), repeated, length, copies });
  module.dispatch(kind, work, Math.ceil(length / valuesPerCopyTask));
}

const blockOf = (x: TensorInfo, copies: number) =>
  kernelModule().block('channelCopies', util.sizeFromShape(x.shape) * copies * 4);

/** Address of `x` with every channel repeated, so that a filter of several values per channel has one per channel. */
export function repeatedChannels(x: TensorInfo, copies: number): number {
  if (copies === 1) return addressOf(x);
  const repeated = blockOf(x, copies);
  copyChannels(kinds.repeatChannels, x, repeated, copies);
  return repeated;
}

/** Fills `output` with the sums of what `compute` writes to an address: `copies` values per channel. */
export function sumOfCopies(output: TensorInfo, copies: number, compute: (to: number) => void): void {
  if (copies === 1) {
    compute(addressOf(output));
    return;
  }
  const repeated = blockOf(output, copies);
  compute(repeated);
  copyChannels(kinds.sumChannelCopies, output, repeated, copies);
}
