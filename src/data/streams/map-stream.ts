import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import { makeStream, type Stream, type StreamInput, toStream } from './stream.js';

/** Options of {@link mapStream}. */
export interface MapStreamOptions {
  /**
   * Elements to transform at the same time. Integer >= 1.
   *
   * @defaultValue `1`
   */
  concurrency?: number;
}

/** Options of {@link prefetch}. */
export interface PrefetchOptions {
  /**
   * Elements to read in advance. Integer >= 1.
   *
   * @defaultValue `2`
   */
  bufferSize?: number;
}

/** The elements of `reader` after `transform`, in order, with `concurrency` under way. */
export async function* inOrder<T, R>(
  reader: Generator<T, void, undefined> | AsyncGenerator<T, void, undefined>,
  transform: (element: T) => R | Promise<R>,
  concurrency: number,
): AsyncGenerator<R, void, undefined> {
  const started: Promise<IteratorResult<R, void>>[] = [];
  const start = () => {
    // Requests to an async generator queue up: each is answered in its turn, and worked on at once.
    const result = (async () => {
      const next = await reader.next();
      return next.done ? next : { done: false as const, value: await transform(next.value) };
    })();
    // An error is thrown where the result is awaited, which a consumer that stops early never does.
    result.catch(() => {});
    started.push(result);
  };
  try {
    while (started.length < concurrency) start();
    for (;;) {
      const next = await started.shift()!;
      if (next.done) return;
      start();
      yield next.value;
    }
  } finally {
    await reader.return();
    await Promise.allSettled(started);
  }
}

/**
 * Transforms the elements of a stream, in order, several at a time.
 *
 * Work starts ahead of use: with `concurrency` n, the next n elements are under way while one is in use.
 *
 * @param transform - Called with each element.
 * @throws {@link InvalidOptionError} when an option is outside its domain or `input` cannot be iterated.
 * @example
 * const pictures = mapStream(names, (name) => decodeImage(name, { size: 96 }), { concurrency: 4 });
 */
export function mapStream<T, R>(
  input: StreamInput<T>,
  transform: (element: T) => R | Promise<R>,
  options: MapStreamOptions = {},
): Stream<R> {
  checkKeys('mapStream', options, { concurrency: 1 });
  const { concurrency = 1 } = options;
  checkInteger('mapStream', 'concurrency', concurrency);
  const source = toStream('mapStream', input);
  return makeStream({
    size: source.size,
    seed: source.seed,
    open: (epoch, position) => inOrder(source.open({ epoch, position }), transform, concurrency),
  });
}

/**
 * Reads a stream ahead of use.
 *
 * Reading proceeds whenever the thread is free. During a training step, only work on other threads proceeds: reading
 * files, and decoding pictures in a worker.
 *
 * @throws {@link InvalidOptionError} when an option is outside its domain or `input` cannot be iterated.
 * @example
 * const smooth = prefetch(batches, { bufferSize: 4 });
 */
export function prefetch<T>(input: StreamInput<T>, options: PrefetchOptions = {}): Stream<T> {
  checkKeys('prefetch', options, { bufferSize: 1 });
  const { bufferSize = 2 } = options;
  checkInteger('prefetch', 'bufferSize', bufferSize);
  const source = toStream('prefetch', input);
  return makeStream({
    size: source.size,
    seed: source.seed,
    open: (epoch, position) => inOrder(source.open({ epoch, position }), (element) => element, bufferSize),
  });
}
