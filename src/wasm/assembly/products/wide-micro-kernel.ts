import { multiplyAdd } from '../simd';

/** Columns of a wide tile: twelve accumulators of 256 bits where the engine fuses neighboring vectors of 128 bits. */
export const wideColumns: i32 = 16;

/*
 * The kernels of ./micro-kernel.ts for tiles of 16 columns. They add in the same order, so the results are the same bit for
 * bit. V8 fuses the operations that lead to two neighboring stores, and decides so for a whole function. Each kernel is
 * therefore a small function, which loads both halves of a row before it stores either.
 */

/** c (6 x 16) = a (6 x depth) times b (depth x 16): see multiplyInto in ./micro-kernel.ts. */
function multiplyInto(a: usize, stepA: usize, b: usize, stepB: usize, depth: i32, c: usize, stride: usize): void {
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c02 = f32x4.splat(0);
  let c03 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c12 = f32x4.splat(0);
  let c13 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c22 = f32x4.splat(0);
  let c23 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  let c32 = f32x4.splat(0);
  let c33 = f32x4.splat(0);
  let c40 = f32x4.splat(0);
  let c41 = f32x4.splat(0);
  let c42 = f32x4.splat(0);
  let c43 = f32x4.splat(0);
  let c50 = f32x4.splat(0);
  let c51 = f32x4.splat(0);
  let c52 = f32x4.splat(0);
  let c53 = f32x4.splat(0);
  for (let k = 0; k < depth; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const b2 = v128.load(b, 32);
    const b3 = v128.load(b, 48);
    const v0 = v128.load_splat<f32>(a);
    c00 = multiplyAdd(v0, b0, c00);
    c01 = multiplyAdd(v0, b1, c01);
    c02 = multiplyAdd(v0, b2, c02);
    c03 = multiplyAdd(v0, b3, c03);
    const v1 = v128.load_splat<f32>(a, 4);
    c10 = multiplyAdd(v1, b0, c10);
    c11 = multiplyAdd(v1, b1, c11);
    c12 = multiplyAdd(v1, b2, c12);
    c13 = multiplyAdd(v1, b3, c13);
    const v2 = v128.load_splat<f32>(a, 8);
    c20 = multiplyAdd(v2, b0, c20);
    c21 = multiplyAdd(v2, b1, c21);
    c22 = multiplyAdd(v2, b2, c22);
    c23 = multiplyAdd(v2, b3, c23);
    const v3 = v128.load_splat<f32>(a, 12);
    c30 = multiplyAdd(v3, b0, c30);
    c31 = multiplyAdd(v3, b1, c31);
    c32 = multiplyAdd(v3, b2, c32);
    c33 = multiplyAdd(v3, b3, c33);
    const v4 = v128.load_splat<f32>(a, 16);
    c40 = multiplyAdd(v4, b0, c40);
    c41 = multiplyAdd(v4, b1, c41);
    c42 = multiplyAdd(v4, b2, c42);
    c43 = multiplyAdd(v4, b3, c43);
    const v5 = v128.load_splat<f32>(a, 20);
    c50 = multiplyAdd(v5, b0, c50);
    c51 = multiplyAdd(v5, b1, c51);
    c52 = multiplyAdd(v5, b2, c52);
    c53 = multiplyAdd(v5, b3, c53);
    a += stepA;
    b += stepB;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c, c02, 32);
  v128.store(c, c03, 48);
  v128.store(c + stride, c10);
  v128.store(c + stride, c11, 16);
  v128.store(c + stride, c12, 32);
  v128.store(c + stride, c13, 48);
  v128.store(c + 2 * stride, c20);
  v128.store(c + 2 * stride, c21, 16);
  v128.store(c + 2 * stride, c22, 32);
  v128.store(c + 2 * stride, c23, 48);
  v128.store(c + 3 * stride, c30);
  v128.store(c + 3 * stride, c31, 16);
  v128.store(c + 3 * stride, c32, 32);
  v128.store(c + 3 * stride, c33, 48);
  v128.store(c + 4 * stride, c40);
  v128.store(c + 4 * stride, c41, 16);
  v128.store(c + 4 * stride, c42, 32);
  v128.store(c + 4 * stride, c43, 48);
  v128.store(c + 5 * stride, c50);
  v128.store(c + 5 * stride, c51, 16);
  v128.store(c + 5 * stride, c52, 32);
  v128.store(c + 5 * stride, c53, 48);
}

