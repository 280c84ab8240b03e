import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ImageArray } from '../../data/index.js';
import { isError } from '../../errors/is-error.js';
import { explainSystemError, isSystemError } from '../files/system-error.js';
import type { DecodePool } from '../pictures/decode-pool.js';
import type { FoundFile } from './scan-folder.js';

/** A file of a chunk after it was read. */
export type ReadFile = FoundFile &
  (
    | { kind: 'vanished' }
    /** `lasting`: it will be the same until the file changes. */
    | { kind: 'broken'; hash: string; reason: string; lasting: boolean }
    /** Its contents have a vector already. */
    | { kind: 'known'; hash: string }
    /** A picture: number `row` of the chunk's. */
    | { kind: 'decoded'; hash: string; row: number }
  );

/** Some files, read, and the pictures among them, decoded. */
export interface ReadChunk {
  files: ReadFile[];
  images: ImageArray;
}

/** The part of a decoding error that says why. */
function reasonOf(message: string): string {
  return /\(([^()]*(?:\([^()]*\)[^()]*)*)\)\.?$/.exec(message)?.[1] ?? message;
}

const lastingCodes = ['EACCES', 'EPERM', 'EISDIR'];

/** Files whose bytes are in memory at the same time. */
const together = 8;

/** Reads files once, for their hash and for their pixels, and decodes those whose contents are new. */
export async function readChunk(
  files: readonly FoundFile[],
  size: readonly [number, number],
  pool: DecodePool,
  isKnown: (hash: string) => boolean,
): Promise<ReadChunk> {
  const [height, width] = size;
  const length = height * width * 3;
  const pixels = new Map<number, Uint8Array>();

  async function read(file: FoundFile, index: number): Promise<ReadFile> {
    let bytes: Uint8Array;
    try {
      bytes = await readFile(file.name);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      if (error.code === 'ENOENT') return { ...file, kind: 'vanished' };
      const lasting = lastingCodes.includes(error.code ?? '');
      return { ...file, kind: 'broken', hash: '', reason: explainSystemError(error), lasting };
    }
    const hash = createHash('sha256').update(bytes).digest('hex');
    if (isKnown(hash)) return { ...file, kind: 'known', hash };
    const [result] = await pool([{ name: file.name, bytes }]);
    if (isError(result, 'DataError')) {
      return { ...file, kind: 'broken', hash, reason: reasonOf(result.message), lasting: true };
    }
    pixels.set(index, result!.data as Uint8Array);
    return { ...file, kind: 'decoded', hash, row: 0 };
  }

  const results = new Array<ReadFile>(files.length);
  let next = 0;
  const work = async () => {
    while (next < files.length) {
      const index = next++;
      results[index] = await read(files[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: together }, work));
  const data = new Uint8Array(pixels.size * length);
  let row = 0;
  for (const [index, file] of results.entries()) {
    if (file.kind !== 'decoded') continue;
    data.set(pixels.get(index)!, row * length);
    file.row = row++;
  }
  return { files: results, images: { data, shape: [row, height, width, 3] } };
}
