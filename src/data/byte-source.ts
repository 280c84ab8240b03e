import { describeValue } from '../errors/checks.js';
import { DataError, InvalidOptionError } from '../errors/errors.js';
import { isError } from '../errors/is-error.js';
import { isBytes } from './image-array.js';

/** Bytes in pieces: an async iterable, or a stream as `fetch` and `File.stream` give it. */
export type ByteChunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array> | ReadableStream<Uint8Array>;

/** A file that is read from its beginning, as often as there are epochs. */
export interface ByteSource {
  /** What errors call it. */
  readonly name: string;
  /** Begins to read. */
  open(): ByteChunks | Promise<ByteChunks>;
}

/** Safari cannot go over a stream with `for await`. */
async function* chunksOfStream(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/**
 * A file's bytes in pieces, decompressed where they are gzip.
 *
 * @throws {@link InvalidOptionError} when `source` is none, or gives something else than bytes.
 * @throws {@link DataError} naming the file when gzip is damaged or cut off.
 */
export async function* readChunks(
  caller: string,
  source: ByteSource,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (typeof source?.open !== 'function' || typeof source.name !== 'string') {
    throw new InvalidOptionError(
      `${caller}: a source must be { name, open }. Received: source=${describeValue(source)}.`,
    );
  }
  const opened = await source.open();
  const raw = 'getReader' in opened ? chunksOfStream(opened) : opened;
  const checked = checkedChunks(caller, source.name, raw);
  const first = await checked.next();
  if (first.done) return;
  const whole = startingWith(first.value, checked);
  if (first.value[0] === 0x1f && (first.value.length === 1 || first.value[1] === 0x8b)) {
    yield* inflate(caller, source.name, whole);
  } else {
    yield* whole;
  }
}

async function* checkedChunks(
  caller: string,
  name: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    if (!isBytes(chunk)) {
      throw new InvalidOptionError(
        `${caller}: a source must give pieces of bytes (Uint8Array). Received: ${name} with ${describeValue(chunk)}.`,
      );
    }
    if (chunk.length > 0) yield chunk;
  }
}

async function* startingWith(
  first: Uint8Array,
  others: AsyncGenerator<Uint8Array, void, undefined>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield first;
    yield* others;
  } finally {
    await others.return();
  }
}

/** Pieces as they are decompressed, so that memory stays small whatever they grow to. */
async function* inflate(
  caller: string,
  name: string,
  chunks: AsyncGenerator<Uint8Array, void, undefined>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { readable, writable } = new DecompressionStream('gzip');
  const writer = writable.getWriter();
  let readError: unknown;
  const feed = (async () => {
    try {
      for await (const chunk of chunks) await writer.write(chunk as Uint8Array<ArrayBuffer>);
      await writer.close();
    } catch (error) {
      readError = error;
      await writer.abort(error).catch(() => {});
    }
  })();
  try {
    yield* chunksOfStream(readable as ReadableStream<Uint8Array>);
  } catch (error) {
    await feed;
    // The source's own error says more than that the stream was given up because of it.
    if (isError(readError, 'DataError') || isError(readError, 'InvalidOptionError')) throw readError;
    throw new DataError(
      `${caller}: a gzip file must be whole. Received: ${name}, which does not decompress (${(error as Error).message}).`,
      name,
      { cause: error },
    );
  } finally {
    await chunks.return();
  }
}

/** Takes pieces apart into runs of any length. */
export class ByteReader {
  private current: Uint8Array = new Uint8Array(0);

  constructor(private readonly chunks: AsyncGenerator<Uint8Array, void, undefined>) {}

  /** The next `count` bytes in memory of their own, fewer at the end. Grows with what comes, not with `count`. */
  async read(count: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let missing = count;
    while (missing > 0) {
      if (this.current.length === 0) {
        const next = await this.chunks.next();
        if (next.done) break;
        this.current = next.value;
      }
      const part = this.current.subarray(0, missing);
      this.current = this.current.subarray(part.length);
      parts.push(part);
      missing -= part.length;
    }
    return concatenateBytes(parts);
  }
}

/** Pieces as one, in memory of its own. */
export function concatenateBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
