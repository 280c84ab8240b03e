import { dispose, type NamedTensorMap, tensor, tidy } from '@tensorflow/tfjs-core';
import { checkKeys } from '../errors/check-keys.js';
import { checkInteger } from '../errors/checks.js';
import type { Communicator } from './communicators/communicator.js';

/** Options of {@link sumGradients}. */
export interface SumGradientsOptions {
  /** Bytes to send at a time, an integer >= 4. @defaultValue 25 MB, as in PyTorch's DistributedDataParallel */
  bucketBytes?: number;
}

/**
 * Sums gradients over all ranks. They are joined into buckets, because a small message takes about as long as a large one.
 *
 * The result is a sum and not a mean, because the loss is already the mean over the pictures of all ranks.
 *
 * @param gradients - By name, in the same order on every rank; the names may differ. They are disposed, even after an error.
 * @returns New tensors under the same names. The caller disposes them.
 * @throws `InvalidOptionError` when `bucketBytes` is not an integer >= 4.
 * @example
 * const all = await sumGradients({ w: tensor1d([1, 2]) }, singleProcess());
 */
export async function sumGradients(
  gradients: NamedTensorMap,
  communicator: Communicator,
  options: SumGradientsOptions = {},
): Promise<NamedTensorMap> {
  checkKeys('sumGradients', options, { bucketBytes: 1 });
  const { bucketBytes = 25e6 } = options;
  checkInteger('sumGradients', 'bucketBytes', bucketBytes, 4);
  const entries = Object.entries(gradients);
  const flat = new Float32Array(entries.reduce((total, [, { size }]) => total + size, 0));
  try {
    let filled = 0;
    for (const [, gradient] of entries) {
      flat.set(await gradient.data<'float32'>(), filled);
      filled += gradient.size;
    }
    await allReduceInBuckets(flat, communicator, bucketBytes);
    return tidy(() => {
      let taken = 0;
      return Object.fromEntries(
        entries.map(([name, { size, shape }]) => {
          taken += size;
          return [name, tensor(flat.slice(taken - size, taken), shape)];
        }),
      );
    });
  } finally {
    dispose(gradients);
  }
}

/** Sums `values` over all ranks, `bucketBytes` at a time. */
export async function allReduceInBuckets(
  values: Float32Array,
  communicator: Communicator,
  bucketBytes: number,
): Promise<void> {
  const length = Math.floor(bucketBytes / 4);
  for (let from = 0; from < values.length; from += length) {
    await communicator.allReduce(values.subarray(from, from + length));
  }
}
