import { type Eigenpairs, largestEigenpairs, pointLargestUp } from './symmetric-eigenvectors.js';

/** A pivot below this share of the trace is a rounding error. */
const leastPivot = 1e-15;

/** Columns whose products with themselves add up to a positive semidefinite matrix: Cholesky's method with pivots. */
function choleskyColumns(matrix: Float64Array, size: number, most: number): Float64Array[] {
  const rest = Float64Array.from({ length: size }, (_, i) => matrix[i * size + i]!);
  const least = leastPivot * rest.reduce((sum, value) => sum + value, 0);
  const columns: Float64Array[] = [];
  while (columns.length < most) {
    let pivot = 0;
    for (let i = 1; i < size; i++) if (rest[i]! > rest[pivot]!) pivot = i;
    if (!(rest[pivot]! > least)) break;
    const column = matrix.slice(pivot * size, (pivot + 1) * size);
    for (const earlier of columns) {
      const factor = earlier[pivot]!;
      for (let i = 0; i < size; i++) column[i] = column[i]! - factor * earlier[i]!;
    }
    const root = Math.sqrt(rest[pivot]!);
    for (let i = 0; i < size; i++) {
      column[i] = column[i]! / root;
      rest[i] = rest[i]! - column[i]! ** 2;
    }
    rest[pivot] = 0;
    columns.push(column);
  }
  return columns;
}

/**
 * What {@link largestEigenpairs} gives, of a positive semidefinite matrix of low rank, such as the covariance of fewer rows
 * than columns: size · rank² multiplications instead of size³.
 *
 * @param rank - The most that the rank can be. There are fewer pairs than `count` where the rank is below it.
 * @see Golub and Van Loan, "Matrix Computations" (4th edition), section 4.2.8.
 */
export function lowRankEigenpairs(
  matrix: Float64Array,
  size: number,
  count: number,
  rank: number,
): Eigenpairs {
  // With A = LLᵀ, the eigenvectors of A are L times those of the small LᵀL.
  const columns = choleskyColumns(matrix, size, rank);
  const found = columns.length;
  const small = new Float64Array(found * found);
  for (const [a, first] of columns.entries()) {
    for (const [b, second] of columns.entries()) {
      if (b > a) break;
      let product = 0;
      for (let i = 0; i < size; i++) product += first[i]! * second[i]!;
      small[a * found + b] = product;
      small[b * found + a] = product;
    }
  }
  const { values, vectors: inner } = largestEigenpairs(small, found, Math.min(count, found));
  const vectors = new Float64Array(values.length * size);
  for (const [k, value] of values.entries()) {
    const vector = vectors.subarray(k * size, (k + 1) * size);
    const length = value > 0 ? Math.sqrt(value) : 1; // 0 by rounding
    for (const [j, column] of columns.entries()) {
      const factor = inner[k * found + j]! / length;
      for (let i = 0; i < size; i++) vector[i] = vector[i]! + factor * column[i]!;
    }
    pointLargestUp(vector);
  }
  return { values, vectors };
}
