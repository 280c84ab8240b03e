import type { ImageArray } from '../../data/index.js';
import { explainSystemError } from '../files/system-error.js';
import type { IdentifiedFile, IdentifyingPool } from '../pictures/decode-pool.js';
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

function unread(
  file: FoundFile,
  { code = '', message }: Extract<IdentifiedFile, { kind: 'unread' }>,
): ReadFile {
  if (code === 'ENOENT') return { ...file, kind: 'vanished' };
  const reason = explainSystemError({ code, message });
  return { ...file, kind: 'broken', hash: '', reason, lasting: lastingCodes.includes(code) };
}

/**
 * Reads files once, for their hash and for their pixels, and decodes those whose contents are new. All of it happens on
 * other threads: the network, which keeps this one busy, does not hold it up.
 *
 * @param hashesOf - Hashes of contents that have a vector, as far as they are as long as the file.
 */
export async function readChunk(
  files: readonly FoundFile[],
  [height, width]: readonly [number, number],
  pool: IdentifyingPool,
  hashesOf: (file: FoundFile) => readonly string[],
): Promise<ReadChunk> {
  const length = height * width * 3;
  const found = await pool.identify(files.map((file) => ({ name: file.name, unless: hashesOf(file) })));
  const data = new Uint8Array(found.filter(({ kind }) => kind === 'decoded').length * length);
  let row = 0;
  const results = found.map((result, i): ReadFile => {
    const file = files[i]!;
    if (result.kind === 'unread') return unread(file, result);
    if (result.kind === 'skipped') return { ...file, kind: 'known', hash: result.hash };
    if (result.kind === 'undecodable') {
      const { hash = '', error } = result;
      return { ...file, kind: 'broken', hash, reason: reasonOf(error.message), lasting: true };
    }
    data.set(result.picture.data, row * length);
    return { ...file, kind: 'decoded', hash: result.hash, row: row++ };
  });
  return { files: results, images: { data, shape: [row, height, width, 3] } };
}
