import type { UnitRows } from '../linear-algebra/unit-rows.js';
import type { GroupTurns } from './group-turns.js';

/** What a greedy selection works on. */
export interface SelectionProblem {
  /** The rows to select from. */
  candidates: UnitRows;
  /** How many, at most as many as there are. */
  count: number;
  turns: GroupTurns;
  /** Rows that count as selected before. */
  before: UnitRows | undefined;
}

const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/** The row whose direction is nearest to the mean of all directions. */
export function mostTypicalRow({ data, rows, dim, scales }: UnitRows): number {
  const mean = new Float64Array(dim);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < dim; i++) mean[i] = mean[i]! + data[row * dim + i]! * scales[row]!;
  }
  let [typical, highest] = [0, Number.NEGATIVE_INFINITY];
  for (let row = 0; row < rows; row++) {
    let product = 0;
    for (let i = 0; i < dim; i++) product += data[row * dim + i]! * mean[i]!;
    product *= scales[row]!;
    if (product > highest) [typical, highest] = [row, product];
  }
  return typical;
}

/** Raises `nearest[row]` to the cosine similarity of each row with one row of `from`. */
function raise(nearest: Float64Array, candidates: UnitRows, from: UnitRows, one: number): void {
  const { data, rows, dim, scales } = candidates;
  const vector = Float64Array.from(
    from.data.subarray(one * dim, (one + 1) * dim),
    (value) => value * from.scales[one]!,
  );
  for (let row = 0; row < rows; row++) {
    const start = row * dim;
    let [even, odd] = [0, 0]; // two sums, so that additions do not wait for one another
    let i = 0;
    for (; i + 1 < dim; i += 2) {
      even += data[start + i]! * vector[i]!;
      odd += data[start + i + 1]! * vector[i + 1]!;
    }
    if (i < dim) even += data[start + i]! * vector[i]!;
    const similarity = (even + odd) * scales[row]!;
    if (similarity > nearest[row]!) nearest[row] = similarity;
  }
}

/**
 * Takes, again and again, the row that is least similar to its most similar one among those taken. In double precision
 * on the host, so that every backend takes the same rows.
 *
 * @param start - The first row, unless rows count as selected before.
 * @see Gonzalez 1985, "Clustering to minimize the maximum intercluster distance".
 */
export async function farthestPoints(
  { candidates, count, turns, before }: SelectionProblem,
  start: number,
): Promise<number[]> {
  const nearest = new Float64Array(candidates.rows).fill(Number.NEGATIVE_INFINITY);
  for (let row = 0; row < (before?.rows ?? 0); row++) raise(nearest, candidates, before!, row);
  const chosen: number[] = [];
  const farthest = () => {
    let next = -1;
    for (let row = 0; row < candidates.rows; row++) {
      if (!turns.allows(row)) continue;
      if (next < 0 || nearest[row]! < nearest[next]!) next = row;
    }
    return next;
  };
  while (chosen.length < count) {
    const next = chosen.length === 0 && !before ? start : farthest();
    turns.take(next);
    chosen.push(next);
    raise(nearest, candidates, candidates, next);
    await pause();
  }
  return chosen;
}
