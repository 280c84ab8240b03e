import { type FileHandle, open } from 'node:fs/promises';
import { DataError } from '../../errors/errors.js';
import { isError } from '../../errors/is-error.js';
import { type FilePath, toFileName } from './file-path.js';
import { explainSystemError } from './system-error.js';

const chunkBytes = 2 ** 26;

/** The error of a file that cannot be read. */
export function unreadable(caller: string, path: FilePath, cause: unknown): DataError {
  return new DataError(
    `${caller}: path must be a file that can be read. Received: path=${JSON.stringify(String(path))} (${explainSystemError(cause)}).`,
    String(path),
    { cause },
  );
}

/**
 * Fills `target` from `position` on. One read may give less than what is asked for.
 *
 * @returns How many bytes there were: fewer only at the end of the file.
 */
export async function readFully(file: FileHandle, target: Uint8Array, position: number): Promise<number> {
  let filled = 0;
  while (filled < target.length) {
    const { bytesRead } = await file.read(target, filled, target.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

/**
 * Reads a whole file, or its first `limit` bytes, in pieces: one read of Node's ends at 2 GiB, and STL-10's
 * unlabeled pictures are larger.
 *
 * @param consume - Called with each piece, which is valid until it returns, and its offset.
 * @throws `DataError` naming the file when it cannot be read.
 */
export async function readPieces(
  caller: string,
  path: FilePath,
  options: { limit?: number | undefined; pieceBytes?: number },
  allocate: (bytes: number) => Uint8Array,
  consume: (piece: Uint8Array, target: Uint8Array, offset: number) => void,
): Promise<Uint8Array> {
  const { limit = Number.POSITIVE_INFINITY, pieceBytes = chunkBytes } = options;
  const name = toFileName(caller, 'path', path);
  let file: FileHandle | undefined;
  try {
    file = await open(name, 'r');
    const total = Math.min((await file.stat()).size, limit);
    const target = allocateFor(total, allocate);
    const buffer = new Uint8Array(Math.min(pieceBytes, total));
    for (let offset = 0; offset < total; ) {
      const piece = buffer.subarray(0, Math.min(buffer.length, total - offset));
      if ((await readFully(file, piece, offset)) < piece.length) {
        throw new Error('the file became shorter while it was read');
      }
      consume(piece, target, offset);
      offset += piece.length;
    }
    return target;
  } catch (error) {
    if (isError(error, 'DataError')) throw error;
    throw unreadable(caller, path, error);
  } finally {
    await file?.close();
  }
}

function allocateFor(bytes: number, allocate: (bytes: number) => Uint8Array): Uint8Array {
  try {
    return allocate(bytes);
  } catch (cause) {
    if ((cause as Error).name !== 'RangeError') throw cause;
    throw new Error(`its ${bytes} bytes do not fit into one array: ${(cause as Error).message}`, { cause });
  }
}

/** The bytes of a file. @throws `DataError` naming the file when it cannot be read. */
export function readBytes(caller: string, path: FilePath): Promise<Uint8Array> {
  return readPieces(
    caller,
    path,
    {},
    (bytes) => new Uint8Array(bytes),
    (piece, target, offset) => target.set(piece, offset),
  );
}
