import { multiplyAdd } from '../simd';

/**
 * Four output pixels in a row, from three taps per row of the filter, whose source pixels are neighbors. Each source pixel is
 * loaded once for all outputs that it belongs to. The order of additions is that of the general kernel.
 *
 * @param stride - 1 or 2; inlined as a constant, so that each gets its own loop.
 * @param pixelStep - Bytes from one source pixel to the next.
 * @param bytes - Bytes of the channels, a multiple of 32.
 */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function computeFour(
  stride: i32,
  from: usize,
  rowStep: usize,
  pixelStep: usize,
  filter: usize,
  tapRowStep: usize,
  tapStep: usize,
  tapRows: i32,
  to: usize,
  toStep: usize,
  bytes: usize,
): void {
  for (let at: usize = 0; at < bytes; at += 32) {
    let a0 = f32x4.splat(0);
    let a1 = f32x4.splat(0);
    let b0 = f32x4.splat(0);
    let b1 = f32x4.splat(0);
    let c0 = f32x4.splat(0);
    let c1 = f32x4.splat(0);
    let d0 = f32x4.splat(0);
    let d1 = f32x4.splat(0);
    let row = from + at;
    let tap = filter + at;
    for (let i = 0; i < tapRows; i++) {
      const u0 = v128.load(tap);
      const v0 = v128.load(tap, 16);
      const u1 = v128.load(tap + tapStep);
      const v1 = v128.load(tap + tapStep, 16);
      const u2 = v128.load(tap + 2 * tapStep);
      const v2 = v128.load(tap + 2 * tapStep, 16);
      let pixel = row;
      let x0: v128;
      let x1: v128;
      if (stride == 1) {
        x0 = v128.load(pixel);
        x1 = v128.load(pixel, 16);
        a0 = multiplyAdd(x0, u0, a0);
        a1 = multiplyAdd(x1, v0, a1);
        pixel += pixelStep;
        x0 = v128.load(pixel);
        x1 = v128.load(pixel, 16);
        a0 = multiplyAdd(x0, u1, a0);
        a1 = multiplyAdd(x1, v1, a1);
        b0 = multiplyAdd(x0, u0, b0);
        b1 = multiplyAdd(x1, v0, b1);
        pixel += pixelStep;
        x0 = v128.load(pixel);
        x1 = v128.load(pixel, 16);
        a0 = multiplyAdd(x0, u2, a0);
        a1 = multiplyAdd(x1, v2, a1);
        b0 = multiplyAdd(x0, u1, b0);
        b1 = multiplyAdd(x1, v1, b1);
        c0 = multiplyAdd(x0, u0, c0);
        c1 = multiplyAdd(x1, v0, c1);
        pixel += pixelStep;
        x0 = v128.load(pixel);
        x1 = v128.load(pixel, 16);
        b0 = multiplyAdd(x0, u2, b0);
        b1 = multiplyAdd(x1, v2, b1);
        c0 = multiplyAdd(x0, u1, c0);
        c1 = multiplyAdd(x1, v1, c1);
        d0 = multiplyAdd(x0, u0, d0);
        d1 = multiplyAdd(x1, v0, d1);
        pixel += pixelStep;
        x0 = v128.load(pixel);
        x1 = v128.load(pixel, 16);
        c0 = multiplyAdd(x0, u2, c0);
        c1 = multiplyAdd(x1, v2, c1);
        d0 = multiplyAdd(x0, u1, d0);
        d1 = multiplyAdd(x1, v1, d1);
        pixel += pixelStep;
        x0 = v128.load(pixel);
        x1 = v128.load(pixel, 16);
        d0 = multiplyAdd(x0, u2, d0);
        d1 = multiplyAdd(x1, v2, d1);
      } else {
        x0 = v128.load(pixel);
        x1 = v128.load(pixel, 16);
        a0 = multiplyAdd(x0, u0, a0);
        a1 = multiplyAdd(x1, v0, a1);
        pixel += pixelStep;
        x0 = v128.load(pixel);
        x1 = v128.load(pixel, 16);
        a0 = multiplyAdd(x0, u1, a0);
        a1 = multiplyAdd(x1, v1, a1);
        pixel += pixelStep;
        x0 = v128.load(pixel);
        x1 = v128.load(pixel, 16);
        a0 = multiplyAdd(x0, u2, a0);
        a1 = multiplyAdd(x1, v2, a1);
        b0 = multiplyAdd(x0, u0, b0);
        b1 = multiplyAdd(x1, v0, b1);
        pixel += pixelStep;
        x0 = v128.load(pixel);
        x1 = v128.load(pixel, 16);
        b0 = multiplyAdd(x0, u1, b0);
        b1 = multiplyAdd(x1, v1, b1);
        pixel += pixelStep;
        x0 = v128.load(pixel);
        x1 = v128.load(pixel, 16);
        b0 = multiplyAdd(x0, u2, b0);
        b1 = multiplyAdd(x1, v2, b1);
        c0 = multiplyAdd(x0, u0, c0);
        c1 = multiplyAdd(x1, v0, c1);
        pixel += pixelStep;
        x0 = v128.load(pixel);
        x1 = v128.load(pixel, 16);
        c0 = multiplyAdd(x0, u1, c0);
        c1 = multiplyAdd(x1, v1, c1);
        pixel += pixelStep;
        x0 = v128.load(pixel);
        x1 = v128.load(pixel, 16);
        c0 = multiplyAdd(x0, u2, c0);
        c1 = multiplyAdd(x1, v2, c1);
        d0 = multiplyAdd(x0, u0, d0);
        d1 = multiplyAdd(x1, v0, d1);
        pixel += pixelStep;
        x0 = v128.load(pixel);
        x1 = v128.load(pixel, 16);
        d0 = multiplyAdd(x0, u1, d0);
        d1 = multiplyAdd(x1, v1, d1);
        pixel += pixelStep;
        x0 = v128.load(pixel);
        x1 = v128.load(pixel, 16);
        d0 = multiplyAdd(x0, u2, d0);
        d1 = multiplyAdd(x1, v2, d1);
      }
      row += rowStep;
      tap += tapRowStep;
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
}

/** Neighboring outputs begin at neighboring source pixels. */
export function computeFourAtStride1(
  from: usize,
  rowStep: usize,
  pixelStep: usize,
  filter: usize,
  tapRowStep: usize,
  tapStep: usize,
  tapRows: i32,
  to: usize,
  toStep: usize,
  bytes: usize,
): void {
  computeFour(1, from, rowStep, pixelStep, filter, tapRowStep, tapStep, tapRows, to, toStep, bytes);
}

/** Neighboring outputs begin two source pixels apart. */
export function computeFourAtStride2(
  from: usize,
  rowStep: usize,
  pixelStep: usize,
  filter: usize,
  tapRowStep: usize,
  tapStep: usize,
  tapRows: i32,
  to: usize,
  toStep: usize,
  bytes: usize,
): void {
  computeFour(2, from, rowStep, pixelStep, filter, tapRowStep, tapStep, tapRows, to, toStep, bytes);
}
