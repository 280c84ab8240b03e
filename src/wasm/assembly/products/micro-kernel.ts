import { multiplyAdd } from '../simd';

/** Rows and columns of a tile: twelve accumulators, which leave four of sixteen registers for the operands. */
export const tileRows: i32 = 6;
export const tileColumns: i32 = 8;

/*
 * These loops reach nearly the peak of a core as long as they are plain. Unrolled by two or four they lose a fifth of it.
 * With a branch on `accumulate` after the loop they lose nearly half, because the engine then spills accumulators inside
 * the loop. That is why c = and c += are two functions.
 */

/**
 * c (6 x 8) = a (6 x depth) times b (depth x 8), where the 6 values of a column of `a` and the 8 values of a row of `b` are
 * contiguous.
 *
 * @param stepA - Bytes from one column of `a` to the next: 24 in a packed panel.
 * @param stepB - Bytes from one row of `b` to the next: 32 in a packed panel.
 * @param c - First value of the tile.
 * @param stride - Bytes from one row of the tile to the next.
 */
function multiplyInto(a: usize, stepA: usize, b: usize, stepB: usize, depth: i32, c: usize, stride: usize): void {
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  let c40 = f32x4.splat(0);
  let c41 = f32x4.splat(0);
  let c50 = f32x4.splat(0);
  let c51 = f32x4.splat(0);
  for (let k = 0; k < depth; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const v0 = v128.load_splat<f32>(a);
    c00 = multiplyAdd(v0, b0, c00);
    c01 = multiplyAdd(v0, b1, c01);
    const v1 = v128.load_splat<f32>(a, 4);
    c10 = multiplyAdd(v1, b0, c10);
    c11 = multiplyAdd(v1, b1, c11);
    const v2 = v128.load_splat<f32>(a, 8);
    c20 = multiplyAdd(v2, b0, c20);
    c21 = multiplyAdd(v2, b1, c21);
    const v3 = v128.load_splat<f32>(a, 12);
    c30 = multiplyAdd(v3, b0, c30);
    c31 = multiplyAdd(v3, b1, c31);
    const v4 = v128.load_splat<f32>(a, 16);
    c40 = multiplyAdd(v4, b0, c40);
    c41 = multiplyAdd(v4, b1, c41);
    const v5 = v128.load_splat<f32>(a, 20);
    c50 = multiplyAdd(v5, b0, c50);
    c51 = multiplyAdd(v5, b1, c51);
    a += stepA;
    b += stepB;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c + stride, c10);
  v128.store(c + stride, c11, 16);
  v128.store(c + 2 * stride, c20);
  v128.store(c + 2 * stride, c21, 16);
  v128.store(c + 3 * stride, c30);
  v128.store(c + 3 * stride, c31, 16);
  v128.store(c + 4 * stride, c40);
  v128.store(c + 4 * stride, c41, 16);
  v128.store(c + 5 * stride, c50);
  v128.store(c + 5 * stride, c51, 16);
}

