import type { RandomGenerator } from './random-generator.js';

/** The kinds of draws that random words support. */
export type WordDraws = Pick<RandomGenerator, 'uniform' | 'integer'>;

/**
 * Draws what the generator that the words came from would draw. If they do not suffice, the last word is used again.
 *
 * Must not refer to anything outside itself, because its source text is also part of the program of other threads.
 */
export function drawsFromWords(words: ArrayLike<number>): WordDraws {
  let next = 0;
  return {
    uniform(low = 0, high = 1) {
      const word = words[Math.min(next++, words.length - 1)]!;
      return low + (high - low) * ((word >>> 8) / 2 ** 24);
    },
    integer(limit) {
      const reject = 2 ** 32 - (2 ** 32 % limit);
      while (words[next]! >= reject && next < words.length - 1) next++;
      return words[Math.min(next++, words.length - 1)]! % limit;
    },
  };
}
