import { type KernelFunc, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { constants, kernelModule, kinds } from '../module/kernel-module.js';
import { addressOf, makeOutput } from '../module/tensor-address.js';

const { valuesPerBlock } = constants['value-range'];

/** SimCLRValueRange: see src/data/image-range.ts. */
export const valueRange: KernelFunc = ({ inputs }) => {
  const { x } = inputs as { x: TensorInfo };
  const length = util.sizeFromShape(x.shape);
  const blocks = Math.ceil(length / valuesPerBlock);
  const output = makeOutput([2]);
  const module = kernelModule();
  const extremes = module.block('extremes', blocks * 8);
  const work = module.structure('ValueRange', { x: addressOf(x), extremes, length });
  module.dispatch(kinds.blockExtremes, work, blocks);
  const found = module.floats(extremes, 2 * blocks);
  let [smallest, largest] = found as unknown as [number, number];
  for (let at = 2; at < found.length; at += 2) {
    smallest = Math.min(smallest, found[at]!);
    largest = Math.max(largest, found[at + 1]!);
  }
  module.floats(addressOf(output), 2).set([smallest, largest]);
  return output;
};
