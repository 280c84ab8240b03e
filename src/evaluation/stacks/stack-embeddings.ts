import { checkKeys } from '../../errors/check-keys.js';
import { receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { type Embeddings, readEmbeddings } from '../embeddings.js';
import { forEachLaterRows } from '../linear-algebra/similarity-blocks.js';
import { type UnitRows, unitRows } from '../linear-algebra/unit-rows.js';
import { cosine } from './cosine.js';

/** Options of {@link stackEmbeddings}. */
export interface StackEmbeddingsOptions {
  /** Least cosine similarity of a row with the center of its stack, from -1 to 1. {@link calibrateThreshold} finds it. */
  threshold: number;
}

/** Rows around one of them. */
export interface EmbeddingStack {
  /** The row that the others are similar to. */
  center: number;
  /** At least two row numbers in ascending order, that of the center among them. */
  rows: number[];
  /** Cosine similarity of each of `rows` with the center, at or above the threshold; 1 for the center itself. */
  similarities: number[];
}

/** How many others are similar to each row. */
async function countSimilar(rows: UnitRows, threshold: number): Promise<Uint32Array> {
  const counts = new Uint32Array(rows.rows);
  await forEachLaterRows(rows, (row, first, similarities) => {
    for (let i = 0; i < similarities.length; i++) {
      if (similarities[i]! < threshold) continue;
      counts[row] = counts[row]! + 1;
      counts[first + i] = counts[first + i]! + 1;
    }
  });
  return counts;
}

/**
 * Stacks rows around centers. The row with most similar others becomes a center, then that with most among the rows that
 * are in no stack yet, and so on; each row goes to the most similar center. Every row of a stack is similar to its center,
 * so that no chain of rows, each a little different from the one before, ends in one group, as it does in
 * `nearDuplicates`.
 *
 * The search is exact. Its memory is the rows and a few numbers per row. Time grows with n² d.
 *
 * @param embeddings - Shape `[n, d]`, not necessarily normalized. A row of zeros has similarity 0 with every row.
 * @param options - See {@link StackEmbeddingsOptions}.
 * @returns Stacks of at least two rows, in the order of their first rows.
 * @throws {@link ShapeError} when the embeddings are not a float32 matrix or are empty.
 * @throws {@link ValueRangeError} when a value is NaN or infinite.
 * @throws {@link InvalidOptionError} when `threshold` is not a number from -1 to 1.
 * @example
 * const embeddings = { data: Float32Array.of(1, 0, 0, 1, 2, 0), shape: [3, 2] } as const;
 * await stackEmbeddings(embeddings, { threshold: 0.99 }); // [{ center: 0, rows: [0, 2], similarities: [1, 1] }]
 * @see Aslam, Pelekhov and Rus 2004, "The star clustering algorithm for static and dynamic information organization".
 */
export async function stackEmbeddings(
  embeddings: Embeddings,
  options: StackEmbeddingsOptions,
): Promise<EmbeddingStack[]> {
  const caller = 'stackEmbeddings';
  checkKeys(caller, options, { threshold: 1 });
  const { threshold } = options;
  if (!(typeof threshold === 'number' && threshold >= -1 && threshold <= 1)) {
    throw new InvalidOptionError(
      receivedMessage(caller, 'threshold must be a number from -1 to 1', 'threshold', threshold),
    );
  }
  const rows = unitRows(await readEmbeddings(caller, 'embeddings', embeddings));
  const similar = await countSimilar(rows, threshold);
  const linked = [...similar.keys()].filter((row) => similar[row]! > 0);
  const order = [...linked].sort((a, b) => similar[b]! - similar[a]! || a - b);
  const centers = new Int32Array(rows.rows).fill(-1);
  const best = new Float64Array(rows.rows).fill(Number.NEGATIVE_INFINITY);
  for (const center of order) {
    if (centers[center] !== -1) continue;
    centers[center] = center;
    best[center] = 1;
    for (const row of linked) {
      if (centers[row] === row) continue; // a center stays one
      const value = cosine(rows, center, rows, row);
      if (value < threshold || value <= best[row]!) continue;
      centers[row] = center;
      best[row] = value;
    }
  }
  const stacks = new Map<number, EmbeddingStack>();
  for (const row of linked) {
    const center = centers[row]!;
    const stack = stacks.get(center) ?? { center, rows: [], similarities: [] };
    stack.rows.push(row);
    stack.similarities.push(best[row]!);
    stacks.set(center, stack);
  }
  return [...stacks.values()].filter((stack) => stack.rows.length > 1);
}