/** c += what {@link multiplyInto} computes. */
function multiplyAccumulate(a: usize, stepA: usize, b: usize, stepB: usize, depth: i32, c: usize, stride: usize): void {
  let c00 = v128.load(c);
  let c01 = v128.load(c, 16);
  let c02 = v128.load(c, 32);
  let c03 = v128.load(c, 48);
  let c10 = v128.load(c + stride);
  let c11 = v128.load(c + stride, 16);
  let c12 = v128.load(c + stride, 32);
  let c13 = v128.load(c + stride, 48);
  let c20 = v128.load(c + 2 * stride);
  let c21 = v128.load(c + 2 * stride, 16);
  let c22 = v128.load(c + 2 * stride, 32);
  let c23 = v128.load(c + 2 * stride, 48);
  let c30 = v128.load(c + 3 * stride);
  let c31 = v128.load(c + 3 * stride, 16);
  let c32 = v128.load(c + 3 * stride, 32);
  let c33 = v128.load(c + 3 * stride, 48);
  let c40 = v128.load(c + 4 * stride);
  let c41 = v128.load(c + 4 * stride, 16);
  let c42 = v128.load(c + 4 * stride, 32);
  let c43 = v128.load(c + 4 * stride, 48);
  let c50 = v128.load(c + 5 * stride);
  let c51 = v128.load(c + 5 * stride, 16);
  let c52 = v128.load(c + 5 * stride, 32);
  let c53 = v128.load(c + 5 * stride, 48);
  for (let k = 0; k < depth; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const b2 = v128.load(b, 32);
    const b3 = v128.load(b, 48);
    const v0 = v128.load_splat<f32>(a);
    c00 = multiplyAdd(v0, b0, c00);
    c01 = multiplyAdd(v0, b1, c01);
    c02 = multiplyAdd(v0, b2, c02);
    c03 = multiplyAdd(v0, b3, c03);
    const v1 = v128.load_splat<f32>(a, 4);
    c10 = multiplyAdd(v1, b0, c10);
    c11 = multiplyAdd(v1, b1, c11);
    c12 = multiplyAdd(v1, b2, c12);
    c13 = multiplyAdd(v1, b3, c13);
    const v2 = v128.load_splat<f32>(a, 8);
    c20 = multiplyAdd(v2, b0, c20);
    c21 = multiplyAdd(v2, b1, c21);
    c22 = multiplyAdd(v2, b2, c22);
    c23 = multiplyAdd(v2, b3, c23);
    const v3 = v128.load_splat<f32>(a, 12);
    c30 = multiplyAdd(v3, b0, c30);
    c31 = multiplyAdd(v3, b1, c31);
    c32 = multiplyAdd(v3, b2, c32);
    c33 = multiplyAdd(v3, b3, c33);
    const v4 = v128.load_splat<f32>(a, 16);
    c40 = multiplyAdd(v4, b0, c40);
    c41 = multiplyAdd(v4, b1, c41);
    c42 = multiplyAdd(v4, b2, c42);
    c43 = multiplyAdd(v4, b3, c43);
    const v5 = v128.load_splat<f32>(a, 20);
    c50 = multiplyAdd(v5, b0, c50);
    c51 = multiplyAdd(v5, b1, c51);
    c52 = multiplyAdd(v5, b2, c52);
    c53 = multiplyAdd(v5, b3, c53);
    a += stepA;
    b += stepB;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c, c02, 32);
  v128.store(c, c03, 48);
  v128.store(c + stride, c10);
  v128.store(c + stride, c11, 16);
  v128.store(c + stride, c12, 32);
  v128.store(c + stride, c13, 48);
  v128.store(c + 2 * stride, c20);
  v128.store(c + 2 * stride, c21, 16);
  v128.store(c + 2 * stride, c22, 32);
  v128.store(c + 2 * stride, c23, 48);
  v128.store(c + 3 * stride, c30);
  v128.store(c + 3 * stride, c31, 16);
  v128.store(c + 3 * stride, c32, 32);
  v128.store(c + 3 * stride, c33, 48);
  v128.store(c + 4 * stride, c40);
  v128.store(c + 4 * stride, c41, 16);
  v128.store(c + 4 * stride, c42, 32);
  v128.store(c + 4 * stride, c43, 48);
  v128.store(c + 5 * stride, c50);
  v128.store(c + 5 * stride, c51, 16);
  v128.store(c + 5 * stride, c52, 32);
  v128.store(c + 5 * stride, c53, 48);
}

