import { randomGenerator } from '../random/index.js';
import type { EpochPass } from './image-dataset.js';

/**
 * The order in which pictures in memory come: a function of seed and epoch alone.
 *
 * @returns For each place in the epoch the number of the picture, 0 to `size - 1`.
 * @throws {@link InvalidOptionError} unless `seed` and `epoch` are integers >= 0.
 * @example
 * epochOrder(50000, { seed: 0, epoch: 3 });
 */
export function epochOrder(size: number, { seed, epoch }: { seed: number; epoch: number }): Uint32Array {
  return randomGenerator(seed).fold(epoch).permutation(size);
}

/**
 * The numbers of the pictures of each batch of a pass, from `startBatch` on; of a shard those of its own batches.
 *
 * @param size - How many pictures can be read at any place.
 */
export function* batchIndices(
  size: number,
  pass: Omit<EpochPass, 'views'>,
): Generator<Uint32Array, void, undefined> {
  const { batchSize, shuffle, dropRemainder, startBatch } = pass;
  const order = shuffle ? epochOrder(size, pass) : Uint32Array.from({ length: size }, (_, index) => index);
  const shard = pass.shard ?? { rank: 0, size: 1 };
  const row = shard.size * batchSize;
  const end = dropRemainder || pass.shard ? size - (size % row) : size;
  for (let start = startBatch * row + shard.rank * batchSize; start < end; start += row) {
    yield order.slice(start, Math.min(start + batchSize, end));
  }
}
