import type { Matrix } from '../embeddings.js';

/** Rows with the factor that scales each to length 1, which saves a normalized copy of a large matrix. */
export interface UnitRows extends Matrix {
  /** 1 / Euclidean length of each row; 0 for a row of zeros, whose cosine with anything is then 0. */
  scales: Float64Array;
}

/** Computes the scale of each row. */
export function unitRows({ data, rows, dim }: Matrix): UnitRows {
  const scales = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const start = row * dim;
    let sum = 0;
    for (let i = start; i < start + dim; i++) sum += data[i]! * data[i]!;
    if (sum > 0) scales[row] = 1 / Math.sqrt(sum);
  }
  return { data, rows, dim, scales };
}

/** Rows `first ... first + count - 1`, which share their data with the matrix. */
export function sliceRows({ data, dim, scales }: UnitRows, first: number, count: number): UnitRows {
  return {
    data: data.subarray(first * dim, (first + count) * dim),
    rows: count,
    dim,
    scales: scales.subarray(first, first + count),
  };
}

/** Copies the rows with these numbers. */
export function gatherUnits({ data, dim, scales }: UnitRows, numbers: ArrayLike<number>): UnitRows {
  const gathered = new Float32Array(numbers.length * dim);
  const gatheredScales = new Float64Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) {
    const row = numbers[i]!;
    gathered.set(data.subarray(row * dim, (row + 1) * dim), i * dim);
    gatheredScales[i] = scales[row]!;
  }
  return { data: gathered, rows: numbers.length, dim, scales: gatheredScales };
}

/** Rows of length 1, `[count, dim]`. */
export function unitBlock({ data, dim, scales }: UnitRows, first: number, count: number): Float32Array {
  const block = new Float32Array(count * dim);
  for (let row = 0; row < count; row++) {
    const from = (first + row) * dim;
    const to = row * dim;
    const scale = scales[first + row]!;
    for (let column = 0; column < dim; column++) block[to + column] = data[from + column]! * scale;
  }
  return block;
}

// 64 rows and 64 columns stay in the first-level cache during a transposition.
const tile = 64;

/** Rows of length 1, transposed: `[dim, count]`. */
export function transposedUnitBlock(
  { data, dim, scales }: UnitRows,
  first: number,
  count: number,
): Float32Array {
  const block = new Float32Array(count * dim);
  for (let top = 0; top < count; top += tile) {
    const bottom = Math.min(top + tile, count);
    for (let left = 0; left < dim; left += tile) {
      const right = Math.min(left + tile, dim);
      for (let column = left; column < right; column++) {
        const to = column * count;
        for (let row = top; row < bottom; row++) {
          block[to + row] = data[(first + row) * dim + column]! * scales[first + row]!;
        }
      }
    }
  }
  return block;
}
