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
export function multiplyTile(a: usize, b: usize, depth: i32, c: usize, stride: usize, accumulate: bool): void {
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
    a += 24;
    b += 32;
  }
  storeRow(c, c00, c01, accumulate);
  storeRow(c + stride, c10, c11, accumulate);
  storeRow(c + 2 * stride, c20, c21, accumulate);
  storeRow(c + 3 * stride, c30, c31, accumulate);
  storeRow(c + 4 * stride, c40, c41, accumulate);
  storeRow(c + 5 * stride, c50, c51, accumulate);
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
