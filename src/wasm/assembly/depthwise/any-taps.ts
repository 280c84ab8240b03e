import { multiplyAdd } from '../simd';

/**
 * Four output pixels in a row, from source pixels that are `fromStep` apart, from byte `begin` of their channels on. Each tap is
 * loaded once for all four.
 */
export function computeFour(
  from: usize,
  fromStep: usize,
  rowStep: usize,
  pixelStep: usize,
  filter: usize,
  tapRowStep: usize,
  tapStep: usize,
  tapRows: i32,
  taps: i32,
  to: usize,
  toStep: usize,
  begin: usize,
  bytes: usize,
): void {
  const whole = bytes & ~31;
  for (let at = begin; at < whole; at += 32) {
    let a0 = f32x4.splat(0);
    let a1 = f32x4.splat(0);
    let b0 = f32x4.splat(0);
    let b1 = f32x4.splat(0);
    let c0 = f32x4.splat(0);
    let c1 = f32x4.splat(0);
    let d0 = f32x4.splat(0);
    let d1 = f32x4.splat(0);
    let row = from + at;
    let tapRow = filter + at;
    for (let i = 0; i < tapRows; i++) {
      let pixel = row;
      let tap = tapRow;
      for (let j = 0; j < taps; j++) {
        const w0 = v128.load(tap);
        const w1 = v128.load(tap, 16);
        a0 = multiplyAdd(v128.load(pixel), w0, a0);
        a1 = multiplyAdd(v128.load(pixel, 16), w1, a1);
        const second = pixel + fromStep;
        b0 = multiplyAdd(v128.load(second), w0, b0);
        b1 = multiplyAdd(v128.load(second, 16), w1, b1);
        const third = second + fromStep;
        c0 = multiplyAdd(v128.load(third), w0, c0);
        c1 = multiplyAdd(v128.load(third, 16), w1, c1);
        const fourth = third + fromStep;
        d0 = multiplyAdd(v128.load(fourth), w0, d0);
        d1 = multiplyAdd(v128.load(fourth, 16), w1, d1);
        pixel += pixelStep;
        tap += tapStep;
      }
      row += rowStep;
      tapRow += tapRowStep;
    }
    let out = to + at;
    v128.store(out, a0);
    v128.store(out, a1, 16);
    out += toStep;
    v128.store(out, b0);
    v128.store(out, b1, 16);
    out += toStep;
    v128.store(out, c0);
    v128.store(out, c1, 16);
    out += toStep;
    v128.store(out, d0);
    v128.store(out, d1, 16);
  }
  if (whole == bytes) return;
  for (let k = 0; k < 4; k++) {
    computeEnd(from, rowStep, pixelStep, filter, tapRowStep, tapStep, tapRows, taps, to, whole, bytes);
    from += fromStep;
    to += toStep;
  }
}

/** One output pixel, from the taps inside the picture. */
export function computeOne(
  from: usize,
  rowStep: usize,
  pixelStep: usize,
  filter: usize,
  tapRowStep: usize,
  tapStep: usize,
  tapRows: i32,
  taps: i32,
  to: usize,
  bytes: usize,
): void {
  const whole = bytes & ~31;
  for (let at: usize = 0; at < whole; at += 32) {
    let a0 = f32x4.splat(0);
    let a1 = f32x4.splat(0);
    let row = from + at;
    let tapRow = filter + at;
    for (let i = 0; i < tapRows; i++) {
      let pixel = row;
      let tap = tapRow;
      for (let j = 0; j < taps; j++) {
        a0 = multiplyAdd(v128.load(pixel), v128.load(tap), a0);
        a1 = multiplyAdd(v128.load(pixel, 16), v128.load(tap, 16), a1);
        pixel += pixelStep;
        tap += tapStep;
      }
      row += rowStep;
      tapRow += tapRowStep;
    }
    v128.store(to + at, a0);
    v128.store(to + at, a1, 16);
  }
  if (whole < bytes) computeEnd(from, rowStep, pixelStep, filter, tapRowStep, tapStep, tapRows, taps, to, whole, bytes);
}

/** The channels of an output pixel from byte `begin` on, which are fewer than two vectors. */
function computeEnd(
  from: usize,
  rowStep: usize,
  pixelStep: usize,
  filter: usize,
  tapRowStep: usize,
  tapStep: usize,
  tapRows: i32,
  taps: i32,
  to: usize,
  begin: usize,
  bytes: usize,
): void {
  let at = begin;
  for (; at + 16 <= bytes; at += 16) {
    let sum = f32x4.splat(0);
    for (let i = 0; i < tapRows; i++) {
      let pixel = from + at + <usize>i * rowStep;
      let tap = filter + at + <usize>i * tapRowStep;
      for (let j = 0; j < taps; j++) {
        sum = multiplyAdd(v128.load(pixel), v128.load(tap), sum);
        pixel += pixelStep;
        tap += tapStep;
      }
    }
    v128.store(to + at, sum);
  }
  for (; at < bytes; at += 4) {
    let sum: f32 = 0;
    for (let i = 0; i < tapRows; i++) {
      let pixel = from + at + <usize>i * rowStep;
      let tap = filter + at + <usize>i * tapRowStep;
      for (let j = 0; j < taps; j++) {
        sum += load<f32>(pixel) * load<f32>(tap);
        pixel += pixelStep;
        tap += tapStep;
      }
    }
    store<f32>(to + at, sum);
  }
}