/** c += what {@link multiplyInto} computes. */
function multiplyAccumulate(a: usize, stepA: usize, b: usize, stepB: usize, depth: i32, c: usize, stride: usize): void {
  let c00 = v128.load(c);
  let c01 = v128.load(c, 16);
  let c10 = v128.load(c + stride);
  let c11 = v128.load(c + stride, 16);
  let c20 = v128.load(c + 2 * stride);
  let c21 = v128.load(c + 2 * stride, 16);
  let c30 = v128.load(c + 3 * stride);
  let c31 = v128.load(c + 3 * stride, 16);
  let c40 = v128.load(c + 4 * stride);
  let c41 = v128.load(c + 4 * stride, 16);
  let c50 = v128.load(c + 5 * stride);
  let c51 = v128.load(c + 5 * stride, 16);
  for (let k = 0; k < depth; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const v0 = v128.load_splat<f32>(a);
    c00 = multiplyAdd(v0, b0, c00);
    c01 = multiplyAdd(v0, b1, c01);
    const v1 = v128.load_splat<f32>(a, 4);
    c10 = multiplyAdd(v1, b0, c10);
    c11 = multiplyAdd(v1, b1, c11);
    const v2 = v128.load_splat<f32>(a, 8);
    c20 = multiplyAdd(v2, b0, c20);
    c21 = multiplyAdd(v2, b1, c21);
    const v3 = v128.load_splat<f32>(a, 12);
    c30 = multiplyAdd(v3, b0, c30);
    c31 = multiplyAdd(v3, b1, c31);
    const v4 = v128.load_splat<f32>(a, 16);
    c40 = multiplyAdd(v4, b0, c40);
    c41 = multiplyAdd(v4, b1, c41);
    const v5 = v128.load_splat<f32>(a, 20);
    c50 = multiplyAdd(v5, b0, c50);
    c51 = multiplyAdd(v5, b1, c51);
    a += stepA;
    b += stepB;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c + stride, c10);
  v128.store(c + stride, c11, 16);
  v128.store(c + 2 * stride, c20);
  v128.store(c + 2 * stride, c21, 16);
  v128.store(c + 3 * stride, c30);
  v128.store(c + 3 * stride, c31, 16);
  v128.store(c + 4 * stride, c40);
  v128.store(c + 4 * stride, c41, 16);
  v128.store(c + 5 * stride, c50);
  v128.store(c + 5 * stride, c51, 16);
}

/** {@link multiplyInto} or {@link multiplyAccumulate}. */
export function multiplyOuter(
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

/**
 * c (6 x 8) = a (6 x depth) times b (depth x 8), where `a` is stored by rows.
 *
 * @param rowBytes - Bytes from one row of `a` to the next.
 */
export function multiplyRows(a: usize, rowBytes: usize, b: usize, depth: i32, c: usize, stride: usize): void {
  let a0 = a;
  let a1 = a0 + rowBytes;
  let a2 = a1 + rowBytes;
  let a3 = a2 + rowBytes;
  let a4 = a3 + rowBytes;
  let a5 = a4 + rowBytes;
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  let c40 = f32x4.splat(0);
  let c41 = f32x4.splat(0);
  let c50 = f32x4.splat(0);
  let c51 = f32x4.splat(0);
  for (let k = 0; k < depth; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const v0 = v128.load_splat<f32>(a0);
    c00 = multiplyAdd(v0, b0, c00);
    c01 = multiplyAdd(v0, b1, c01);
    const v1 = v128.load_splat<f32>(a1);
    c10 = multiplyAdd(v1, b0, c10);
    c11 = multiplyAdd(v1, b1, c11);
    const v2 = v128.load_splat<f32>(a2);
    c20 = multiplyAdd(v2, b0, c20);
    c21 = multiplyAdd(v2, b1, c21);
    const v3 = v128.load_splat<f32>(a3);
    c30 = multiplyAdd(v3, b0, c30);
    c31 = multiplyAdd(v3, b1, c31);
    const v4 = v128.load_splat<f32>(a4);
    c40 = multiplyAdd(v4, b0, c40);
    c41 = multiplyAdd(v4, b1, c41);
    const v5 = v128.load_splat<f32>(a5);
    c50 = multiplyAdd(v5, b0, c50);
    c51 = multiplyAdd(v5, b1, c51);
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
    a4 += 4;
    a5 += 4;
    b += 32;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c + stride, c10);
  v128.store(c + stride, c11, 16);
  v128.store(c + 2 * stride, c20);
  v128.store(c + 2 * stride, c21, 16);
  v128.store(c + 3 * stride, c30);
  v128.store(c + 3 * stride, c31, 16);
  v128.store(c + 4 * stride, c40);
  v128.store(c + 4 * stride, c41, 16);
  v128.store(c + 5 * stride, c50);
  v128.store(c + 5 * stride, c51, 16);
}
