import { join } from 'node:path';
import type { SkippedImage } from '../../data/index.js';
import { ValueRangeError } from '../../errors/errors.js';
import { explainSystemError, isSystemError } from '../files/system-error.js';
import { decodePlan } from '../pictures/decode-image.js';
import { defaultWorkers, makePool } from '../pictures/decode-pool.js';
import { type OpenIndex, unwritableIndex } from './open-index.js';
import { type ReadChunk, readChunk } from './read-pictures.js';
import type { FoundFile } from './scan-folder.js';
import { isHeld, tryLock } from './storage/lock.js';
import type { IndexedFile } from './storage/segment-file.js';
import { addSegment, mergeSegments, readSegments, type Segment } from './storage/segments.js';
import { compare, loadVectors, type VectorsByContents } from './stored-vectors.js';

/** What an update of an index did. */
export interface IndexChanges {
  /** Pictures whose vectors were computed. */
  embedded: number;
  /** Pictures whose vectors were there, also of files that moved, were copied or were only touched. */
  reused: number;
  /** Those of them that have another name than before. */
  renamed: number;
  /** Files that were dropped, because they are no longer there. */
  removed: number;
  /** Files that are not in the index yet: other shards have them, or the update was interrupted. */
  pending: number;
}

/** How to update. */
export interface UpdatePlan {
  caller: string;
  location: string;
  files: readonly FoundFile[];
  batchSize: number;
  /** Whether this process has to embed a path. */
  isOwn: (path: string) => boolean;
  keep: 'always' | 'whenPossible';
  signal: AbortSignal | undefined;
  onProgress: ((done: number, total: number) => void) | undefined;
}

/** An index as it is after an update. */
export interface UpdatedIndex {
  /** One row of each file: what the index holds of it. `undefined` where it is pending. */
  rows: (IndexedFile | undefined)[];
  /** `[files, dim]`; zeros where there is no vector. */
  vectors: Float32Array;
  changes: IndexChanges;
  /** Files that could not be read and may be readable later. */
  failed: SkippedImage[];
  /** Why the index could not be written. */
  unsaved: string | undefined;
}

const unwritableCodes = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT'];

/** Adds segments, until the system refuses where that is allowed. */
class Writer {
  unsaved: string | undefined;

  constructor(
    private readonly plan: UpdatePlan,
    private readonly folder: string,
    readonly segments: Segment[],
    private readonly dim: number,
  ) {}

  async add(files: IndexedFile[], vectors: Float32Array): Promise<void> {
    if (files.length === 0 || this.unsaved !== undefined) return;
    const { caller, keep, location } = this.plan;
    try {
      this.segments.push(await addSegment(caller, this.folder, files, vectors, this.dim));
    } catch (error) {
      if (!isSystemError(error) || error.code === 'ENOENT') throw error; // rebuilt by another process
      if (keep === 'always' || !unwritableCodes.includes(error.code ?? '')) {
        throw unwritableIndex(caller, location, error);
      }
      this.unsaved = explainSystemError(error);
    }
  }

  /** Merges small segments, unless another process does, or the system refuses. */
  async merge(): Promise<void> {
    const { caller, location } = this.plan;
    if (this.unsaved !== undefined) return;
    try {
      const lock = await tryLock(join(location, 'lock'));
      if (!isHeld(lock)) return;
      try {
        const merged = await mergeSegments(caller, this.folder, this.segments, this.dim);
        this.segments.splice(0, this.segments.length, ...merged);
      } finally {
        await lock.release();
      }
    } catch (error) {
      if (!isSystemError(error)) throw error; // the segments that there are hold everything
    }
  }
}

/** Small segments after which they are merged during an update. */
const mergeAfter = 128;

interface Update extends UpdatedIndex {
  dim: number;
  byContents: VectorsByContents;
  /** How many files of these contents are gone. */
  goneHashes: Map<string, number>;
}

/** Takes over what reading a chunk and the network gave. Returns the rows to store. */
function takeChunk(
  update: Update,
  { files }: ReadChunk,
  places: readonly number[],
  embedded: Float32Array,
): { rows: IndexedFile[]; vectors: Float32Array } {
  const { dim, byContents, changes } = update;
  const rows: IndexedFile[] = [];
  const taken = new Float32Array(files.length * dim);
  for (const [i, file] of files.entries()) {
    if (file.kind === 'vanished') continue;
    if (file.kind === 'broken' && !file.lasting) {
      update.failed.push({ path: file.name, reason: file.reason });
      continue;
    }
    const { path, size, hash } = file;
    const isBroken = file.kind === 'broken';
    const state = isBroken ? 'broken' : 'embedded';
    const time = isBroken ? file.changed : file.modified;
    const row: IndexedFile = { path, size, time, hash, state, reason: isBroken ? file.reason : '' };
    const place = places[i]!;
    update.rows[place] = row;
    if (!isBroken) {
      const vector =
        file.kind === 'known'
          ? byContents.get(hash)!
          : embedded.subarray(dim * file.row, dim * (file.row + 1));
      taken.set(vector, dim * rows.length);
      update.vectors.set(vector, dim * place);
      if (file.kind === 'decoded') {
        changes.embedded++;
        byContents.add(hash, size, update.vectors.subarray(dim * place, dim * (place + 1)));
      } else {
        changes.reused++;
        const gone = update.goneHashes.get(hash) ?? 0;
        if (gone > 0) {
          changes.renamed++;
          update.goneHashes.set(hash, gone - 1);
        }
      }
    }
    rows.push(row);
  }
  return { rows, vectors: taken.subarray(0, rows.length * dim) };
}

