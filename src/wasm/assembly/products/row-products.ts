import { multiplyAdd } from '../simd';

/** Rows per task. */
export const productRowsPerTask: i32 = 256;

/** The products of each row of a matrix with one vector. Reading the matrix takes longer than multiplying. */
@unmanaged
export class RowProducts {
  /** [count, length]. */
  rows!: usize;
  /** [length]. */
  vector!: usize;
  /** [count]. */
  output!: usize;
  count!: i32;
  length!: i32;
}

/** Tasks `first` to `last - 1`. Needs no scratch. */
export function multiplyRows(work: RowProducts, first: i32, last: i32): void {
  const end = min(work.count, last * productRowsPerTask);
  const bytes = <usize>work.length << 2;
  for (let row = first * productRowsPerTask; row < end; row++) {
    store<f32>(work.output + (<usize>row << 2), product(work.rows + <usize>row * bytes, work.vector, bytes));
  }
}

/** Four sums, because one would wait for each addition. */
function product(row: usize, vector: usize, bytes: usize): f32 {
  let sum0 = f32x4.splat(0);
  let sum1 = f32x4.splat(0);
  let sum2 = f32x4.splat(0);
  let sum3 = f32x4.splat(0);
  let at: usize = 0;
  for (; at + 64 <= bytes; at += 64) {
    sum0 = multiplyAdd(v128.load(row + at), v128.load(vector + at), sum0);
    sum1 = multiplyAdd(v128.load(row + at, 16), v128.load(vector + at, 16), sum1);
    sum2 = multiplyAdd(v128.load(row + at, 32), v128.load(vector + at, 32), sum2);
    sum3 = multiplyAdd(v128.load(row + at, 48), v128.load(vector + at, 48), sum3);
  }
  for (; at + 16 <= bytes; at += 16) {
    sum0 = multiplyAdd(v128.load(row + at), v128.load(vector + at), sum0);
  }
  const sum = f32x4.add(f32x4.add(sum0, sum1), f32x4.add(sum2, sum3));
  let result =
    f32x4.extract_lane(sum, 0) +
    f32x4.extract_lane(sum, 1) +
    (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3));
  for (; at < bytes; at += 4) result += load<f32>(row + at) * load<f32>(vector + at);
  return result;
}
