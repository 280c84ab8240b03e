import { multiplyRows, tileRows } from '../products/micro-kernel';
import { multiplyTile, panelColumns } from '../products/panels';
import { multiplyRowsWide, wideColumns } from '../products/wide-micro-kernel';
import { positionBytes } from './winograd-tiles';

/** The matrix products at all positions of transformed tiles. */
@unmanaged
export class PositionProducts {
  /** Transformed inputs V, [positions, tiles, depth]. */
  left!: usize;
  /** Transformed filters U, [positions, columns / 8, depth, 8]; for sums over tiles D, [positions, tiles, columns]. */
  right!: usize;
  /** [positions, tiles, columns]; for sums over tiles [positions, columns, depth]. */
  result!: usize;
  tiles!: i32;
  depth!: i32;
  columns!: i32;
  /** 1 to add to the result. */
  accumulate!: i32;
  /** Columns of the result that a task computes at one position, a multiple of 16. Tasks are ordered by position. */
  taskColumns!: i32;
}

/** M = V U for tasks `first` to `last - 1`. Scratch: an edge tile. */
export function multiplyPositions(work: PositionProducts, first: i32, last: i32, scratch: usize): void {
  const depth = work.depth;
  const stride = <usize>work.columns << 2;
  const rowBytes = <usize>depth << 2;
  const leftBytes = positionBytes(work.tiles, depth);
  const rightBytes = positionBytes(depth, work.columns);
  const resultBytes = positionBytes(work.tiles, work.columns);
  const parts = partsOf(work.columns, work.taskColumns);
  for (let task = first; task < last; task++) {
    const position = task / parts;
    const begin = (task - position * parts) * work.taskColumns;
    const end = min(work.columns, begin + work.taskColumns);
    const left = work.left + <usize>position * leftBytes;
    const right = work.right + <usize>position * rightBytes;
    const result = work.result + <usize>position * resultBytes;
    for (let column = begin; column < end; ) {
      const width = panelColumns(work.columns - column);
      const panel = right + <usize>column * rowBytes;
      for (let row = 0; row < work.tiles; row += tileRows) {
        const present = min(tileRows, work.tiles - row);
        const a = left + <usize>row * rowBytes;
        const c = result + <usize>row * stride + (<usize>column << 2);
        if (present == tileRows) {
          multiplyRowsOf(width, a, rowBytes, panel, depth, c, stride);
        } else {
          // Rows beyond the last tile are read from the next position, or from the slack after the last, and dropped.
          multiplyRowsOf(width, a, rowBytes, panel, depth, scratch, <usize>width << 2);
          for (let i = 0; i < present; i++) copyRow(scratch, i, width, c + <usize>i * stride, false);
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

/** Tasks at one position. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function partsOf(columns: i32, taskColumns: i32): i32 {
  return (columns + taskColumns - 1) / taskColumns;
}

/** S = D' V, summed over tiles, for tasks `first` to `last - 1`. Scratch: an edge tile. */
export function sumPositions(work: PositionProducts, first: i32, last: i32, scratch: usize): void {
  const depth = work.depth;
  const columns = work.columns;
  const stride = <usize>depth << 2;
  const stepA = <usize>columns << 2;
  const leftBytes = positionBytes(work.tiles, depth);
  const rightBytes = positionBytes(work.tiles, columns);
  const resultBytes = positionBytes(columns, depth);
  const parts = partsOf(depth, work.taskColumns);
  for (let task = first; task < last; task++) {
    const position = task / parts;
    const begin = (task - position * parts) * work.taskColumns;
    const end = min(depth, begin + work.taskColumns);
    const left = work.left + <usize>position * leftBytes;
    const right = work.right + <usize>position * rightBytes;
    const result = work.result + <usize>position * resultBytes;
    for (let channel = begin; channel < end; ) {
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
            copyRow(scratch, i, width, c + <usize>i * stride, work.accumulate != 0);
          }
        }
      }
      channel += width;
    }
  }
}

/** Copies row `row` of an edge tile, or adds it to the row that is there. */
function copyRow(tile: usize, row: i32, width: i32, to: usize, accumulate: bool): void {
  const from = tile + (<usize>(row * width) << 2);
  for (let at: usize = 0; at < <usize>width << 2; at += 16) {
    let values = v128.load(from + at);
    if (accumulate) values = f32x4.add(values, v128.load(to + at));
    v128.store(to + at, values);
  }
}
