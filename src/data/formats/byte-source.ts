import { describeValue } from '../../errors/checks.js';
import { DataError, InvalidOptionError } from '../../errors/errors.js';
import { isError, messageOf } from '../../errors/is-error.js';
import { isBytes } from '../image-array.js';
import { concatenateBytes } from './bytes.js';
import { gunzipChunks } from './gunzip.js';

/** Bytes in chunks: an iterable, or a stream as from `fetch` and `File.stream`. */
export type ByteChunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array> | ReadableStream<Uint8Array>;

/** A file to read from its beginning, once per epoch. */
export interface ByteSource {
  /** The name in errors. */
  readonly name: string;
  /** Starts reading. */
  open(): ByteChunks | Promise<ByteChunks>;
}

/** Safari cannot iterate a stream with `for await`. */
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
 * Reads a file's bytes in chunks, decompressed if they are gzip.
 *
 * @throws {@link InvalidOptionError} when `source` is not a source, or gives anything but bytes.
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
  try {
    for await (const chunk of chunks) {
      if (!isBytes(chunk)) {
        throw new InvalidOptionError(
          `${caller}: a source must give pieces of bytes (Uint8Array). Received: ${name} with ${describeValue(chunk)}.`,
        );
      }
      if (chunk.length > 0) yield chunk;
    }
  } catch (error) {
    if (isError(error, 'SimCLRError')) throw error;
    const reason = messageOf(error);
    throw new DataError(
      `${caller}: a source must be readable to its end. Received: ${name}, which failed (${reason}).`,
      name,
      { cause: error },
    );
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

/** Decompressed chunks. */
async function* inflate(
  caller: string,
  name: string,
  chunks: AsyncGenerator<Uint8Array, void, undefined>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let failed: { error: unknown } | undefined;
  async function* watched() {
    try {
      yield* chunks;
    } catch (error) {
      failed = { error };
      throw error;
    }
  }
  try {
    yield* gunzipChunks(watched());
  } catch (error) {
    // The source's own error says more than that decompression failed.
    if (failed) throw failed.error;
    throw new DataError(
      `${caller}: a gzip file must be whole. Received: ${name}, which does not decompress (${(error as Error).message}).`,
      name,
      { cause: error },
    );
  }
}

/** Reads runs of any length from chunks. */
export class ByteReader {
  private current: Uint8Array = new Uint8Array(0);

  constructor(private readonly chunks: AsyncGenerator<Uint8Array, void, undefined>) {}

  /** The next `count` bytes, copied; fewer at the end. Memory grows with the bytes that come, not with `count`. */
  async read(count: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    await this.take(count, (part) => parts.push(part));
    return concatenateBytes(parts);
  }

  /** Skips the next `count` bytes. @returns Whether there were as many. */
  async skip(count: number): Promise<boolean> {
    return (await this.take(count, () => {})) === count;
  }

  /** Whether nothing is left. */
  async isAtEnd(): Promise<boolean> {
    return !(await this.fill());
  }

  private async take(count: number, use: (part: Uint8Array) => void): Promise<number> {
    let missing = count;
    while (missing > 0 && (await this.fill())) {
      const part = this.current.subarray(0, missing);
      this.current = this.current.subarray(part.length);
      use(part);
      missing -= part.length;
    }
    return count - missing;
  }

  private async fill(): Promise<boolean> {
    if (this.current.length > 0) return true;
    const next = await this.chunks.next();
    if (next.done) return false;
    this.current = next.value;
    return true;
  }
}
