import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import { randomGenerator } from '../../random/index.js';
import { makeStream, type Stream, type StreamInput, toStream } from './stream.js';

/** Options of {@link shuffle}. */
export interface ShuffleOptions {
  /** Size of the buffer from which the next element is drawn. Integer >= 1. */
  bufferSize: number;
  /**
   * Seed of the order. Integer >= 0.
   *
   * @defaultValue `0`
   */
  seed?: number;
}

/**
 * Shuffles a stream with at most `bufferSize` elements in memory: each element is drawn from a buffer, and the next one of
 * `input` takes its place. A buffer as large as the stream gives every order with the same probability; a smaller one
 * moves elements forward by less than `bufferSize`.
 *
 * The order is a function of seed and epoch. To reach a position inside a pass, all elements before it are drawn, so
 * shuffle what is small (file names, encoded pictures) and decode afterwards.
 *
 * @throws {@link InvalidOptionError} when an option is outside its domain or `input` cannot be iterated.
 * @example
 * const order = shuffle(names, { bufferSize: 1000, seed: 1 });
 */
export function shuffle<T>(input: StreamInput<T>, options: ShuffleOptions): Stream<T> {
  checkKeys('shuffle', options, { bufferSize: 1, seed: 1 });
  const { bufferSize, seed = 0 } = options;
  checkInteger('shuffle', 'bufferSize', bufferSize);
  checkInteger('shuffle', 'seed', seed, 0);
  const source = toStream('shuffle', input);
  return makeStream({
    size: source.size,
    seed,
    async *open(epoch, position) {
      const random = randomGenerator(seed).fold(epoch);
      const buffer: T[] = [];
      let done = 0;
      for await (const element of source.open({ epoch })) {
        if (buffer.length < bufferSize) {
          buffer.push(element);
          continue;
        }
        const place = random.integer(bufferSize);
        const drawn = buffer[place]!;
        buffer[place] = element;
        if (done++ >= position) yield drawn;
      }
      while (buffer.length > 0) {
        const place = random.integer(buffer.length);
        const drawn = buffer[place]!;
        buffer[place] = buffer[buffer.length - 1]!;
        buffer.pop();
        if (done++ >= position) yield drawn;
      }
    },
  });
}
