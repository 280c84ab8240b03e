import { multiplyAdd } from '../simd';

/**
 * Adds the products of four neighboring output pixels to the sums of three neighboring taps. Each input pixel is loaded once
 * for all taps that it belongs to. The order of additions is that of the general kernel.
 *
 * @param stride - 1 or 2; inlined as a constant, so that each gets its own loop.
 * @param bytes - Bytes from one pixel, and from one tap, to the next.
 * @param length - Bytes of channels, a multiple of 32.
 */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function addFour(stride: i32, from: usize, gradient: usize, bytes: usize, sums: usize, length: usize): void {
  for (let at: usize = 0; at < length; at += 32) {
    let address = gradient + at;
    const a0 = v128.load(address);
    const a1 = v128.load(address, 16);
    address += bytes;
    const b0 = v128.load(address);
    const b1 = v128.load(address, 16);
    address += bytes;
    const c0 = v128.load(address);
    const c1 = v128.load(address, 16);
    address += bytes;
    const d0 = v128.load(address);
    const d1 = v128.load(address, 16);
    const to = sums + at;
    let s0 = v128.load(to);
    let t0 = v128.load(to, 16);
    let s1 = v128.load(to + bytes);
    let t1 = v128.load(to + bytes, 16);
    let s2 = v128.load(to + 2 * bytes);
    let t2 = v128.load(to + 2 * bytes, 16);
    let pixel = from + at;
    let x0: v128;
    let x1: v128;
    if (stride == 1) {
      x0 = v128.load(pixel);
      x1 = v128.load(pixel, 16);
      s0 = multiplyAdd(x0, a0, s0);
      t0 = multiplyAdd(x1, a1, t0);
      pixel += bytes;
      x0 = v128.load(pixel);
      x1 = v128.load(pixel, 16);
      s1 = multiplyAdd(x0, a0, s1);
      t1 = multiplyAdd(x1, a1, t1);
      s0 = multiplyAdd(x0, b0, s0);
      t0 = multiplyAdd(x1, b1, t0);
      pixel += bytes;
      x0 = v128.load(pixel);
      x1 = v128.load(pixel, 16);
      s2 = multiplyAdd(x0, a0, s2);
      t2 = multiplyAdd(x1, a1, t2);
      s1 = multiplyAdd(x0, b0, s1);
      t1 = multiplyAdd(x1, b1, t1);
      s0 = multiplyAdd(x0, c0, s0);
      t0 = multiplyAdd(x1, c1, t0);
      pixel += bytes;
      x0 = v128.load(pixel);
      x1 = v128.load(pixel, 16);
      s2 = multiplyAdd(x0, b0, s2);
      t2 = multiplyAdd(x1, b1, t2);
      s1 = multiplyAdd(x0, c0, s1);
      t1 = multiplyAdd(x1, c1, t1);
      s0 = multiplyAdd(x0, d0, s0);
      t0 = multiplyAdd(x1, d1, t0);
      pixel += bytes;
      x0 = v128.load(pixel);
      x1 = v128.load(pixel, 16);
      s2 = multiplyAdd(x0, c0, s2);
      t2 = multiplyAdd(x1, c1, t2);
      s1 = multiplyAdd(x0, d0, s1);
      t1 = multiplyAdd(x1, d1, t1);
      pixel += bytes;
      x0 = v128.load(pixel);
      x1 = v128.load(pixel, 16);
      s2 = multiplyAdd(x0, d0, s2);
      t2 = multiplyAdd(x1, d1, t2);
    } else {
      x0 = v128.load(pixel);
      x1 = v128.load(pixel, 16);
      s0 = multiplyAdd(x0, a0, s0);
      t0 = multiplyAdd(x1, a1, t0);
      pixel += bytes;
      x0 = v128.load(pixel);
      x1 = v128.load(pixel, 16);
      s1 = multiplyAdd(x0, a0, s1);
      t1 = multiplyAdd(x1, a1, t1);
      pixel += bytes;
      x0 = v128.load(pixel);
      x1 = v128.load(pixel, 16);
      s2 = multiplyAdd(x0, a0, s2);
      t2 = multiplyAdd(x1, a1, t2);
      s0 = multiplyAdd(x0, b0, s0);
      t0 = multiplyAdd(x1, b1, t0);
      pixel += bytes;
      x0 = v128.load(pixel);
      x1 = v128.load(pixel, 16);
      s1 = multiplyAdd(x0, b0, s1);
      t1 = multiplyAdd(x1, b1, t1);
      pixel += bytes;
      x0 = v128.load(pixel);
      x1 = v128.load(pixel, 16);
      s2 = multiplyAdd(x0, b0, s2);
      t2 = multiplyAdd(x1, b1, t2);
      s0 = multiplyAdd(x0, c0, s0);
      t0 = multiplyAdd(x1, c1, t0);
      pixel += bytes;
      x0 = v128.load(pixel);
      x1 = v128.load(pixel, 16);
      s1 = multiplyAdd(x0, c0, s1);
      t1 = multiplyAdd(x1, c1, t1);
      pixel += bytes;
      x0 = v128.load(pixel);
      x1 = v128.load(pixel, 16);
      s2 = multiplyAdd(x0, c0, s2);
      t2 = multiplyAdd(x1, c1, t2);
      s0 = multiplyAdd(x0, d0, s0);
      t0 = multiplyAdd(x1, d1, t0);
      pixel += bytes;
      x0 = v128.load(pixel);
      x1 = v128.load(pixel, 16);
      s1 = multiplyAdd(x0, d0, s1);
      t1 = multiplyAdd(x1, d1, t1);
      pixel += bytes;
      x0 = v128.load(pixel);
      x1 = v128.load(pixel, 16);
      s2 = multiplyAdd(x0, d0, s2);
      t2 = multiplyAdd(x1, d1, t2);
    }
    v128.store(to, s0);
    v128.store(to, t0, 16);
    v128.store(to + bytes, s1);
    v128.store(to + bytes, t1, 16);
    v128.store(to + 2 * bytes, s2);
    v128.store(to + 2 * bytes, t2, 16);
  }
}

/** Neighboring outputs begin at neighboring input pixels. */
export function addFourAtStride1(from: usize, gradient: usize, bytes: usize, sums: usize, length: usize): void {
  addFour(1, from, gradient, bytes, sums, length);
}

/** Neighboring outputs begin two input pixels apart. */
export function addFourAtStride2(from: usize, gradient: usize, bytes: usize, sums: usize, length: usize): void {
  addFour(2, from, gradient, bytes, sums, length);
}
