import { storeTransposed } from '../simd';
import { tileColumns } from './micro-kernel';
import { panelColumns } from './panels';

/** Number of columns, rounded up to whole panels. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function paddedColumns(columns: i32): i32 {
  return ((columns + tileColumns - 1) / tileColumns) * tileColumns;
}

/**
 * Address of the packed chunk that begins at `start` of the depth. A chunk holds all panels of `chunk` values of depth, so
 * that a pass over one chunk reads contiguous memory.
 */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function chunkAddress(to: usize, columns: i32, start: i32): usize {
  return to + (<usize>(start * paddedColumns(columns)) << 2);
}

/**
 * A filter to be packed as a matrix of [filterHeight * filterWidth * channels, columns]. Its value (y, x, channel, column)
 * is at offset + y * strideY + x * strideX + channel * strideChannel + column * strideColumn, in values.
 */
@unmanaged
export class ColumnPacking {
  source!: usize;
  to!: usize;
  columns!: i32;
  channels!: i32;
  filterHeight!: i32;
  filterWidth!: i32;
  offset!: i32;
  strideY!: i32;
  strideX!: i32;
  strideChannel!: i32;
  strideColumn!: i32;
  /** Rows of the matrix that are packed together. */
  chunk!: i32;
}

/** Packs columns 8 * `first` to 8 * `last` - 1 into panels. Missing columns of the last panel are zeros. */
export function packColumns(work: ColumnPacking, first: i32, last: i32): void {
  const depth = work.channels * work.filterHeight * work.filterWidth;
  for (let start = 0; start < depth; start += work.chunk) {
    const length = min(work.chunk, depth - start);
    for (let panel = first; panel < last; panel++) {
      const column = panel * tileColumns;
      const present = min(tileColumns, work.columns - column);
      // In the wide build two groups of eight columns may share a panel: `begin` is its first column, `width` its size.
      const even = column & ~15;
      const width = panelColumns(work.columns - even);
      const begin = width == tileColumns ? column : even;
      const step = <usize>width << 2;
      let to = chunkAddress(work.to, work.columns, start) + (<usize>(begin * length + column - begin) << 2);
      for (let k = start; k < start + length; ) {
        const filterPosition = k / work.channels;
        const channel = k - filterPosition * work.channels;
        const count = min(work.channels - channel, start + length - k);
        const filterY = filterPosition / work.filterWidth;
        const filterX = filterPosition - filterY * work.filterWidth;
        const origin = work.offset + filterY * work.strideY + filterX * work.strideX;
        const from = work.source + (<usize>(origin + channel * work.strideChannel + column * work.strideColumn) << 2);
        packPanel(from, count, present, work.strideChannel, work.strideColumn, to, step);
        to += <usize>count * step;
        k += count;
      }
    }
  }
}

/** Packs `length` rows of up to 8 columns: the 8 columns of a row are contiguous, and rows are `rowBytes` bytes apart. */
function packPanel(
  from: usize,
  length: i32,
  present: i32,
  strideChannel: i32,
  strideColumn: i32,
  to: usize,
  rowBytes: usize,
): void {
  if (present == tileColumns && strideColumn == 1) {
    for (let k = 0; k < length; k++) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      from += <usize>strideChannel << 2;
      to += rowBytes;
    }
    return;
  }
  let k = 0;
  if (present == tileColumns && strideChannel == 1) {
    const step = <usize>strideColumn << 2;
    for (; k + 4 <= length; k += 4) {
      transposeFour(from, step, to, rowBytes);
      transposeFour(from + 4 * step, step, to + 16, rowBytes);
      from += 16;
      to += 4 * rowBytes;
    }
  }
  for (; k < length; k++) {
    for (let column = 0; column < tileColumns; column++) {
      const value = column < present ? load<f32>(from + (<usize>(column * strideColumn) << 2)) : <f32>0;
      store<f32>(to + (<usize>column << 2), value);
    }
    from += <usize>strideChannel << 2;
    to += rowBytes;
  }
}

/** Transposes four rows of four values, `step` bytes apart, to rows `rowBytes` bytes apart. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function transposeFour(from: usize, step: usize, to: usize, rowBytes: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + step);
  const c = v128.load(from + 2 * step);
  const d = v128.load(from + 3 * step);
  storeTransposed(a, b, c, d, to, rowBytes);
}
