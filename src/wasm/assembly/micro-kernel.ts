import { multiplyAdd } from './simd';

/** Rows and columns of the tile that {@link multiplyTile} computes: twelve accumulators of the sixteen registers. */
export const tileRows: i32 = 6;
export const tileColumns: i32 = 8;

/**
 * c (6 x 8) = a (6 x depth) times b (depth x 8), or c += that.
 *
 * @param a - Panel of 6 rows: for each k the 6 values side by side.
 * @param b - Panel of 8 columns: for each k the 8 values side by side.
 * @param c - First value of the tile.
 * @param stride - Bytes from one row of the tile to the next.
 */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function multiplyTile(a: usize, b: usize, depth: i32, c: usize, stride: usize, accumulate: bool): void {
  multiplyOuter(a, 24, b, 32, depth, c, stride, accumulate);
}

/**
 * c (6 x 8) = sum over `depth` of columns a (6 values) times rows b (8 values), or c += that, where the six and the
 * eight values lie side by side.
 *
 * @param stepA - Bytes from one column of `a` to the next.
 * @param stepB - Bytes from one row of `b` to the next.
 */
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
    let value = v128.load_splat<f32>(a);
    c00 = multiplyAdd(value, b0, c00);
    c01 = multiplyAdd(value, b1, c01);
    value = v128.load_splat<f32>(a, 4);
    c10 = multiplyAdd(value, b0, c10);
    c11 = multiplyAdd(value, b1, c11);
    value = v128.load_splat<f32>(a, 8);
    c20 = multiplyAdd(value, b0, c20);
    c21 = multiplyAdd(value, b1, c21);
    value = v128.load_splat<f32>(a, 12);
    c30 = multiplyAdd(value, b0, c30);
    c31 = multiplyAdd(value, b1, c31);
    value = v128.load_splat<f32>(a, 16);
    c40 = multiplyAdd(value, b0, c40);
    c41 = multiplyAdd(value, b1, c41);
    value = v128.load_splat<f32>(a, 20);
    c50 = multiplyAdd(value, b0, c50);
    c51 = multiplyAdd(value, b1, c51);
    a += stepA;
    b += stepB;
  }
  storeRow(c, c00, c01, accumulate);
  storeRow(c + stride, c10, c11, accumulate);
  storeRow(c + 2 * stride, c20, c21, accumulate);
  storeRow(c + 3 * stride, c30, c31, accumulate);
  storeRow(c + 4 * stride, c40, c41, accumulate);
  storeRow(c + 5 * stride, c50, c51, accumulate);
}

