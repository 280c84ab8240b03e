import { cast, type KernelFunc, type TensorInfo, tidy, util } from '@tensorflow/tfjs-core';
import { asTensor } from './as-tensor.js';
import { kernelModule } from './kernel-module.js';
import { kinds } from './kinds.js';
import { addressOf, makeOutput } from './tensor-address.js';

/** Twin of the constant in assembly/segment-sum.ts. */
const columnsPerTask = 64;

/**
 * Sums the rows of `x` that share a segment: the gradient of `gather`, for which the wasm backend has no kernel
 * (tensorflow/tfjs#8082). Rows whose segment does not exist are left out.
 */
export const unsortedSegmentSum: KernelFunc = ({ inputs, attrs }) => {
  const { numSegments } = attrs as unknown as { numSegments: number };
  const { x, segmentIds } = inputs as { x: TensorInfo; segmentIds: TensorInfo };
  return tidy(() => {
    const values = cast(asTensor(x), 'float32');
    const rows = util.sizeFromShape(segmentIds.shape);
    const inner = x.shape.slice(segmentIds.shape.length);
    const columns = util.sizeFromShape(inner);
    const output = makeOutput([numSegments, ...inner]);
    const module = kernelModule();
    const ids = addressOf(cast(asTensor(segmentIds), 'int32'));
    const work = [addressOf(values), ids, addressOf(output), rows, columns, numSegments];
    const tasks = Math.ceil(columns / columnsPerTask);
    module.dispatch(kinds.segmentSum, module.structure('segmentSum', work), tasks, 64);
    return cast(asTensor(output), x.dtype);
  });
};
