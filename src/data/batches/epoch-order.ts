import { InvalidOptionError } from '../../errors/errors.js';
import { randomGenerator } from '../../random/index.js';
import type { EpochPass } from '../image-dataset.js';

/**
 * The order in which an epoch visits pictures with random access: a function of seed and epoch alone.
 *
 * @param size - Number of pictures.
 * @param options - `seed` and `epoch`: integers >= 0.
 * @returns A permutation of 0 to `size - 1`: for each place in the epoch, the index of the picture.
 * @throws {@link InvalidOptionError} when `seed` or `epoch` is not an integer >= 0.
 * @example
 * epochOrder(50000, { seed: 0, epoch: 3 });
 */
export function epochOrder(size: number, { seed, epoch }: { seed: number; epoch: number }): Uint32Array {
  return randomGenerator(seed).fold(epoch).permutation(size);
}

/**
 * The picture indices of each batch of a pass over `size` pictures, starting at `startBatch`. With a `shard`,
 * only that rank's batches; every rank then gets equally many.
 *
 * @throws {@link InvalidOptionError}, in the name of `caller`, when the pictures do not fill one batch (per rank) and
 *   the pass drops smaller ones.
 */
export function* passIndices(
  caller: string,
  argument: string,
  size: number,
  pass: EpochPass,
): Generator<Uint32Array, void, undefined> {
  const { batchSize, shuffle, startBatch, shard } = pass;
  const { rank, size: ranks } = shard ?? { rank: 0, size: 1 };
  const row = ranks * batchSize;
  const dropRemainder = pass.dropRemainder || shard !== undefined;
  if (dropRemainder && size < row) {
    const [everyRank, received] = shard
      ? [' on every rank', ` on ${ranks} ranks`]
      : ['', ', dropRemainder=true'];
    throw new InvalidOptionError(
      `${caller}: ${argument} must fill at least one batch${everyRank}. Received: ${size} pictures, batchSize=${batchSize}${received}.`,
    );
  }
  const order = shuffle ? epochOrder(size, pass) : Uint32Array.from({ length: size }, (_, index) => index);
  const end = dropRemainder ? size - (size % row) : size;
  for (let start = startBatch * row + rank * batchSize; start < end; start += row) {
    yield order.slice(start, Math.min(start + batchSize, end));
  }
}
