import { ShapeError } from '../../errors/errors.js';
import { type Embeddings, readEmbeddings } from '../embeddings.js';
import { unitRows } from '../linear-algebra/unit-rows.js';
import { checkNeighbors, searchNeighbors } from './nearest-neighbors.js';

/**
 * Measures how similar two embeddings of the same pictures are: the share of each picture's `neighbors` nearest other
 * pictures, by cosine similarity, that both embeddings have in common, averaged over the pictures.
 *
 * @param a - Shape `[n, d]`, n >= 2.
 * @param b - Shape `[n, e]`, row i of the same picture as row i of `a`. `e` may differ from `d`.
 * @param neighbors - Neighbors per picture, from 1 to n - 1. Default: the smaller of 10 and n - 1.
 * @returns A share from 0 (no neighbor in common) to 1 (the same neighbors), about `neighbors / (n - 1)` for unrelated
 * embeddings.
 * @throws {@link ShapeError} unless both are float32 matrices with the same number of rows, at least two.
 * @throws {@link ValueRangeError} when a value is NaN or infinite.
 * @throws {@link InvalidOptionError} when `neighbors` is not an integer from 1 to n - 1.
 * @example
 * const a = { data: Float32Array.of(1, 0, 1, 0.1, 0, 1), shape: [3, 2] } as const;
 * await neighborOverlap(a, a, 1); // 1
 * @see Huh et al. 2024, arXiv:2405.07987, section 2 (mutual nearest-neighbor alignment).
 */
export async function neighborOverlap(a: Embeddings, b: Embeddings, neighbors?: number): Promise<number> {
  const caller = 'neighborOverlap';
  const first = await readEmbeddings(caller, 'a', a);
  const second = await readEmbeddings(caller, 'b', b);
  const { rows } = first;
  if (rows !== second.rows || rows < 2) {
    throw new ShapeError(
      `${caller}: a and b must have the same number of rows, at least 2. Received: a=[${rows},${first.dim}], b=[${second.rows},${second.dim}].`,
    );
  }
  const count = neighbors ?? Math.min(10, rows - 1);
  checkNeighbors(caller, count, rows - 1);
  const lists: Int32Array[] = [];
  for (const matrix of [first, second]) {
    const units = unitRows(matrix);
    lists.push((await searchNeighbors(units, units, count, true)).indices);
  }
  const [ofFirst, ofSecond] = lists as [Int32Array, Int32Array];
  let common = 0;
  for (let start = 0; start < rows * count; start += count) {
    const known = new Set(ofFirst.subarray(start, start + count));
    for (let i = start; i < start + count; i++) if (known.has(ofSecond[i]!)) common++;
  }
  return common / (rows * count);
}
