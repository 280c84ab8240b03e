import { multiplyOuter, tileColumns, tileRows } from './micro-kernel';
import { multiplyOuterWide, wideColumns } from './wide-micro-kernel';

/** Bytes of scratch for a spare tile, wide or not. */
export const spareBytes: usize = 384;

/**
 * Columns of the panel that begins where `left` columns are left. In the wide build panels have 16 columns while there
 * are so many, and 8 then: the same values meet the same kernels' order in both builds, also at the edge.
 */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function panelColumns(left: i32): i32 {
  return WIDE && left >= wideColumns ? wideColumns : tileColumns;
}

/** A whole tile of 6 rows and `width` columns: see multiplyOuter. */
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
 * c (rows x columns, at most 6 x `width`) from two packed panels, through a whole tile in `spare`: the rows and columns
 * beyond the edge hold zeros in the panels and are dropped here.
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
  spare: usize,
): void {
  const bytes = <usize>width << 2;
  multiplyTile(a, 24, b, bytes, depth, spare, bytes, false, width);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const to = c + <usize>row * stride + (<usize>column << 2);
      const value = load<f32>(spare + (<usize>(row * width + column) << 2));
      store<f32>(to, accumulate ? value + load<f32>(to) : value);
    }
  }
}

/**
 * c (rows x columns) from packed panels: `a` of 6 rows each, `b` of as many columns each as {@link panelColumns} says,
 * all of the same depth.
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
  spare: usize,
): void {
  // A panel of b stays in the first-level cache while all of a streams past it.
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
        multiplyEdgeTile(from, panel, depth, to, stride, accumulate, height, present, width, spare);
      }
    }
    column += width;
  }
}
