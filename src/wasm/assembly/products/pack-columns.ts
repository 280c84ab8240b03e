import { tileColumns } from './micro-kernel';
import { panelColumns } from './panels';

/** Columns in whole panels. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function paddedColumns(columns: i32): i32 {
  return ((columns + tileColumns - 1) / tileColumns) * tileColumns;
}

/**
 * Where the packed values of a chunk begin: all panels of the first `chunk` values of depth, then all of the next, so
 * that what a pass over one chunk reads lies together.
 */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function chunkAddress(to: usize, columns: i32, start: i32): usize {
  return to + (<usize>(start * paddedColumns(columns)) << 2);
}

/**
 * A matrix to be packed, as taps of `tapDepth` values: value (tap, k, column) lies at
 * tapOrigin + ty * tapStepY + tx * tapStepX + k * strideK + column * strideColumn, counted in values.
 */
@unmanaged
export class Columns {
  source!: usize;
  to!: usize;
  columns!: i32;
  tapDepth!: i32;
  tapsY!: i32;
  tapsX!: i32;
  tapOrigin!: i32;
  tapStepY!: i32;
  tapStepX!: i32;
  strideK!: i32;
  strideColumn!: i32;
  /** Values of depth, over all taps, that are packed together. */
  chunk!: i32;
}

/** Packs columns 8 `first` to 8 `last` - 1 into their panels; columns beyond the last are zeros. */
export function packColumns(work: Columns, first: i32, last: i32): void {
  const depth = work.tapDepth * work.tapsY * work.tapsX;
  for (let start = 0; start < depth; start += work.chunk) {
    const length = min(work.chunk, depth - start);
    for (let eight = first; eight < last; eight++) {
      const column = eight * tileColumns;
      const present = min(tileColumns, work.columns - column);
      // Where the panel of these columns begins, and its width: in the wide build two times eight may share one.
      const even = column & ~15;
      const width = panelColumns(work.columns - even);
      const begin = width == tileColumns ? column : even;
      const step = <usize>width << 2;
      let to = chunkAddress(work.to, work.columns, start) + (<usize>(begin * length + column - begin) << 2);
      for (let k = start; k < start + length; ) {
        const tap = k / work.tapDepth;
        const inTap = k - tap * work.tapDepth;
        const count = min(work.tapDepth - inTap, start + length - k);
        const ty = tap / work.tapsX;
        const tx = tap - ty * work.tapsX;
        const place = work.tapOrigin + ty * work.tapStepY + tx * work.tapStepX;
        const from = work.source + (<usize>(place + inTap * work.strideK + column * work.strideColumn) << 2);
        packPanel(from, count, present, work.strideK, work.strideColumn, to, step);
        to += <usize>count * step;
        k += count;
      }
    }
  }
}

/** Packs `length` values of depth of up to 8 columns: for each value the 8 columns side by side, `apart` bytes apart. */
function packPanel(
  from: usize,
  length: i32,
  present: i32,
  strideK: i32,
  strideColumn: i32,
  to: usize,
  apart: usize,
): void {
  if (present == tileColumns && strideColumn == 1) {
    for (let k = 0; k < length; k++) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      from += <usize>strideK << 2;
      to += apart;
    }
    return;
  }
  let k = 0;
  if (present == tileColumns && strideK == 1) {
    const step = <usize>strideColumn << 2;
    for (; k + 4 <= length; k += 4) {
      transposeFour(from, step, to, apart);
      transposeFour(from + 4 * step, step, to + 16, apart);
      from += 16;
      to += 4 * apart;
    }
  }
  for (; k < length; k++) {
    for (let column = 0; column < tileColumns; column++) {
      const value = column < present ? load<f32>(from + (<usize>(column * strideColumn) << 2)) : <f32>0;
      store<f32>(to + (<usize>column << 2), value);
    }
    from += <usize>strideK << 2;
    to += apart;
  }
}

/** Four rows of four values, `step` bytes apart, as four columns `apart` bytes apart. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function transposeFour(from: usize, step: usize, to: usize, apart: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + step);
  const c = v128.load(from + 2 * step);
  const d = v128.load(from + 3 * step);
  const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f64>(ab0, cd0, 0, 2));
  v128.store(to + apart, v128.shuffle<f64>(ab0, cd0, 1, 3));
  v128.store(to + 2 * apart, v128.shuffle<f64>(ab1, cd1, 0, 2));
  v128.store(to + 3 * apart, v128.shuffle<f64>(ab1, cd1, 1, 3));
}
