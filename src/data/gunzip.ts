import { DataError } from '../errors/errors.js';

/** Larger than any file that these readers are for; a small file that grows beyond it is an attack. */
const maximumBytes = 2 ** 31 - 1;

/** Whether `bytes` start as a gzip file does (RFC 1952). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Decompresses gzip with what browsers and Node both have.
 *
 * @throws {@link DataError} when the stream is damaged or cut off.
 */
export async function gunzip(caller: string, bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new DecompressionStream('gzip');
  // Errors of the writing side come out of the reading side as well; here they must only not go unhandled.
  const writer = stream.writable.getWriter();
  writer.write(bytes as Uint8Array<ArrayBuffer>).catch(() => {});
  writer.close().catch(() => {});
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    const reader = stream.readable.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      chunks.push(part.value);
      length += part.value.length;
      if (length > maximumBytes) {
        await reader.cancel();
        throw new Error(`more than ${maximumBytes} bytes`);
      }
    }
  } catch (error) {
    throw new DataError(
      `${caller}: bytes must be a whole gzip file. Received: ${bytes.length} bytes that do not decompress (${(error as Error).message}).`,
      undefined,
      { cause: error },
    );
  }
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