/**
 * c (6 x 8) = a (6 x depth) times b (depth x 8), where `a` lies row by row.
 *
 * @param rowBytes - Bytes from one row of `a` to the next.
 * @param depth - A multiple of 4.
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
  for (let k = 0; k < depth; k += 4) {
    let b0 = v128.load(b, 0);
    let b1 = v128.load(b, 16);
    let value = v128.load_splat<f32>(a0, 0);
    c00 = multiplyAdd(value, b0, c00);
    c01 = multiplyAdd(value, b1, c01);
    value = v128.load_splat<f32>(a1, 0);
    c10 = multiplyAdd(value, b0, c10);
    c11 = multiplyAdd(value, b1, c11);
    value = v128.load_splat<f32>(a2, 0);
    c20 = multiplyAdd(value, b0, c20);
    c21 = multiplyAdd(value, b1, c21);
    value = v128.load_splat<f32>(a3, 0);
    c30 = multiplyAdd(value, b0, c30);
    c31 = multiplyAdd(value, b1, c31);
    value = v128.load_splat<f32>(a4, 0);
    c40 = multiplyAdd(value, b0, c40);
    c41 = multiplyAdd(value, b1, c41);
    value = v128.load_splat<f32>(a5, 0);
    c50 = multiplyAdd(value, b0, c50);
    c51 = multiplyAdd(value, b1, c51);
    b0 = v128.load(b, 32);
    b1 = v128.load(b, 48);
    value = v128.load_splat<f32>(a0, 4);
    c00 = multiplyAdd(value, b0, c00);
    c01 = multiplyAdd(value, b1, c01);
    value = v128.load_splat<f32>(a1, 4);
    c10 = multiplyAdd(value, b0, c10);
    c11 = multiplyAdd(value, b1, c11);
    value = v128.load_splat<f32>(a2, 4);
    c20 = multiplyAdd(value, b0, c20);
    c21 = multiplyAdd(value, b1, c21);
    value = v128.load_splat<f32>(a3, 4);
    c30 = multiplyAdd(value, b0, c30);
    c31 = multiplyAdd(value, b1, c31);
    value = v128.load_splat<f32>(a4, 4);
    c40 = multiplyAdd(value, b0, c40);
    c41 = multiplyAdd(value, b1, c41);
    value = v128.load_splat<f32>(a5, 4);
    c50 = multiplyAdd(value, b0, c50);
    c51 = multiplyAdd(value, b1, c51);
    b0 = v128.load(b, 64);
    b1 = v128.load(b, 80);
    value = v128.load_splat<f32>(a0, 8);
    c00 = multiplyAdd(value, b0, c00);
    c01 = multiplyAdd(value, b1, c01);
    value = v128.load_splat<f32>(a1, 8);
    c10 = multiplyAdd(value, b0, c10);
    c11 = multiplyAdd(value, b1, c11);
    value = v128.load_splat<f32>(a2, 8);
    c20 = multiplyAdd(value, b0, c20);
    c21 = multiplyAdd(value, b1, c21);
    value = v128.load_splat<f32>(a3, 8);
    c30 = multiplyAdd(value, b0, c30);
    c31 = multiplyAdd(value, b1, c31);
    value = v128.load_splat<f32>(a4, 8);
    c40 = multiplyAdd(value, b0, c40);
    c41 = multiplyAdd(value, b1, c41);
    value = v128.load_splat<f32>(a5, 8);
    c50 = multiplyAdd(value, b0, c50);
    c51 = multiplyAdd(value, b1, c51);
    b0 = v128.load(b, 96);
    b1 = v128.load(b, 112);
    value = v128.load_splat<f32>(a0, 12);
    c00 = multiplyAdd(value, b0, c00);
    c01 = multiplyAdd(value, b1, c01);
    value = v128.load_splat<f32>(a1, 12);
    c10 = multiplyAdd(value, b0, c10);
    c11 = multiplyAdd(value, b1, c11);
    value = v128.load_splat<f32>(a2, 12);
    c20 = multiplyAdd(value, b0, c20);
    c21 = multiplyAdd(value, b1, c21);
    value = v128.load_splat<f32>(a3, 12);
    c30 = multiplyAdd(value, b0, c30);
    c31 = multiplyAdd(value, b1, c31);
    value = v128.load_splat<f32>(a4, 12);
    c40 = multiplyAdd(value, b0, c40);
    c41 = multiplyAdd(value, b1, c41);
    value = v128.load_splat<f32>(a5, 12);
    c50 = multiplyAdd(value, b0, c50);
    c51 = multiplyAdd(value, b1, c51);
    a0 += 16;
    a1 += 16;
    a2 += 16;
    a3 += 16;
    a4 += 16;
    a5 += 16;
    b += 128;
  }
  storeRow(c, c00, c01, false);
  storeRow(c + stride, c10, c11, false);
  storeRow(c + 2 * stride, c20, c21, false);
  storeRow(c + 3 * stride, c30, c31, false);
  storeRow(c + 4 * stride, c40, c41, false);
  storeRow(c + 5 * stride, c50, c51, false);
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function storeRow(c: usize, low: v128, high: v128, accumulate: bool): void {
  if (accumulate) {
    low = f32x4.add(low, v128.load(c));
    high = f32x4.add(high, v128.load(c, 16));
  }
  v128.store(c, low);
  v128.store(c, high, 16);
}

/**
 * c (rows x columns, at most 6 x 8) from two panels, through a whole tile in `spare` (192 bytes): the rows and
 * columns beyond the edge hold zeros in the panels and are dropped here.
 */
export function multiplyEdgeTile(
  a: usize,
  b: usize,
  depth: i32,
  c: usize,
  stride: usize,
  accumulate: bool,
  rows: i32,
  columns: i32,
  spare: usize,
): void {
  multiplyTile(a, b, depth, spare, 32, false);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const to = c + <usize>row * stride + (<usize>column << 2);
      const value = load<f32>(spare + (<usize>(row * 8 + column) << 2));
      store<f32>(to, accumulate ? value + load<f32>(to) : value);
    }
  }
}

/** c (rows x columns) from packed panels: `a` of 6 rows each, `b` of 8 columns each, all of the same depth. */
export function multiplyPanels(
  a: usize,
  b: usize,
  depth: i32,
  c: usize,
  stride: usize,
  accumulate: bool,
  rows: i32,
  columns: i32,
  spare: usize,
): void {
  // A panel of b stays in the first-level cache while all of a streams past it.
  for (let column = 0; column < columns; column += tileColumns) {
    const panel = b + (<usize>(column * depth) << 2);
    for (let row = 0; row < rows; row += tileRows) {
      const to = c + <usize>row * stride + (<usize>column << 2);
      const from = a + (<usize>(row * depth) << 2);
      if (row + tileRows <= rows && column + tileColumns <= columns) {
        multiplyTile(from, panel, depth, to, stride, accumulate);
      } else {
        multiplyEdgeTile(from, panel, depth, to, stride, accumulate, min(tileRows, rows - row), min(tileColumns, columns - column), spare);
      }
    }
  }
}
