import {
  cast,
  type KernelFunc,
  matMul,
  oneHot,
  reshape,
  type Tensor,
  type Tensor1D,
  type TensorInfo,
  tidy,
} from '@tensorflow/tfjs-core';
import { asTensor } from './as-tensor.js';

/**
 * Sums the rows of `x` that share a segment: the gradient of `gather`. A product with the one-hot matrix of the
 * segment numbers; the wasm backend has no kernel of its own for it (tensorflow/tfjs#8082).
 */
export const unsortedSegmentSum: KernelFunc = ({ inputs, attrs }) => {
  const { numSegments } = attrs as unknown as { numSegments: number };
  const { x, segmentIds } = inputs as { x: TensorInfo; segmentIds: TensorInfo };
  return tidy(() => {
    const ids = reshape(asTensor(segmentIds), [-1]) as Tensor1D;
    const inner = x.shape.slice(segmentIds.shape.length);
    const values = reshape(cast(asTensor(x), 'float32'), [ids.shape[0], -1]);
    const membership = cast(oneHot(cast(ids, 'int32'), numSegments), 'float32');
    const sums: Tensor = matMul(membership, values, true, false);
    return cast(reshape(sums, [numSegments, ...inner]), x.dtype);
  });
};
