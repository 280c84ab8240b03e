import { add, mean, mul, type Tensor, type Tensor1D, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { fusedKernels, runFused } from './fused-rows.js';
import { hasKernel } from './registered-kernels.js';

/** What moves the running statistics of a batch normalization. */
export interface MoveOptions {
  /** Running mean and variance, each `[C]`. */
  running: readonly [mean: Tensor1D, variance: Tensor1D];
  /** Mean and biased variance of each group of the batch, each `[groups, C]`. */
  batch: readonly [mean: Tensor2D, variance: Tensor2D];
  /** Factor of the running statistics, in [0, 1]. */
  momentum: number;
  /** Number of values that each statistic of the batch was taken of, > 1. */
  count: number;
}

/**
 * The running statistics after a batch: momentum * running + (1 - momentum) * batch, averaged over the groups, with the
 * unbiased variance of the batch.
 *
 * @returns New running mean and variance, each `[C]`; the caller disposes of them.
 */
export function moveStatistics({ running, batch, momentum, count }: MoveOptions): [Tensor1D, Tensor1D] {
  const meanShare = 1 - momentum;
  const varianceShare = (1 - momentum) * (count / (count - 1));
  if (hasKernel(fusedKernels.move)) {
    const inputs = {
      mean: running[0],
      variance: running[1],
      batchMean: batch[0],
      batchVariance: batch[1],
    };
    const attributes = { momentum, meanShare, varianceShare };
    return runFused(fusedKernels.move, inputs, attributes) as [Tensor1D, Tensor1D];
  }
  const moved = (before: Tensor, perGroup: Tensor, share: number) =>
    add(mul(before, momentum), mul(mean(perGroup, 0), share)) as Tensor1D;
  return tidy(() => [moved(running[0], batch[0], meanShare), moved(running[1], batch[1], varianceShare)]);
}
