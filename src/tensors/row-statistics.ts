import { avgPool, mul, reshape, sum, type Tensor, type Tensor4D } from '@tensorflow/tfjs-core';

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
