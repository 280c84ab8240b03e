import { rowProducts } from './row-products.js';

/**
 * Replaces a symmetric `matrix` (`size * size`, row-major) by its lower triangle L with L Lᵀ = matrix. Ignore the elements
 * above the diagonal afterwards. Pivots below `floor` are raised to it, so that a singular matrix has a factor, too. Works
 * in panels of 4 columns.
 */
export function choleskyInPlace(matrix: Float64Array, size: number, floor: number): void {
  const products = new Float64Array(4 * size);
  for (let first = 0; first < size; first += 4) {
    // From columns first ... first + 3 and all rows below: what the columns before have of them.
    const columns = Math.min(4, size - first);
    const rows = { data: matrix, first, count: size - first, stride: size };
    rowProducts(rows, { ...rows, count: columns }, first, products);
    for (let i = first; i < size; i++) {
      for (let column = 0; column < columns; column++) {
        const place = i * size + first + column;
        matrix[place] = matrix[place]! - products[(i - first) * columns + column]!;
      }
    }
    for (let j = first; j < first + columns; j++) {
      const rowJ = j * size;
      let pivot = matrix[rowJ + j]!;
      for (let k = first; k < j; k++) pivot -= matrix[rowJ + k]! ** 2;
      const root = Math.sqrt(Math.max(pivot, floor));
      matrix[rowJ + j] = root;
      for (let i = j + 1; i < size; i++) {
        const row = i * size;
        let sum = matrix[row + j]!;
        for (let k = first; k < j; k++) sum -= matrix[row + k]! * matrix[rowJ + k]!;
        matrix[row + j] = sum / root;
      }
    }
  }
}

/** Where up to four right-hand sides begin in their array: with fewer, the last one takes the place of those missing. */
type Starts = readonly [number, number, number, number];

/**
 * L y = values in place. Four sums at a time: each addition of one waits for the one before, and all of them read the same
 * row of the factor.
 */
function solveLower(lower: Float64Array, size: number, values: Float64Array, starts: Starts): void {
  const [o0, o1, o2, o3] = starts;
  for (let i = 0; i < size; i++) {
    const row = i * size;
    let s0 = values[o0 + i]!;
    let s1 = values[o1 + i]!;
    let s2 = values[o2 + i]!;
    let s3 = values[o3 + i]!;
    for (let k = 0; k < i; k++) {
      const element = lower[row + k]!;
      s0 -= element * values[o0 + k]!;
      s1 -= element * values[o1 + k]!;
      s2 -= element * values[o2 + k]!;
      s3 -= element * values[o3 + k]!;
    }
    const pivot = lower[row + i]!;
    values[o0 + i] = s0 / pivot;
    values[o1 + i] = s1 / pivot;
    values[o2 + i] = s2 / pivot;
    values[o3 + i] = s3 / pivot;
  }
}

/** Lᵀ x = values in place, of the rows of Lᵀ. */
function solveUpper(upper: Float64Array, size: number, values: Float64Array, starts: Starts): void {
  const [o0, o1, o2, o3] = starts;
  for (let i = size - 1; i >= 0; i--) {
    const row = i * size;
    let s0 = values[o0 + i]!;
    let s1 = values[o1 + i]!;
    let s2 = values[o2 + i]!;
    let s3 = values[o3 + i]!;
    for (let k = size - 1; k > i; k--) {
      const element = upper[row + k]!;
      s0 -= element * values[o0 + k]!;
      s1 -= element * values[o1 + k]!;
      s2 -= element * values[o2 + k]!;
      s3 -= element * values[o3 + k]!;
    }
    const pivot = upper[row + i]!;
    values[o0 + i] = s0 / pivot;
    values[o1 + i] = s1 / pivot;
    values[o2 + i] = s2 / pivot;
    values[o3 + i] = s3 / pivot;
  }
}

/**
 * A function that solves L Lᵀ x = b in place for the first `count` rows of `[count, size]` numbers.
 *
 * @param factor - L, row-major. What lies above its diagonal is ignored, and is overwritten by Lᵀ.
 */
export function choleskySolver(
  factor: Float64Array,
  size: number,
): (values: Float64Array, count: number) => void {
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) factor[k * size + i] = factor[i * size + k]!;
  }
  return (values, count) => {
    for (let first = 0; first < count; first += 4) {
      const start = (i: number) => Math.min(first + i, count - 1) * size;
      const starts: Starts = [start(0), start(1), start(2), start(3)];
      solveLower(factor, size, values, starts);
      solveUpper(factor, size, values, starts);
    }
  };
}

/** L⁻¹, with zeros above its diagonal. What lies above the diagonal of `factor` is ignored. */
export function lowerInverse(factor: Float64Array, size: number): Float64Array {
  const inverse = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const row = inverse.subarray(i * size, (i + 1) * size);
    for (let k = 0; k < i; k++) {
      const element = factor[i * size + k]!;
      const start = k * size;
      for (let column = 0; column <= k; column++) {
        row[column] = row[column]! - element * inverse[start + column]!;
      }
    }
    const pivot = factor[i * size + i]!;
    row[i] = 1;
    for (let column = 0; column <= i; column++) row[column] = row[column]! / pivot;
  }
  return inverse;
}
