import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import { makeStream, type Stream, type StreamInput, toStream } from './stream.js';

/** Options of {@link mapStream}. */
export interface MapStreamOptions {
  /**
   * Elements that are worked on at the same time. Integer >= 1.
   *
   * @defaultValue `1`
   */
  concurrency?: number;
}

/** Options of {@link prefetch}. */
export interface PrefetchOptions {
  /**
   * Elements read before they are asked for. Integer >= 1.
   *
   * @defaultValue `2`
   */
  bufferSize?: number;
}

/** Elements of `reader` after `transform`, in order, of which `concurrency` are under way. */
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
    // Its error is thrown when it is awaited; a consumer that stops before never does that.
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
 * A stream whose elements are made from those of another, in the same order, several at a time.
 *
 * Work on elements begins before they are asked for: with `concurrency` n, while one is in use the n that follow are
 * under way.
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
 * A stream that reads on while its elements are in use.
 *
 * What is read ahead gets on whenever the thread is free, during a training step only as far as its work is done on
 * other threads: files are read so, and pictures decoded where a worker does that.
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
