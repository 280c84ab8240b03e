import { stat } from 'node:fs/promises';
import type { ImageArray } from 'simclr-ts';
import { type DecodePool, decodePool, imageFolder, type SkippedImage } from 'simclr-ts/node';
import { isError } from '../../errors/is-error.js';
import type { Context } from '../context.js';
import { CommandError, exitCodes } from '../exit-codes.js';

/** Files of pictures, sorted by name. */
export interface ListedPictures {
  paths: readonly string[];
  /** Only if every picture lies in a class folder. */
  labels?: Int32Array;
  classNames?: readonly string[];
}

/** Lists the pictures of a folder. */
export async function listFolder(dir: string): Promise<ListedPictures> {
  const { paths, labels, classNames } = await imageFolder(dir, { size: 1 });
  return { paths, ...(labels && { labels }), ...(classNames && { classNames }) };
}

/** Lists the pictures of a folder, or returns the one file. */
export async function listPictures(path: string): Promise<ListedPictures> {
  let isFile: boolean;
  try {
    isFile = (await stat(path)).isFile();
  } catch {
    throw new CommandError(
      `There is no picture and no folder of pictures at ${JSON.stringify(path)}.`,
      exitCodes.files,
    );
  }
  return isFile ? { paths: [path] } : listFolder(path);
}

/** Some pictures that were decoded together. */
export interface DecodedChunk {
  /** The decoded pictures. */
  images: ImageArray;
  /** Their positions in the list. */
  indices: number[];
  /** Files that could not be decoded. */
  skipped: SkippedImage[];
}

async function decodeChunk(
  pool: DecodePool,
  paths: readonly string[],
  start: number,
  count: number,
  size: readonly [number, number],
): Promise<DecodedChunk> {
  const chosen = paths.slice(start, start + count);
  const results = await pool(chosen.map((name) => ({ name })));
  const [height, width] = size;
  const pixels = new Uint8Array(chosen.length * height * width * 3);
  const indices: number[] = [];
  const skipped: SkippedImage[] = [];
  for (const [i, result] of results.entries()) {
    if (isError(result, 'DataError')) {
      // Without the name of the internal function.
      skipped.push({ path: chosen[i]!, reason: result.message.replace(/^\w+: /, '') });
      continue;
    }
    pixels.set(result.data, indices.length * height * width * 3);
    indices.push(start + i);
  }
  const data = pixels.subarray(0, indices.length * height * width * 3);
  return { images: { data, shape: [indices.length, height, width, 3] }, indices, skipped };
}

/** Decodes pictures chunk by chunk on other threads, one chunk ahead. */
export async function* decodeInChunks(
  paths: readonly string[],
  size: readonly [number, number],
  chunkSize: number,
): AsyncGenerator<DecodedChunk, void, undefined> {
  // The pool holds few files in memory and reports errors per file.
  const pool = decodePool({ size });
  try {
    let next = decodeChunk(pool, paths, 0, chunkSize, size);
    for (let start = 0; start < paths.length; start += chunkSize) {
      const chunk = await next;
      const following = start + chunkSize;
      if (following < paths.length) {
        next = decodeChunk(pool, paths, following, chunkSize, size);
        next.catch(() => {}); // thrown where it is awaited
      }
      yield chunk;
    }
  } finally {
    await pool.close();
  }
}

/** Decodes one or more pictures into one array. */
export async function decodeAtOnce(
  paths: readonly string[],
  size: readonly [number, number],
): Promise<DecodedChunk> {
  for await (const chunk of decodeInChunks(paths, size, paths.length)) return chunk;
  throw new Error('decodeAtOnce: there must be a picture.');
}

const listedAtMost = 20;

/** The reason in a decoding error. */
function shortReason(reason: string): string {
  return /\(([^()]*(?:\([^()]*\)[^()]*)*)\)\.?$/.exec(reason)?.[1] ?? reason;
}

/** Warns of files that were left out. */
export function warnOfSkipped(skipped: readonly SkippedImage[], context: Context): void {
  if (skipped.length === 0) return;
  const count =
    skipped.length === 1
      ? '1 file is not a complete picture'
      : `${skipped.length} files are not complete pictures`;
  const lines = skipped.slice(0, listedAtMost).map(({ path, reason }) => `  ${path}: ${shortReason(reason)}`);
  const rest = skipped.length - lines.length;
  if (rest > 0) lines.push(`  and ${rest} more; --json lists all`);
  context.warn(`${count}. Left out:\n${lines.join('\n')}`);
}
