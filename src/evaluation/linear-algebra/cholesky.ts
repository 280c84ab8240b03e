import { rowProducts } from '../../linear-algebra/row-products.js';

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

/** Solves L Lᵀ x = values in place, for `values[start ... start + size - 1]`. */
export function choleskySolveInPlace(
  factor: Float64Array,
  size: number,
  values: Float64Array,
  start: number,
): void {
  for (let i = 0; i < size; i++) {
    const row = i * size;
    let sum = values[start + i]!;
    for (let k = 0; k < i; k++) sum -= factor[row + k]! * values[start + k]!;
    values[start + i] = sum / factor[row + i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    const row = i * size;
    const value = values[start + i]! / factor[row + i]!;
    values[start + i] = value;
    for (let k = 0; k < i; k++) values[start + k] = values[start + k]! - factor[row + k]! * value;
  }
}