function checkFinite(caller: string, { files }: ReadChunk, vectors: Float32Array, dim: number): void {
  const bad = vectors.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const file = files.find((each) => each.kind === 'decoded' && each.row === Math.floor(bad / dim))!;
  throw new ValueRangeError(
    `${caller}: the model must give finite numbers; its training went wrong, or its weights are damaged. Received: ${vectors[bad]} in the vector of ${JSON.stringify(file.name)}.`,
  );
}

/** Chunks that are read and decoded while the network has one. */
const chunksAhead = 2;

/** Reads, decodes and embeds files, and stores each chunk. */
async function embedFiles(
  plan: UpdatePlan,
  index: OpenIndex,
  update: Update,
  writer: Writer,
  places: readonly number[],
): Promise<void> {
  const { caller, files, batchSize, signal, onProgress } = plan;
  const { dim, inputShape } = index.manifest.model;
  const size = [inputShape[0], inputShape[1]] as const;
  const pool = makePool(caller, decodePlan(caller, { size }), defaultWorkers());
  const hashesOf = ({ size: bytes }: FoundFile) => update.byContents.ofSize(bytes);
  const ahead: Promise<ReadChunk>[] = [];
  let asked = 0;
  const readAhead = () => {
    for (; asked < places.length && ahead.length < chunksAhead; asked += batchSize) {
      const chosen = places.slice(asked, asked + batchSize).map((place) => files[place]!);
      const chunk = readChunk(chosen, size, pool, hashesOf);
      chunk.catch(() => {}); // thrown where it is awaited
      ahead.push(chunk);
    }
  };
  try {
    readAhead();
    for (let start = 0; start < places.length; start += batchSize) {
      const chunk = await ahead.shift()!;
      if (signal?.aborted) return;
      readAhead();
      let embedded = new Float32Array(0);
      if (chunk.images.shape[0] > 0) {
        embedded = (await (await index.network()).embed(chunk.images, batchSize)) as typeof embedded;
        checkFinite(caller, chunk, embedded, dim);
      }
      const chunkPlaces = places.slice(start, start + batchSize);
      const { rows, vectors } = takeChunk(update, chunk, chunkPlaces, embedded);
      await writer.add(rows, vectors);
      if (writer.segments.length % mergeAfter === 0) await writer.merge();
      update.changes.pending -= chunkPlaces.length;
      onProgress?.(start + chunkPlaces.length, places.length);
    }
  } finally {
    await pool.close();
  }
}

/** Brings an index up to date with the files of its folder. */
export async function updateIndex(plan: UpdatePlan, index: OpenIndex): Promise<UpdatedIndex> {
  const { caller, files, isOwn, signal } = plan;
  const { dim } = index.manifest.model;
  const segments = await readSegments(caller, index.folder);
  const { known, gone } = compare(files, segments);
  const unknown = [...known.keys()].filter((place) => known[place] === undefined);
  const places = unknown.filter((place) => isOwn(files[place]!.path));
  const vectors = new Float32Array(files.length * dim);
  const sizes = new Set(places.map((place) => files[place]!.size));
  const byContents = await loadVectors(caller, segments, known, sizes, vectors, dim);
  const goneHashes = new Map<string, number>();
  for (const { hash } of gone) goneHashes.set(hash, (goneHashes.get(hash) ?? 0) + 1);
  const update: Update = {
    rows: known,
    vectors,
    changes: {
      embedded: 0,
      reused: known.filter((file) => file?.state === 'embedded').length,
      renamed: 0,
      removed: 0,
      pending: unknown.length,
    },
    failed: [],
    unsaved: undefined,
    dim,
    byContents,
    goneHashes,
  };
  const writer = new Writer(plan, index.folder, segments, dim);
  if (places.length > 0) await embedFiles(plan, index, update, writer, places);
  // After an interruption, the file of a moved picture may not have been read yet, and needs the old vector.
  if (!signal?.aborted) {
    const dropped = gone.filter(({ path }) => isOwn(path));
    const rows = dropped.map((file): IndexedFile => ({ ...file, state: 'gone', reason: '' }));
    await writer.add(rows, new Float32Array(rows.length * dim));
    update.changes.removed = Math.max(0, dropped.length - update.changes.renamed);
    await writer.merge();
  }
  update.unsaved = writer.unsaved;
  return update;
}
