import { multiplyOuter, tileColumns, tileRows } from './micro-kernel';
import { multiplyOuterWide, wideColumns } from './wide-micro-kernel';

/** Bytes of scratch for an edge tile, in either build: a whole tile of which only the part inside the result is kept. */
export const edgeTileBytes: usize = 384;

/**
 * Columns of a panel when `left` columns remain. In the wide build a panel has 16 columns as long as that many remain, then
 * 8. Both builds thus add the same values in the same order, even at the edge.
 */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function panelColumns(left: i32): i32 {
  return WIDE && left >= wideColumns ? wideColumns : tileColumns;
}

/** A whole tile of 6 rows and `width` columns: see multiplyOuter in ./micro-kernel.ts. */
export function multiplyTile(
  a: usize,
  stepA: usize,
  b: usize,
  stepB: usize,
  depth: i32,
  c: usize,
  stride: usize,
  accumulate: bool,
  width: i32,
): void {
  if (WIDE && width == wideColumns) multiplyOuterWide(a, stepA, b, stepB, depth, c, stride, accumulate);
  else multiplyOuter(a, stepA, b, stepB, depth, c, stride, accumulate);
}

/**
 * c (rows x columns, at most 6 x `width`) from two packed panels. Computes a whole tile in `edgeTile` and copies the part that
 * is inside the result; the panels hold zeros beyond the edge.
 */
function multiplyEdgeTile(
  a: usize,
  b: usize,
  depth: i32,
  c: usize,
  stride: usize,
  accumulate: bool,
  rows: i32,
  columns: i32,
  width: i32,
  edgeTile: usize,
): void {
  const bytes = <usize>width << 2;
  multiplyTile(a, 24, b, bytes, depth, edgeTile, bytes, false, width);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const to = c + <usize>row * stride + (<usize>column << 2);
      const value = load<f32>(edgeTile + (<usize>(row * width + column) << 2));
      store<f32>(to, accumulate ? value + load<f32>(to) : value);
    }
  }
}

/**
 * c (rows x columns) from packed panels of the same depth: panels of `a` have 6 rows, those of `b` as many columns as
 * {@link panelColumns} says.
 */
export function multiplyPanels(
  a: usize,
  b: usize,
  depth: i32,
  c: usize,
  stride: usize,
  accumulate: bool,
  rows: i32,
  columns: i32,
  edgeTile: usize,
): void {
  // A panel of b stays in the first-level cache while all of a streams through it.
  for (let column = 0; column < columns; ) {
    const panel = b + (<usize>(column * depth) << 2);
    const width = panelColumns(columns - column);
    const present = min(width, columns - column);
    for (let row = 0; row < rows; row += tileRows) {
      const to = c + <usize>row * stride + (<usize>column << 2);
      const from = a + (<usize>(row * depth) << 2);
      const height = min(tileRows, rows - row);
      if (height == tileRows && present == width) {
        multiplyTile(from, 24, panel, <usize>width << 2, depth, to, stride, accumulate, width);
      } else {
        multiplyEdgeTile(from, panel, depth, to, stride, accumulate, height, present, width, edgeTile);
      }
    }
    column += width;
  }
}
