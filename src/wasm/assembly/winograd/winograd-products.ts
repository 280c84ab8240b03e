import { multiplyRows, tileRows } from '../products/micro-kernel';
import { multiplyTile, panelColumns } from '../products/panels';
import { multiplyRowsWide, wideColumns } from '../products/wide-micro-kernel';
import { placeBytes } from './winograd-tiles';

/** The products of all places, and what they are about. */
@unmanaged
export class PlaceProducts {
  /** [places, tiles, depth] of V. */
  left!: usize;
  /** [places, columns / 8, depth, 8] of U; or, over tiles, [places, tiles, columns] of D. */
  right!: usize;
  /** [places, tiles, columns]; or, over tiles, [places, columns, depth]. */
  result!: usize;
  tiles!: i32;
  depth!: i32;
  columns!: i32;
  accumulate!: i32;
}

/** M = V U at places `first` to `last - 1`. Scratch: a spare tile. */
export function multiplyPlaces(work: PlaceProducts, first: i32, last: i32, scratch: usize): void {
  const depth = work.depth;
  const stride = <usize>work.columns << 2;
  const rowBytes = <usize>depth << 2;
  const leftBytes = placeBytes(work.tiles, depth);
  const rightBytes = placeBytes(depth, work.columns);
  const resultBytes = placeBytes(work.tiles, work.columns);
  for (let place = first; place < last; place++) {
    const left = work.left + <usize>place * leftBytes;
    const right = work.right + <usize>place * rightBytes;
    const result = work.result + <usize>place * resultBytes;
    for (let column = 0; column < work.columns; ) {
      const width = panelColumns(work.columns - column);
      const panel = right + <usize>column * rowBytes;
      for (let row = 0; row < work.tiles; row += tileRows) {
        const present = min(tileRows, work.tiles - row);
        const a = left + <usize>row * rowBytes;
        const c = result + <usize>row * stride + (<usize>column << 2);
        if (present == tileRows) {
          multiplyRowsOf(width, a, rowBytes, panel, depth, c, stride);
        } else {
          // The rows beyond lie in the next place or in the slack behind the last; they are dropped.
          multiplyRowsOf(width, a, rowBytes, panel, depth, scratch, <usize>width << 2);
          for (let i = 0; i < present; i++) addRow(scratch, i, width, c + <usize>i * stride, false);
        }
      }
      column += width;
    }
  }
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function multiplyRowsOf(width: i32, a: usize, rowBytes: usize, b: usize, depth: i32, c: usize, stride: usize): void {
  if (WIDE && width == wideColumns) multiplyRowsWide(a, rowBytes, b, depth, c, stride);
  else multiplyRows(a, rowBytes, b, depth, c, stride);
}

/** S = D' V, summed over tiles, at places `first` to `last - 1`: [columns, depth]. Scratch: a spare tile. */
export function sumPlaces(work: PlaceProducts, first: i32, last: i32, scratch: usize): void {
  const depth = work.depth;
  const columns = work.columns;
  const stride = <usize>depth << 2;
  const stepA = <usize>columns << 2;
  const leftBytes = placeBytes(work.tiles, depth);
  const rightBytes = placeBytes(work.tiles, columns);
  const resultBytes = placeBytes(columns, depth);
  for (let place = first; place < last; place++) {
    const left = work.left + <usize>place * leftBytes;
    const right = work.right + <usize>place * rightBytes;
    const result = work.result + <usize>place * resultBytes;
    for (let channel = 0; channel < depth; ) {
      const width = panelColumns(depth - channel);
      const b = left + (<usize>channel << 2);
      for (let column = 0; column < columns; column += tileRows) {
        const present = min(tileRows, columns - column);
        const a = right + (<usize>column << 2);
        const c = result + <usize>column * stride + (<usize>channel << 2);
        if (present == tileRows) {
          multiplyTile(a, stepA, b, stride, work.tiles, c, stride, work.accumulate != 0, width);
        } else {
          multiplyTile(a, stepA, b, stride, work.tiles, scratch, <usize>width << 2, false, width);
          for (let i = 0; i < present; i++) {
            addRow(scratch, i, width, c + <usize>i * stride, work.accumulate != 0);
          }
        }
      }
      channel += width;
    }
  }
}

/** Copies row `row` of a spare tile, or adds it to what is there. */
function addRow(tile: usize, row: i32, width: i32, to: usize, accumulate: bool): void {
  const from = tile + (<usize>(row * width) << 2);
  for (let at: usize = 0; at < <usize>width << 2; at += 16) {
    let values = v128.load(from + at);
    if (accumulate) values = f32x4.add(values, v128.load(to + at));
    v128.store(to + at, values);
  }
}
