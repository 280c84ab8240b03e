import { type Rows, rowProducts, rowsOf } from './row-products.js';
import { type Eigenpairs, largestEigenpairs, pointLargestUp } from './symmetric-eigenvectors.js';

/** A pivot below this share of the trace is a rounding error. */
const leastPivot = 1e-15;

/**
 * Vectors whose products with themselves add up to a positive semidefinite matrix: Cholesky's method with pivots.
 *
 * @returns One vector per row.
 */
function choleskyVectors(matrix: Float64Array, size: number, most: number): Rows {
  const rest = Float64Array.from({ length: size }, (_, i) => matrix[i * size + i]!);
  const least = leastPivot * rest.reduce((sum, value) => sum + value, 0);
  const data = new Float64Array(most * size);
  let count = 0;
  for (; count < most; count++) {
    let pivot = 0;
    for (let i = 1; i < size; i++) if (rest[i]! > rest[pivot]!) pivot = i;
    if (!(rest[pivot]! > least)) break;
    const vector = data.subarray(count * size, (count + 1) * size);
    vector.set(matrix.subarray(pivot * size, (pivot + 1) * size));
    for (let earlier = 0; earlier < count * size; earlier += size) {
      const factor = data[earlier + pivot]!;
      for (let i = 0; i < size; i++) vector[i] = vector[i]! - factor * data[earlier + i]!;
    }
    const root = Math.sqrt(rest[pivot]!);
    for (let i = 0; i < size; i++) {
      vector[i] = vector[i]! / root;
      rest[i] = rest[i]! - vector[i]! ** 2;
    }
    rest[pivot] = 0;
  }
  return rowsOf(data, count, size);
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
  const factor = choleskyVectors(matrix, size, rank);
  const found = factor.count;
  const small = new Float64Array(found * found);
  rowProducts(factor, factor, size, small);
  const { values, vectors: inner } = largestEigenpairs(small, found, Math.min(count, found));
  const vectors = new Float64Array(values.length * size);
  for (const [k, value] of values.entries()) {
    const vector = vectors.subarray(k * size, (k + 1) * size);
    const length = value > 0 ? Math.sqrt(value) : 1; // 0 by rounding
    for (let j = 0; j < found; j++) {
      const share = inner[k * found + j]! / length;
      for (let i = 0; i < size; i++) vector[i] = vector[i]! + share * factor.data[j * size + i]!;
    }
    pointLargestUp(vector);
  }
  return { values, vectors };
}
