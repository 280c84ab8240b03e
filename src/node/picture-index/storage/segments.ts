import { webcrypto } from 'node:crypto';
import { open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readFully } from '../../files/read-bytes.js';
import { removeLeftovers, replaceFileBy } from '../../files/write-durably.js';
import { damagedIndex, type IndexedFile, readFiles, readVectors, segmentBytes } from './segment-file.js';

/** A file with some rows of an index. */
export interface Segment {
  /** Later segments have higher numbers. */
  sequence: number;
  path: string;
  /** The start of the SHA-256 of its contents. */
  sha: string;
  files: IndexedFile[];
}

const pattern = /^(\d{8})-([0-9a-f]{16})\.parquet$/;

interface Named {
  sequence: number;
  path: string;
  sha: string;
}

/** The segments in a folder, oldest first. */
async function listSegments(folder: string): Promise<Named[]> {
  const found: Named[] = [];
  for (const name of await readdir(folder)) {
    const [, sequence, sha] = pattern.exec(name) ?? [];
    if (sequence !== undefined)
      found.push({ sequence: Number(sequence), path: join(folder, name), sha: sha! });
  }
  return found.sort((a, b) => a.sequence - b.sequence || (a.sha < b.sha ? -1 : 1));
}

async function readNamed(caller: string, named: Named): Promise<Segment> {
  const file = await open(named.path, 'r');
  try {
    const { size } = await file.stat();
    const slice = async (start: number, end = size) => {
      const bytes = new Uint8Array(end - start);
      if ((await readFully(file, bytes, start)) < bytes.length) throw new Error('it is cut off');
      return bytes.buffer;
    };
    return { ...named, files: await readFiles(caller, named.path, { byteLength: size, slice }) };
  } finally {
    await file.close();
  }
}

/** Reads what the segments of a folder know, without their vectors. */
export async function readSegments(caller: string, folder: string): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (const named of await listSegments(folder)) segments.push(await readNamed(caller, named));
  return segments;
}

/**
 * Reads the vectors of a segment. They count only when it has returned: at the end its contents are compared with their hash.
 *
 * @param receive - Called with each row and the bytes of its vector, which are valid during the call.
 */
export async function readSegmentVectors(
  caller: string,
  { path, sha }: Segment,
  receive: (row: number, bytes: Uint8Array) => void,
): Promise<void> {
  const bytes = await readFile(path);
  // On another thread, while this one reads the vectors.
  const hashing = webcrypto.subtle.digest('SHA-256', bytes);
  const { buffer, byteOffset, length } = bytes;
  const slice = (start: number, end = length) => {
    return buffer.slice(byteOffset + start, byteOffset + end) as ArrayBuffer;
  };
  await readVectors(caller, path, { byteLength: length, slice }, receive);
  if (
    !Buffer.from(await hashing)
      .toString('hex')
      .startsWith(sha)
  ) {
    throw damagedIndex(caller, path, 'whose contents are not those that were written');
  }
}

/** Adds a segment: written under another name, flushed, and renamed. */
export async function addSegment(
  caller: string,
  folder: string,
  files: IndexedFile[],
  vectors: Float32Array,
  dim: number,
): Promise<Segment> {
  const { bytes, sha256 } = await segmentBytes(caller, files, vectors, dim);
  const sequence = ((await listSegments(folder)).at(-1)?.sequence ?? 0) + 1;
  const sha = sha256.slice(0, 16);
  const path = join(folder, `${String(sequence).padStart(8, '0')}-${sha}.parquet`);
  await replaceFileBy(path, (file) => file.appendFile(bytes));
  return { sequence, path, sha, files };
}

/** Rows of a segment that is not merged with others any more. */
const largeSegment = 16_384;

/** Small segments that may be there before they are merged. */
const smallSegments = 16;

/** The segments to merge into one: many small ones, and those most of whose rows no longer count. */
function toMerge(
  segments: readonly Segment[],
  counts: (segment: Segment, row: number) => boolean,
): Segment[] {
  const small = segments.filter(({ files }) => files.length < largeSegment);
  const sparse = segments.filter((segment) => {
    const live = segment.files.filter((_, row) => counts(segment, row)).length;
    return segment.files.length >= largeSegment && live < segment.files.length / 2;
  });
  return small.length > smallSegments || sparse.length > 0 ? [...small, ...sparse] : [];
}

/**
 * Merges small segments into larger ones, and drops rows that no longer count. The lock must be held. Whenever this is
 * interrupted, every row that counts is in some segment.
 *
 * @param segments - All segments, oldest first.
 * @returns The segments that there are then.
 */
export async function mergeSegments(
  caller: string,
  folder: string,
  segments: readonly Segment[],
  dim: number,
): Promise<Segment[]> {
  const newest = newestRows(segments);
  const counts = (segment: Segment, row: number) => {
    const place = newest.get(segment.files[row]!.path)!;
    return place.segment === segment && place.row === row;
  };
  const merged = toMerge(segments, counts);
  if (merged.length === 0) return [...segments];
  const rest = segments.filter((segment) => !merged.includes(segment));
  const elsewhere = new Set(rest.flatMap(({ files }) => files.map(({ path }) => path)));
  let files: IndexedFile[] = [];
  let pieces: Uint8Array[] = [];
  const added: Segment[] = [];
  const flush = async () => {
    if (files.length === 0) return;
    const vectors = new Float32Array(files.length * dim);
    const raw = new Uint8Array(vectors.buffer);
    for (const [row, piece] of pieces.entries()) raw.set(piece, 4 * dim * row);
    added.push(await addSegment(caller, folder, files, vectors, dim));
    [files, pieces] = [[], []];
  };
  for (const segment of merged.sort((a, b) => a.sequence - b.sequence)) {
    await readSegmentVectors(caller, segment, (row, bytes) => {
      const file = segment.files[row]!;
      // That a file is gone must be known as long as an older row of it is left.
      if (!counts(segment, row) || (file.state === 'gone' && !elsewhere.has(file.path))) return;
      files.push(file);
      pieces.push(new Uint8Array(bytes));
    });
    if (files.length >= largeSegment) await flush();
  }
  await flush();
  const kept = new Set(added.map(({ path }) => path));
  for (const { path } of merged) if (!kept.has(path)) await rm(path, { force: true });
  await removeLeftovers(folder);
  return [...rest, ...added];
}

/** Where the newest row of each path is. */
export function newestRows(segments: readonly Segment[]): Map<string, { segment: Segment; row: number }> {
  const newest = new Map<string, { segment: Segment; row: number }>();
  for (const segment of segments) {
    for (const [row, { path }] of segment.files.entries()) newest.set(path, { segment, row });
  }
  return newest;
}
