import { DataError } from '../../errors/errors.js';
import { concatenateBytes } from './bytes.js';

/** Larger than any supported data set. A small file that expands beyond it is an attack. */
const maximumBytes = 2 ** 31 - 1;

type Chunks = AsyncGenerator<Uint8Array, void, undefined>;

/** The part of `node:zlib`'s streams that this file uses. */
interface Gunzip extends AsyncIterable<Uint8Array> {
  /** Compressed bytes that were used. */
  readonly bytesWritten: number;
  write(chunk: Uint8Array, written: () => void): void;
  end(): void;
  destroy(error?: Error): void;
  once(event: 'end' | 'close', listener: () => void): void;
  off(event: 'end' | 'close', listener: () => void): void;
}

/** Whether `bytes` start as a gzip file does (RFC 1952). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Node's zlib, if available. Not imported, so that bundlers do not include it. */
function nodeZlib(): { createGunzip(): Gunzip } | undefined {
  type Process = { getBuiltinModule?(name: string): { createGunzip(): Gunzip } };
  return (globalThis as { process?: Process }).process?.getBuiltinModule?.('node:zlib');
}

/**
 * Decompresses gzip chunk by chunk, so that memory stays small whatever the size of the result.
 *
 * In Node it behaves as Python's `gzip`: consecutive members form one file, zeros after a member are skipped, and other
 * bytes there are an error. Browsers can only decompress files of one member with nothing after it.
 *
 * @param chunks - Closed at the end.
 * @throws an `Error` when the stream is damaged or cut off, or when `chunks` throws.
 */
export async function* gunzipChunks(chunks: Chunks): Chunks {
  const zlib = nodeZlib();
  try {
    // Not Node's DecompressionStream, whose handling of bytes after the first member depends on the version.
    yield* zlib ? readMembers(() => zlib.createGunzip(), chunks) : throughStream(chunks);
  } finally {
    await chunks.return();
  }
}

/** Runs of members, with zeros between them. */
async function* readMembers(createGunzip: () => Gunzip, chunks: Chunks): Chunks {
  let rest: Uint8Array | undefined;
  let isFirst = true;
  for (;;) {
    let start = rest ?? (await nextOf(chunks));
    rest = undefined;
    if (!isFirst) start = await skipZeros(start, chunks);
    if (start === undefined) {
      if (isFirst) throw new Error('unexpected end of file');
      return;
    }
    isFirst = false;
    rest = yield* readRun(createGunzip(), start, chunks);
    if (rest === undefined) return;
  }
}

/**
 * Consecutive members without a gap.
 *
 * @returns The bytes after them, which begin with a zero; `undefined` at the end of the file.
 */
async function* readRun(
  stream: Gunzip,
  start: Uint8Array,
  chunks: Chunks,
): AsyncGenerator<Uint8Array, Uint8Array | undefined, undefined> {
  let fed = 0;
  const feed = async () => {
    let chunk: Uint8Array | undefined = start;
    while (chunk !== undefined) {
      fed += chunk.length;
      await written(stream, chunk);
      const left = fed - stream.bytesWritten;
      if (left > 0) {
        stream.end();
        return chunk.subarray(chunk.length - left);
      }
      chunk = await nextOf(chunks);
    }
    stream.end();
    return undefined;
  };
  const fedAll = feed();
  fedAll.catch((error) => stream.destroy(error));
  for await (const part of stream) yield part;
  return fedAll;
}

/** Waits until a chunk is used, or the stream has come to its end within it. */
async function written(stream: Gunzip, chunk: Uint8Array): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      stream.off('end', done);
      stream.off('close', done);
      resolve();
    };
    stream.once('end', done);
    stream.once('close', done);
    stream.write(chunk, done);
  });
}

async function nextOf(chunks: Chunks): Promise<Uint8Array | undefined> {
  const next = await chunks.next();
  return next.done ? undefined : next.value;
}

/** The bytes after leading zeros; `undefined` if there are none. */
async function skipZeros(start: Uint8Array | undefined, chunks: Chunks): Promise<Uint8Array | undefined> {
  for (let chunk = start; chunk !== undefined; chunk = await nextOf(chunks)) {
    const first = chunk.findIndex((byte) => byte !== 0);
    if (first >= 0) return chunk.subarray(first);
  }
  return undefined;
}

/** Decompression in browsers. */
async function* throughStream(chunks: Chunks): Chunks {
  const { readable, writable } = new DecompressionStream('gzip');
  const writer = writable.getWriter();
  const feed = (async () => {
    for await (const chunk of chunks) await writer.write(chunk as Uint8Array<ArrayBuffer>);
    await writer.close();
  })().catch((error) => writer.abort(error).catch(() => {}));
  const reader = readable.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
    await feed;
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/**
 * Decompresses a whole gzip file; see {@link gunzipChunks}.
 *
 * @throws {@link DataError} when the stream is damaged or cut off.
 */
export async function gunzip(caller: string, bytes: Uint8Array, argument = 'bytes'): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  async function* whole() {
    yield bytes;
  }
  try {
    for await (const chunk of gunzipChunks(whole())) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > maximumBytes) throw new Error(`more than ${maximumBytes} bytes`);
    }
  } catch (error) {
    throw new DataError(
      `${caller}: ${argument} must be a whole gzip file. Received: ${bytes.length} bytes that do not decompress (${(error as Error).message}).`,
      undefined,
      { cause: error },
    );
  }
  return concatenateBytes(chunks);
}
