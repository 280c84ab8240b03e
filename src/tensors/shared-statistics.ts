import { type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import type { RowLayout } from './row-statistics.js';

/**
 * Replaces each value with its sum over all processes, synchronously and in place. Every process passes equally many.
 */
export type SumOverProcesses = (values: Float64Array) => void;

/** Inputs of statistics over the batches of all processes besides this process's batch. */
export interface SharedRows {
  /** Sums over the processes. */
  sumOverProcesses: SumOverProcesses;
  /** Number of values per statistic, over all processes. */
  count: number;
}

let current: SumOverProcesses | undefined;

/**
 * While `body` runs, batch normalization takes its statistics, and their gradients, over the batches of all
 * processes. A layer whose batch is split into groups keeps its own statistics, because groups ask for separate ones.
 *
 * @param body - Must not be asynchronous: the setting ends when it returns.
 */
export function withSharedStatistics<T>(sumOverProcesses: SumOverProcesses, body: () => T): T {
  const before = current;
  current = sumOverProcesses;
  try {
    return body();
  } finally {
    current = before;
  }
}

/** The function that sums over the processes; `undefined` outside {@link withSharedStatistics}. */
export function sharedStatistics(): SumOverProcesses | undefined {
  return current;
}

/** The mean and the biased variance over all processes, computed from those of this batch. */
export function shareMoments(
  [mean, variance]: [Tensor, Tensor],
  { count, channels, channel }: RowLayout,
  sumOverProcesses: SumOverProcesses,
): { moments: [Tensor, Tensor]; shared: SharedRows } {
  const [means, variances] = [mean.dataSync(), variance.dataSync()];
  // Float64: a sum of squares cancels against the square of a sum.
  const sums = new Float64Array(2 * channels + 1);
  sums[2 * channels] = count;
  for (let c = 0; c < channels; c++) {
    sums[c] = count * means[c]!;
    sums[channels + c] = count * (variances[c]! + means[c]! ** 2);
  }
  sumOverProcesses(sums);
  const total = sums[2 * channels]!;
  const allMeans = new Float32Array(channels);
  const allVariances = new Float32Array(channels);
  for (let c = 0; c < channels; c++) {
    const average = sums[c]! / total;
    allMeans[c] = average;
    allVariances[c] = Math.max(0, sums[channels + c]! / total - average ** 2);
  }
  return {
    moments: [tensor(allMeans, channel), tensor(allVariances, channel)],
    shared: { sumOverProcesses, count: total },
  };
}

/** Adds up the sums of this batch over all processes. */
export function shareSums(own: [Tensor, Tensor], { sumOverProcesses }: SharedRows): [Tensor, Tensor] {
  const size = own[0].size;
  const sums = new Float64Array(2 * size);
  for (const [part, values] of own.entries()) sums.set(values.dataSync(), part * size);
  sumOverProcesses(sums);
  return tidy(() =>
    own.map(({ shape }, part) => {
      return tensor(Float32Array.from(sums.subarray(part * size, (part + 1) * size)), shape);
    }),
  ) as [Tensor, Tensor];
}
