import { multiplyAdd } from '../simd';

/** Rows per task. */
export const rowsPerTask: i32 = 4;
/** Vectors that are summed in float32 before their sum is added to a float64. */
const vectorsOfSum: i32 = 64;

/** Exponentials of each row, relative to the row's maximum, and their sums. */
@unmanaged
export class SoftmaxRows {
  /** [rows, columns]. */
  logits!: usize;
  /** exp(logit - maximum), 0 in excluded columns; [rows, columns]. */
  exponentials!: usize;
  /** Largest logit of each row among columns that are not excluded, and the sum of the row's exponentials; [rows]. */
  maxima!: usize;
  sums!: usize;
  rows!: i32;
  columns!: i32;
  /** Row r excludes the columns that equal start + r modulo period. */
  start!: i32;
  period!: i32;
}

/** Tasks `first` to `last - 1`. Needs no scratch. */
export function softmaxRows(work: SoftmaxRows, first: i32, last: i32): void {
  const end = min(work.rows, last * rowsPerTask);
  const bytes = <usize>work.columns << 2;
  for (let row = first * rowsPerTask; row < end; row++) {
    const from = work.logits + <usize>row * bytes;
    const to = work.exponentials + <usize>row * bytes;
    const excluded = (work.start + row) % work.period;
    // Excluded logits become -Infinity: they are never the maximum, and their exponential is 0.
    memory.copy(to, from, bytes);
    for (let column = excluded; column < work.columns; column += work.period) {
      store<f32>(to + (<usize>column << 2), -<f32>Infinity);
    }
    const maximum = maximumOf(to, work.columns);
    store<f32>(work.maxima + (<usize>row << 2), maximum);
    store<f32>(work.sums + (<usize>row << 2), exponentiate(to, work.columns, maximum));
  }
}

function maximumOf(from: usize, count: i32): f32 {
  let largest = f32x4.splat(-<f32>Infinity);
  const end = from + (<usize>count << 2);
  for (; from + 16 <= end; from += 16) largest = f32x4.max(largest, v128.load(from));
  let result = max<f32>(
    max<f32>(f32x4.extract_lane(largest, 0), f32x4.extract_lane(largest, 1)),
    max<f32>(f32x4.extract_lane(largest, 2), f32x4.extract_lane(largest, 3)),
  );
  for (; from < end; from += 4) result = max<f32>(result, load<f32>(from));
  return result;
}

/** Replaces each value by exp(value - maximum); returns the sum of the exponentials. */
function exponentiate(values: usize, count: i32, maximum: f32): f32 {
  const shift = f32x4.splat(maximum);
  let total: f64 = 0;
  let at = values;
  const end = values + (<usize>count << 2);
  const whole = values + (<usize>(count & ~3) << 2);
  while (at < whole) {
    const stop = min(whole, at + ((<usize>vectorsOfSum) << 4));
    let sum = f32x4.splat(0);
    for (; at < stop; at += 16) {
      const exponentials = exponential(f32x4.sub(v128.load(at), shift));
      v128.store(at, exponentials);
      sum = f32x4.add(sum, exponentials);
    }
    total +=
      <f64>f32x4.extract_lane(sum, 0) +
      <f64>f32x4.extract_lane(sum, 1) +
      (<f64>f32x4.extract_lane(sum, 2) + <f64>f32x4.extract_lane(sum, 3));
  }
  for (; at < end; at += 4) {
    const value = f32x4.extract_lane(exponential(f32x4.splat(load<f32>(at) - maximum)), 0);
    store<f32>(at, value);
    total += <f64>value;
  }
  return <f32>total;
}

/**
 * exp(x) for x <= 0, with an error of one or two units in the last place. Gives 0 where the result would be subnormal, and
 * NaN for NaN. Uses the range reduction and the polynomial of Cephes' `expf` (Moshier).
 */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function exponential(x: v128): v128 {
  const doublings = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504088896341)));
  // ln 2 in two parts, the first with so few bits that its product with `doublings` is exact.
  let r = multiplyAdd(doublings, f32x4.splat(-0.693359375), x);
  r = multiplyAdd(doublings, f32x4.splat(2.12194440e-4), r);
  let y = f32x4.splat(1.9875691500e-4);
  y = multiplyAdd(y, r, f32x4.splat(1.3981999507e-3));
  y = multiplyAdd(y, r, f32x4.splat(8.3334519073e-3));
  y = multiplyAdd(y, r, f32x4.splat(4.1665795894e-2));
  y = multiplyAdd(y, r, f32x4.splat(1.6666665459e-1));
  y = multiplyAdd(y, r, f32x4.splat(5.0000001201e-1));
  y = f32x4.add(multiplyAdd(y, f32x4.mul(r, r), r), f32x4.splat(1));
  const exponent = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(doublings), i32x4.splat(127)), 23);
  const scaled = f32x4.mul(y, exponent);
  // In this form NaN is kept: no comparison is true for it.
  return v128.andnot(scaled, f32x4.lt(x, f32x4.splat(-87.33654)));
}
