/** `matrix[i, j] -= row i . row j` over the first `first` columns, for columns first ... first + 3 and all rows below. */
function subtractProducts(matrix: Float64Array, size: number, first: number): void {
  const last = size - 1;
  const b0 = first * size;
  const b1 = Math.min(first + 1, last) * size;
  const b2 = Math.min(first + 2, last) * size;
  const b3 = Math.min(first + 3, last) * size;
  const columns = Math.min(4, size - first);
  for (let i = first; i < size; i += 4) {
    const a0 = i * size;
    const a1 = Math.min(i + 1, last) * size;
    const a2 = Math.min(i + 2, last) * size;
    const a3 = Math.min(i + 3, last) * size;
    let s00 = 0;
    let s01 = 0;
    let s02 = 0;
    let s03 = 0;
    let s10 = 0;
    let s11 = 0;
    let s12 = 0;
    let s13 = 0;
    let s20 = 0;
    let s21 = 0;
    let s22 = 0;
    let s23 = 0;
    let s30 = 0;
    let s31 = 0;
    let s32 = 0;
    let s33 = 0;
    for (let k = 0; k < first; k++) {
      const x0 = matrix[a0 + k]!;
      const x1 = matrix[a1 + k]!;
      const x2 = matrix[a2 + k]!;
      const x3 = matrix[a3 + k]!;
      const y0 = matrix[b0 + k]!;
      const y1 = matrix[b1 + k]!;
      const y2 = matrix[b2 + k]!;
      const y3 = matrix[b3 + k]!;
      s00 += x0 * y0;
      s01 += x0 * y1;
      s02 += x0 * y2;
      s03 += x0 * y3;
      s10 += x1 * y0;
      s11 += x1 * y1;
      s12 += x1 * y2;
      s13 += x1 * y3;
      s20 += x2 * y0;
      s21 += x2 * y1;
      s22 += x2 * y2;
      s23 += x2 * y3;
      s30 += x3 * y0;
      s31 += x3 * y1;
      s32 += x3 * y2;
      s33 += x3 * y3;
    }
    const sums = [s00, s01, s02, s03, s10, s11, s12, s13, s20, s21, s22, s23, s30, s31, s32, s33];
    const rows = Math.min(4, size - i);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const place = (i + row) * size + first + column;
        matrix[place] = matrix[place]! - sums[4 * row + column]!;
      }
    }
  }
}

/**
 * Replaces a symmetric `matrix` (`size * size`, row-major) by its lower triangle L with L Lᵀ = matrix. Ignore the elements
 * above the diagonal afterwards. Pivots below `floor` are raised to it, so that a singular matrix has a factor, too. Works
 * in panels of 4 columns.
 */
export function choleskyInPlace(matrix: Float64Array, size: number, floor: number): void {
  for (let first = 0; first < size; first += 4) {
    subtractProducts(matrix, size, first);
    for (let j = first; j < Math.min(first + 4, size); j++) {
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
