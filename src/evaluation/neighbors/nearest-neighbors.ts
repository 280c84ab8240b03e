import { checkInteger } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { checkSameDim, type Embeddings, readEmbeddings } from '../embeddings.js';
import { forEachSimilarityBlock } from '../linear-algebra/similarity-blocks.js';
import { type UnitRows, unitRows } from '../linear-algebra/unit-rows.js';

/** The references nearest to each query. Both arrays are row-major `[queries, neighbors]`, nearest first. */
export interface NearestNeighbors {
  /** Row numbers in the references. Among equal similarities the lower row number comes first. */
  indices: Int32Array;
  /** Cosine similarities, from -1 to 1; exactly 1 between rows with the same values. */
  similarities: Float32Array;
  /** How many neighbors each query has. */
  neighbors: number;
}

/** Inserts the row of similarities into a list that is sorted, nearest first. */
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
    let place = last;
    while (place > start && similarities[place - 1]! < value) {
      similarities[place] = similarities[place - 1]!;
      indices[place] = indices[place - 1]!;
      place--;
    }
    similarities[place] = value;
    indices[place] = firstIndex + i;
    smallest = similarities[last]!;
  }
}

/**
 * The exact nearest references: blocks of products on the device, selection on the host.
 *
 * @param excludeSelf - Query i is reference i and no neighbor of itself.
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
 * The `neighbors` references with the highest cosine similarity to each query, found exactly.
 *
 * Similarities come in blocks of bounded memory from the active backend. When queries are themselves among the
 * references, each finds itself first: ask for one neighbor more and drop that index.
 *
 * @param queries - Shape `[q, d]`. Need not be normalized; a row of zeros has similarity 0 with everything.
 * @param references - Shape `[n, d]`.
 * @param neighbors - How many for each query, from 1 to n.
 * @returns Indices and similarities, both `[q, neighbors]` and nearest first.
 * @throws {@link ShapeError} when either is not a float32 matrix, is empty, or their columns differ.
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
