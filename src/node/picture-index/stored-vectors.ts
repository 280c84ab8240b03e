import type { FoundFile } from './scan-folder.js';
import type { IndexedFile } from './storage/segment-file.js';
import { newestRows, readSegmentVectors, type Segment } from './storage/segments.js';

/** Where a vector is stored. */
interface Place {
  segment: Segment;
  row: number;
}

/** What an index holds, against what the folder holds. */
export interface Comparison {
  /** What the index knows of each file of the folder; `undefined` for those to be read. */
  known: (IndexedFile | undefined)[];
  /** Paths with a vector or a failure whose files are no longer there. */
  gone: IndexedFile[];
}

/** Compares the files of a folder with the rows of an index. */
export function compare(files: readonly FoundFile[], segments: readonly Segment[]): Comparison {
  const newest = newestRows(segments);
  const rowOf = (path: string) => {
    const place = newest.get(path);
    return place && place.segment.files[place.row]!;
  };
  const known = files.map(({ path, size, modified, changed }) => {
    const row = rowOf(path);
    if (!row || row.state === 'gone' || row.size !== size) return undefined;
    return row.time === (row.state === 'broken' ? changed : modified) ? row : undefined;
  });
  const listed = new Set(files.map(({ path }) => path));
  const gone: IndexedFile[] = [];
  for (const [path, { segment, row }] of newest) {
    const file = segment.files[row]!;
    if (file.state !== 'gone' && !listed.has(path)) gone.push(file);
  }
  return { known, gone };
}

/** Vectors by the hash of the contents that they are of. */
export class VectorsByContents {
  private readonly vectors = new Map<string, Float32Array>();
  private readonly hashes = new Map<number, string[]>();

  /** @param size - Bytes of the file. */
  add(hash: string, size: number, vector: Float32Array): void {
    const same = this.hashes.get(size);
    if (!this.vectors.has(hash)) {
      if (same) same.push(hash);
      else this.hashes.set(size, [hash]);
    }
    this.vectors.set(hash, vector);
  }

  get(hash: string): Float32Array | undefined {
    return this.vectors.get(hash);
  }

  /** Hashes of contents of so many bytes. */
  ofSize(size: number): readonly string[] {
    return this.hashes.get(size) ?? [];
  }
}

/**
 * Loads vectors: those of known files to their rows, and others that a file of the same contents may need.
 *
 * @param vectors - `[files, dim]`, filled in where a file is known.
 * @param sizes - Sizes of the files that are still to be read.
 * @returns Vectors of contents that files of these sizes may have.
 */
export async function loadVectors(
  caller: string,
  segments: readonly Segment[],
  known: readonly (IndexedFile | undefined)[],
  sizes: ReadonlySet<number>,
  vectors: Float32Array,
  dim: number,
): Promise<VectorsByContents> {
  const target = new Uint8Array(vectors.buffer, vectors.byteOffset, vectors.byteLength);
  const rows = new Map<string, number>();
  for (const [row, file] of known.entries()) if (file?.state === 'embedded') rows.set(file.path, row);
  const newest = newestRows(segments);
  const byContents = new VectorsByContents();
  for (const segment of segments) {
    const isNewest = ({ path }: IndexedFile, row: number) => {
      const place: Place = newest.get(path)!;
      return place.segment === segment && place.row === row;
    };
    const places = segment.files.map((file, row) => {
      return file.state === 'embedded' && isNewest(file, row) ? rows.get(file.path) : undefined;
    });
    const mayRecur = segment.files.map(({ state, size }) => state === 'embedded' && sizes.has(size));
    if (!places.some((place) => place !== undefined) && !mayRecur.includes(true)) continue;
    await readSegmentVectors(caller, segment, (row, bytes) => {
      const place = places[row];
      if (place !== undefined) target.set(bytes, 4 * dim * place);
      if (!mayRecur[row]) return;
      const vector =
        place === undefined ? new Float32Array(dim) : vectors.subarray(dim * place, dim * (place + 1));
      if (place === undefined) new Uint8Array(vector.buffer).set(bytes);
      const { hash, size } = segment.files[row]!;
      byContents.add(hash, size, vector);
    });
  }
  return byContents;
}
