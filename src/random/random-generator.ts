import { InvalidOptionError } from '../errors/errors.js';
import { threefry2x32, threefryWords } from './threefry.js';

const twoPower32 = 2 ** 32;
const twoPower24 = 2 ** 24;

/**
 * A source of one independent stream for each row of a batch. A {@link RandomGenerator} is one (row i is
 * `fold(i)`); {@link batchRandom} makes one whose rows follow the pictures instead of their place in the batch.
 */
export interface BatchRandom {
  /** The stream of row `row` of the batch, always from its beginning. */
  row(row: number): RandomGenerator;
  /** The same rows on other streams: parts of a composed transform each take their own. */
  fold(data: number): BatchRandom;
}

/**
 * Seeded, splittable, counter-based generator. Its draws depend only on its key and the number of earlier draws, not
 * on a backend or other generators.
 *
 * @example
 * const random = randomGenerator(42);
 * const flip = random.fold(3).uniform() < 0.5; // the same forever
 */
export class RandomGenerator implements BatchRandom {
  // The draws taken so far, in two words: a remainder of a larger number takes as long as the draw itself.
  private low = 0;
  private high = 0;
  private spare: number | undefined;

  /** Call {@link randomGenerator} instead. */
  constructor(
    private readonly key0: number,
    private readonly key1: number,
  ) {}

  /**
   * A child generator that is a function of this one's key and of `data`, not of the draws taken so far.
   *
   * @param data - Integer from 0 to 2^53 - 1.
   * @throws {@link InvalidOptionError} when `data` is not such a number.
   */
  fold(data: number): RandomGenerator {
    if (!Number.isSafeInteger(data) || data < 0) {
      throw new InvalidOptionError(
        `RandomGenerator.fold: data must be an integer >= 0. Received: data=${data}.`,
      );
    }
    // Draws use counters whose upper word has its highest bit clear; children take those where it is set.
    const [key0, key1] = threefry2x32(
      this.key0,
      this.key1,
      data % twoPower32,
      Math.floor(data / twoPower32) | 0x80000000,
    );
    return new RandomGenerator(key0, key1);
  }

  row(row: number): RandomGenerator {
    return this.fold(row);
  }

  /** An unsigned 32-bit integer. */
  uint32(): number {
    if (this.spare !== undefined) {
      const value = this.spare;
      this.spare = undefined;
      return value;
    }
    const [value, spare] = threefry2x32(this.key0, this.key1, this.low, this.high);
    this.low = (this.low + 1) | 0;
    if (this.low === 0) this.high++;
    this.spare = spare;
    return value;
  }

  /**
   * The words that `count` calls of {@link RandomGenerator.uint32} would give, many times as fast.
   * @internal
   */
  words(count: number): Uint32Array<ArrayBuffer> {
    const words = new Uint32Array(count);
    let filled = 0;
    if (this.spare !== undefined && count > 0) {
      words[filled++] = this.spare;
      this.spare = undefined;
    }
    while (count - filled > 1) {
      const counters = Math.min((count - filled) >> 1, twoPower32 - (this.low >>> 0));
      const part = words.subarray(filled, filled + 2 * counters);
      threefryWords(this.key0, this.key1, this.low, this.high, part);
      this.low = (this.low + counters) | 0;
      if (this.low === 0) this.high++;
      filled += 2 * counters;
    }
    if (filled < count) words[filled] = this.uint32();
    return words;
  }

  /** A number from `[low, high)`, in steps of 2^-24 of the width: the resolution of float32. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * ((this.uint32() >>> 8) / twoPower24);
  }

  /** An integer from 0 to `limit - 1`, without modulo bias. */
  integer(limit: number): number {
    if (!Number.isInteger(limit) || limit < 1 || limit > twoPower32) {
      throw new InvalidOptionError(
        `RandomGenerator.integer: limit must be an integer from 1 to 2^32. Received: limit=${limit}.`,
      );
    }
    const reject = twoPower32 - (twoPower32 % limit);
    for (;;) {
      const value = this.uint32();
      if (value < reject) return value % limit;
    }
  }

  /** `true` with this `probability`. */
  bernoulli(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** A draw from the standard normal distribution (Box-Muller). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A random order of `0 ... length - 1` (Fisher-Yates). */
  permutation(length: number): Uint32Array {
    const order = Uint32Array.from({ length }, (_, index) => index);
    for (let last = length - 1; last > 0; last--) {
      const other = this.integer(last + 1);
      const swapped = order[last]!;
      order[last] = order[other]!;
      order[other] = swapped;
    }
    return order;
  }
}

/**
 * A generator from a seed.
 *
 * @param seed - Integer from 0 to 2^53 - 1.
 * @throws {@link InvalidOptionError} when `seed` is not such a number.
 */
export function randomGenerator(seed: number): RandomGenerator {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new InvalidOptionError(
      `randomGenerator: seed must be an integer >= 0. Received: seed=${String(seed)}.`,
    );
  }
  return new RandomGenerator(seed % twoPower32, Math.floor(seed / twoPower32));
}
