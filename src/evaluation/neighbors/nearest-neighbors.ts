import { checkInteger } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { checkSameDim, type Embeddings, readEmbeddings } from '../embeddings.js';
import { forEachSimilarityBlock } from '../linear-algebra/similarity-blocks.js';
import { type UnitRows, unitRows } from '../linear-algebra/unit-rows.js';

/** The references nearest to each query. Both arrays are row-major `[queries, neighbors]`, nearest first. */
export interface NearestNeighbors {
  /** Row numbers in the references. Of equal similarities the lower row number comes first. */
  indices: Int32Array;
  /** Cosine similarities, from -1 to 1; exactly 1 between rows with the same values. */
  similarities: Float32Array;
  /** Number of neighbors per query. */
  neighbors: number;
}

/** Inserts a similarity that is above the last of a sorted list, nearest first, behind those that equal it. */
export function insertNeighbor(
  value: number,
  index: number,
  similarities: Float32Array,
  indices: Int32Array,
  start: number,
  count: number,
): void {
  let place = start + count - 1;
  while (place > start && similarities[place - 1]! < value) {
    similarities[place] = similarities[place - 1]!;
    indices[place] = indices[place - 1]!;
    place--;
  }
  similarities[place] = value;
  indices[place] = index;
}

/** Inserts a row of similarities into a sorted list, nearest first. */
function keepLargest(
  row: Float32Array,
  firstIndex: number,
  similarities: Float32Array,
  indices: Int32Array,
  start: number,
  count: number,
): void {
  const last = start + count - 1;
  let smallest = similarities[last]!;
  for (let i = 0; i < row.length; i++) {
    const value = row[i]!;
    if (!(value > smallest)) continue;
    insertNeighbor(value, firstIndex + i, similarities, indices, start, count);
    smallest = similarities[last]!;
  }
}

/**
 * Finds the exact nearest references: products on the device in blocks, selection on the host.
 *
 * @param excludeSelf - Whether query i is reference i, which must not find itself.
 */
export async function searchNeighbors(
  queries: UnitRows,
  references: UnitRows,
  count: number,
  excludeSelf = false,
): Promise<NearestNeighbors> {
  const similarities = new Float32Array(queries.rows * count).fill(Number.NEGATIVE_INFINITY);
  const indices = new Int32Array(queries.rows * count).fill(-1);
  await forEachSimilarityBlock(queries, references, ({ values, query, height, reference, width }) => {
    for (let row = 0; row < height; row++) {
      const line = values.subarray(row * width, (row + 1) * width);
      const self = query + row - reference;
      if (excludeSelf && self >= 0 && self < width) line[self] = Number.NEGATIVE_INFINITY;
      keepLargest(line, reference, similarities, indices, (query + row) * count, count);
    }
  });
  return { indices, similarities, neighbors: count };
}

/** @throws {@link InvalidOptionError} unless 1 <= neighbors <= references. */
export function checkNeighbors(caller: string, neighbors: number, references: number): void {
  checkInteger(caller, 'neighbors', neighbors);
  if (neighbors > references) {
    throw new InvalidOptionError(
      `${caller}: neighbors must be at most the number of references. Received: neighbors=${neighbors}, references=${references}.`,
    );
  }
}

/**
 * Finds the `neighbors` references with the highest cosine similarity to each query. The search is exact.
 *
 * The active backend computes similarities in blocks of bounded memory. When the queries are among the references, each
 * finds itself first: ask for one more neighbor and drop that index.
 *
 * @param queries - Shape `[q, d]`, not necessarily normalized. A row of zeros has similarity 0 with every row.
 * @param references - Shape `[n, d]`.
 * @param neighbors - Neighbors per query, from 1 to n.
 * @returns Indices and similarities, both `[q, neighbors]` and nearest first.
 * @throws {@link ShapeError} unless both are float32 matrices with at least one row and the same number of columns.
 * @throws {@link ValueRangeError} when a value is NaN or infinite.
 * @throws {@link InvalidOptionError} when `neighbors` is not an integer from 1 to n.
 * @example
 * const queries = { data: Float32Array.of(1, 0.1), shape: [1, 2] } as const;
 * const references = { data: Float32Array.of(0, 1, 2, 0), shape: [2, 2] } as const;
 * const { indices } = await nearestNeighbors(queries, references, 1); // Int32Array [1]
 */
export async function nearestNeighbors(
  queries: Embeddings,
  references: Embeddings,
  neighbors: number,
): Promise<NearestNeighbors> {
  const caller = 'nearestNeighbors';
  const from = await readEmbeddings(caller, 'queries', queries);
  const among = await readEmbeddings(caller, 'references', references);
  checkSameDim(caller, 'queries', from, 'references', among);
  checkNeighbors(caller, neighbors, among.rows);
  return searchNeighbors(unitRows(from), unitRows(among), neighbors);
}