/** {@link multiplyInto} or {@link multiplyAccumulate}. */
export function multiplyOuterWide(
  a: usize,
  stepA: usize,
  b: usize,
  stepB: usize,
  depth: i32,
  c: usize,
  stride: usize,
  accumulate: bool,
): void {
  if (accumulate) multiplyAccumulate(a, stepA, b, stepB, depth, c, stride);
  else multiplyInto(a, stepA, b, stepB, depth, c, stride);
}

/** c (6 x 16) = a (6 x depth) times b (depth x 16), where `a` is stored by rows. */
export function multiplyRowsWide(a: usize, rowBytes: usize, b: usize, depth: i32, c: usize, stride: usize): void {
  let a0 = a;
  let a1 = a0 + rowBytes;
  let a2 = a1 + rowBytes;
  let a3 = a2 + rowBytes;
  let a4 = a3 + rowBytes;
  let a5 = a4 + rowBytes;
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c02 = f32x4.splat(0);
  let c03 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c12 = f32x4.splat(0);
  let c13 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c22 = f32x4.splat(0);
  let c23 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  let c32 = f32x4.splat(0);
  let c33 = f32x4.splat(0);
  let c40 = f32x4.splat(0);
  let c41 = f32x4.splat(0);
  let c42 = f32x4.splat(0);
  let c43 = f32x4.splat(0);
  let c50 = f32x4.splat(0);
  let c51 = f32x4.splat(0);
  let c52 = f32x4.splat(0);
  let c53 = f32x4.splat(0);
  for (let k = 0; k < depth; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const b2 = v128.load(b, 32);
    const b3 = v128.load(b, 48);
    const v0 = v128.load_splat<f32>(a0);
    c00 = multiplyAdd(v0, b0, c00);
    c01 = multiplyAdd(v0, b1, c01);
    c02 = multiplyAdd(v0, b2, c02);
    c03 = multiplyAdd(v0, b3, c03);
    const v1 = v128.load_splat<f32>(a1);
    c10 = multiplyAdd(v1, b0, c10);
    c11 = multiplyAdd(v1, b1, c11);
    c12 = multiplyAdd(v1, b2, c12);
    c13 = multiplyAdd(v1, b3, c13);
    const v2 = v128.load_splat<f32>(a2);
    c20 = multiplyAdd(v2, b0, c20);
    c21 = multiplyAdd(v2, b1, c21);
    c22 = multiplyAdd(v2, b2, c22);
    c23 = multiplyAdd(v2, b3, c23);
    const v3 = v128.load_splat<f32>(a3);
    c30 = multiplyAdd(v3, b0, c30);
    c31 = multiplyAdd(v3, b1, c31);
    c32 = multiplyAdd(v3, b2, c32);
    c33 = multiplyAdd(v3, b3, c33);
    const v4 = v128.load_splat<f32>(a4);
    c40 = multiplyAdd(v4, b0, c40);
    c41 = multiplyAdd(v4, b1, c41);
    c42 = multiplyAdd(v4, b2, c42);
    c43 = multiplyAdd(v4, b3, c43);
    const v5 = v128.load_splat<f32>(a5);
    c50 = multiplyAdd(v5, b0, c50);
    c51 = multiplyAdd(v5, b1, c51);
    c52 = multiplyAdd(v5, b2, c52);
    c53 = multiplyAdd(v5, b3, c53);
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
    a4 += 4;
    a5 += 4;
    b += 64;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c, c02, 32);
  v128.store(c, c03, 48);
  v128.store(c + stride, c10);
  v128.store(c + stride, c11, 16);
  v128.store(c + stride, c12, 32);
  v128.store(c + stride, c13, 48);
  v128.store(c + 2 * stride, c20);
  v128.store(c + 2 * stride, c21, 16);
  v128.store(c + 2 * stride, c22, 32);
  v128.store(c + 2 * stride, c23, 48);
  v128.store(c + 3 * stride, c30);
  v128.store(c + 3 * stride, c31, 16);
  v128.store(c + 3 * stride, c32, 32);
  v128.store(c + 3 * stride, c33, 48);
  v128.store(c + 4 * stride, c40);
  v128.store(c + 4 * stride, c41, 16);
  v128.store(c + 4 * stride, c42, 32);
  v128.store(c + 4 * stride, c43, 48);
  v128.store(c + 5 * stride, c50);
  v128.store(c + 5 * stride, c51, 16);
  v128.store(c + 5 * stride, c52, 32);
  v128.store(c + 5 * stride, c53, 48);
}
