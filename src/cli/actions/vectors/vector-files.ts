import { extname } from 'node:path';
import { CommandError, exitCodes } from '../../exit-codes.js';
import { writeInPieces } from '../write-file.js';
import { writeParquet } from './parquet-vectors.js';
import { csvHead, csvRow, jsonRow, npyHeader, safetensorsHeader } from './vector-formats.js';
import type { NamedVectors, VectorFile, VectorSource } from './vector-source.js';

export type { NamedVectors, VectorFile, VectorSource };

/** What was written. */
export interface WrittenVectors {
  /** The files, the requested one first. */
  files: string[];
  /** Number of vectors. */
  rows: number;
}

/** Characters that are collected before they go to the file. */
const pieceLength = 2 ** 20;

/** Writes texts one after the other, in pieces of bounded size. */
async function writeTexts(file: VectorFile, texts: AsyncIterable<string> | Iterable<string>): Promise<void> {
  let piece = '';
  for await (const text of texts) {
    piece += text;
    if (piece.length < pieceLength) continue;
    await file.appendFile(piece);
    piece = '';
  }
  await file.appendFile(piece);
}

/** Writes a line for each vector. Returns their number. */
export async function writeLines(
  file: VectorFile,
  head: string,
  lineOf: (path: string, vector: Float32Array) => string,
  { dim, chunks }: VectorSource,
): Promise<number> {
  let rows = 0;
  async function* lines() {
    yield head;
    for await (const { vectors, paths } of chunks) {
      for (const [row, path] of paths.entries()) {
        yield lineOf(path, vectors.data.subarray(row * dim, (row + 1) * dim));
        rows++;
      }
    }
  }
  await writeTexts(file, lines());
  return rows;
}

/**
 * Writes a matrix whose header holds the number of rows, which is known only at the end. Reserves space for the longest
 * header and fills it in last.
 *
 * @param header - A header for files that have a vector, of at least `length` bytes.
 * @returns The files that have a vector.
 */
export async function writeMatrix(
  file: VectorFile,
  header: (paths: readonly string[], length: number) => Uint8Array,
  { paths: all, chunks }: VectorSource,
): Promise<string[]> {
  const { length } = header(all, 0);
  await file.appendFile(new Uint8Array(length));
  const kept: string[] = [];
  for await (const { vectors, paths } of chunks) {
    const { buffer, byteOffset, byteLength } = vectors.data;
    await file.appendFile(new Uint8Array(buffer, byteOffset, byteLength));
    for (const path of paths) kept.push(path);
  }
  const start = header(kept, length);
  for (let at = 0; at < length; ) at += (await file.write(start, at, length - at, at)).bytesWritten;
  return kept;
}

function* jsonList(texts: readonly string[]): Generator<string> {
  for (const [i, text] of texts.entries()) yield `${i === 0 ? '[' : ','}\n  ${JSON.stringify(text)}`;
  yield texts.length === 0 ? '[]\n' : '\n]\n';
}

const writers: Record<string, (path: string, source: VectorSource) => Promise<WrittenVectors>> = {
  '.npy': async (path, source) => {
    // The format holds one array and no names.
    const names = `${path.slice(0, -'.npy'.length)}.paths.json`;
    const rows = await writeInPieces(path, async (file) => {
      const header = ({ length }: readonly string[], bytes: number) => npyHeader(length, source.dim, bytes);
      const kept = await writeMatrix(file, header, source);
      await writeInPieces(names, (list) => writeTexts(list, jsonList(kept)));
      return kept.length;
    });
    return { files: [path, names], rows };
  },
  '.safetensors': async (path, source) => {
    const header = (kept: readonly string[], bytes: number) => safetensorsHeader(kept, source.dim, bytes);
    const kept = await writeInPieces(path, (file) => writeMatrix(file, header, source));
    return { files: [path], rows: kept.length };
  },
  '.parquet': async (path, source) => {
    const rows = await writeInPieces(path, (file) => writeParquet(file, source));
    return { files: [path], rows };
  },
  '.csv': async (path, source) => {
    const rows = await writeInPieces(path, (file) => writeLines(file, csvHead(source), csvRow, source));
    return { files: [path], rows };
  },
  '.jsonl': async (path, source) => {
    const rows = await writeInPieces(path, (file) => writeLines(file, '', jsonRow, source));
    return { files: [path], rows };
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

/**
 * Writes vectors as they come, in the format of the file's extension. The file appears under its name when it is complete.
 * If writing fails, an earlier file stays.
 */
export function writeVectors(path: string, source: VectorSource): Promise<WrittenVectors> {
  return writers[extname(path)]!(path, source);
}
