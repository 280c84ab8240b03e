import { cast, type KernelFunc, type TensorInfo, tidy, util } from '@tensorflow/tfjs-core';
import { asTensor, ownTensor } from '../module/as-tensor.js';
import { constants, kernelModule, kinds } from '../module/kernel-module.js';
import { addressOf, makeOutput } from '../module/tensor-address.js';

const { columnsPerTask } = constants['segment-sum'];

/**
 * Sums the rows of `x` that belong to the same segment. This is the gradient of `gather`, for which the wasm backend has no
 * kernel (tensorflow/tfjs#8082). Rows whose segment does not exist are left out.
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
    const work = module.structure('SegmentSum', {
      x: addressOf(values),
      segments: addressOf(cast(asTensor(segmentIds), 'int32')),
      result: addressOf(output),
      rows,
      columns,
      segmentCount: numSegments,
    });
    module.dispatch(kinds.segmentSum, work, Math.ceil(columns / columnsPerTask));
    return cast(ownTensor(output), x.dtype);
  });
};
