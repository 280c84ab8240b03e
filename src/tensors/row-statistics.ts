import {
  add,
  avgPool,
  mean,
  mul,
  reshape,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  tidy,
} from '@tensorflow/tfjs-core';
import { fusedKernels, runFused } from './fused-rows.js';
import { hasKernel } from './registered-kernels.js';

/** The internal layout of `x`: rows of channels, and per-channel vectors in a shape that broadcasts over them. */
export interface RowLayout {
  /** Parts of the batch, each with its own statistics. */
  groups: number;
  /** Size of the last axis. */
  channels: number;
  /** Number of values per statistic. */
  count: number;
  /** `[M, C]`, or `[groups, M / groups, C]`. */
  rows: number[];
  /** `[C]`, or `[groups, 1, C]`. */
  channel: number[];
  /** Rows that belong to one picture: height times width, or 1. */
  pixels: number;
}

/** The layout of `x`, `[N, ..., C]`, with N a multiple of `groups`. */
export function rowLayout(x: Tensor, groups: number): RowLayout {
  const channels = x.shape[x.rank - 1]!;
  const pixels = x.shape.slice(1, -1).reduce((product, size) => product * size, 1);
  const total = x.shape[0]! * pixels;
  const count = total / groups;
  const rows = groups === 1 ? [total, channels] : [groups, count, channels];
  return {
    groups,
    channels,
    count,
    rows,
    channel: groups === 1 ? [channels] : [groups, 1, channels],
    pixels,
  };
}

/**
 * The mean over the rows of every group. An average pool streams through memory once, whereas `mean` over leading
 * axes transposes first on some backends (30 times slower on wasm), and a product with a vector of ones
 * makes a packed copy of `x` there. Pool pixels, then pictures, so that no float32 accumulator takes many addends.
 */
export function meanOverRows(x: Tensor, { groups, channels, count, channel, pixels }: RowLayout): Tensor {
  const pictures = count / pixels;
  const overPixels =
    pixels === 1
      ? x
      : avgPool(reshape(x, [groups * pictures, pixels, 1, channels]) as Tensor4D, [pixels, 1], 1, 'valid');
  const perPicture = reshape(overPixels, [groups, pictures, 1, channels]) as Tensor4D;
  return reshape(avgPool(perPicture, [pictures, 1], 1, 'valid'), channel);
}

/** Converts the means of groups and channels to sums of channels. */
export function sumOverRows(perGroup: Tensor, { groups, channels, count }: RowLayout): Tensor {
  return mul(sum(reshape(perGroup, [groups, channels]), 0), count);
}

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
