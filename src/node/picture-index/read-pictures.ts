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

/** Files that are read, and decoded by one job of the pool: a job for each would leave its threads idle in between. */
const perJob = 8;

/** Jobs whose files are in memory at the same time: one is read while the other is decoded. */
const jobsAtOnce = 2;

/** A file whose bytes are read and whose contents have no vector yet. */
type Undecoded = FoundFile & { kind: 'undecoded'; hash: string; bytes: Uint8Array };

async function readOne(
  file: FoundFile,
  isKnown: (hash: string) => boolean,
): Promise<Exclude<ReadFile, { kind: 'decoded' }> | Undecoded> {
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
  return isKnown(hash) ? { ...file, kind: 'known', hash } : { ...file, kind: 'undecoded', hash, bytes };
}

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
  const results = new Array<ReadFile>(files.length);

  async function readJob(start: number): Promise<void> {
    const read = await Promise.all(files.slice(start, start + perJob).map((file) => readOne(file, isKnown)));
    const undecoded = read.filter((file) => file.kind === 'undecoded');
    const decoded = await pool(undecoded.map(({ name, bytes }) => ({ name, bytes })));
    let next = 0;
    for (const [i, file] of read.entries()) {
      if (file.kind !== 'undecoded') {
        results[start + i] = file;
        continue;
      }
      const { bytes: _, ...known } = file;
      const result = decoded[next++]!;
      if (isError(result, 'DataError')) {
        results[start + i] = { ...known, kind: 'broken', reason: reasonOf(result.message), lasting: true };
        continue;
      }
      pixels.set(start + i, result.data as Uint8Array);
      results[start + i] = { ...known, kind: 'decoded', row: 0 };
    }
  }

  let next = 0;
  const work = async () => {
    while (next < files.length) {
      const start = next;
      next += perJob;
      await readJob(start);
    }
  };
  await Promise.all(Array.from({ length: jobsAtOnce }, work));
  const data = new Uint8Array(pixels.size * length);
  let row = 0;
  for (const [index, file] of results.entries()) {
    if (file.kind !== 'decoded') continue;
    data.set(pixels.get(index)!, row * length);
    file.row = row++;
  }
  return { files: results, images: { data, shape: [row, height, width, 3] } };
}
