import { extname } from 'node:path';
import type { EmbeddingArray } from 'simclr-ts';
import { writeSafetensors } from 'simclr-ts/interop';
import { CommandError, exitCodes } from '../exit-codes.js';
import { writeWhole } from './write-file.js';

/** Vectors and the files they are of. */
export interface NamedVectors {
  vectors: EmbeddingArray;
  paths: readonly string[];
}

/**
 * A matrix in numpy's format, version 1.0: float32, rows one after the other.
 *
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function toNpy({ data, shape: [rows, dim] }: EmbeddingArray): Uint8Array {
  const description = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${dim}), }`;
  const prefix = 10; // magic, version, length of the header
  const length = Math.ceil((prefix + description.length + 1) / 64) * 64 - prefix;
  const file = new Uint8Array(prefix + length + data.length * 4);
  file.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, length & 0xff, length >> 8]);
  file.set(new TextEncoder().encode(`${description.padEnd(length - 1)}\n`), prefix);
  file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), prefix + length);
  return file;
}

/** The shortest number that float32 reads as the same. */
function shortNumber(value: number): number {
  return Number(value.toPrecision(9));
}

function rowsOf({ vectors, paths }: NamedVectors): { path: string; vector: number[] }[] {
  const [, dim] = vectors.shape;
  return paths.map((path, row) => ({
    path,
    vector: Array.from(vectors.data.subarray(row * dim, (row + 1) * dim), shortNumber),
  }));
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** One line a picture behind a line of names: path, h0, h1, ... (RFC 4180, but for the line ends). */
export function toCSV(named: NamedVectors): string {
  const columns = Array.from({ length: named.vectors.shape[1] }, (_, column) => `h${column}`);
  const lines = rowsOf(named).map(({ path, vector }) => [quoted(path), ...vector].join(','));
  return `${[['path', ...columns].join(','), ...lines].join('\n')}\n`;
}

/** One JSON object a line: { "path": ..., "vector": [...] }. */
export function toJSONLines(named: NamedVectors): string {
  return rowsOf(named)
    .map((row) => `${JSON.stringify(row)}\n`)
    .join('');
}

const writers: Record<string, (path: string, named: NamedVectors) => Promise<string[]>> = {
  '.npy': async (path, { vectors, paths }) => {
    // The format holds one array and no names.
    const names = `${path.slice(0, -'.npy'.length)}.paths.json`;
    await writeWhole(names, `${JSON.stringify(paths, null, 2)}\n`);
    await writeWhole(path, toNpy(vectors));
    return [path, names];
  },
  '.safetensors': async (path, { vectors, paths }) => {
    const { data, shape } = vectors;
    const metadata = { paths: JSON.stringify(paths) };
    await writeWhole(path, writeSafetensors({ vectors: { data, shape } }, { metadata }));
    return [path];
  },
  '.csv': async (path, named) => {
    await writeWhole(path, toCSV(named));
    return [path];
  },
  '.jsonl': async (path, named) => {
    await writeWhole(path, toJSONLines(named));
    return [path];
  },
};

/** @throws {@link CommandError} unless vectors can be written to a file of this name. */
export function checkVectorFile(path: string): void {
  if (Object.hasOwn(writers, extname(path))) return;
  throw new CommandError(
    `--out must end with ${Object.keys(writers).join(', ')}. Received: ${JSON.stringify(path)}.`,
    exitCodes.usage,
  );
}

/** Writes vectors in the format that the name's end says. Returns the files that were written. */
export async function writeVectors(path: string, named: NamedVectors): Promise<string[]> {
  return writers[extname(path)]!(path, named);
}
