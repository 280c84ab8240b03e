import { Gather, packGathered } from './gather';
import { chunkAddress } from './pack-columns';
import { multiplyPanels, edgeTileBytes } from './panels';

/** The most rows packed at a time: with a depth of 256 they fill a good part of the second-level cache. */
export const blockRows: i32 = 96;

/** A product of gathered rows with packed columns, and where its rows are written. */
@unmanaged
export class Product {
  /** Address of a {@link Gather}. A reference would bring a null check, and its message static data. */
  gather!: usize;
  /** The columns, packed in chunks of `chunk` values of depth: see pack-columns.ts. */
  panels!: usize;
  output!: usize;
  rows!: i32;
  columns!: i32;
  depth!: i32;
  chunk!: i32;
  /** Rows of a task, a multiple of 6 and at most {@link blockRows}; and its columns, a multiple of 16. */
  taskRows!: i32;
  taskColumns!: i32;
  /**
   * If 0, the rows are written one after the other. Otherwise row (picture, i, j) is written to pixel
   * (i * scatterStepY + scatterY, j * scatterStepX + scatterX) of a picture of this height and width.
   */
  scatterHeight!: i32;
  scatterWidth!: i32;
  scatterStepY!: i32;
  scatterStepX!: i32;
  scatterY!: i32;
  scatterX!: i32;
  /** What is added to each column of the result; 0 if the product is all. */
  shift!: usize;
  /** Tensor of the shape of the output that is added too; 0 without one. */
  residual!: usize;
  /** Where the result ends on both sides: 0 and infinity for a ReLU. */
  floor!: f32;
  ceiling!: f32;
}

/**
 * Computes tasks `first` to `last - 1`. They are ordered by columns, so that a thread that takes several keeps its columns.
 *
 * @param scratch - Holds an edge tile, `taskRows * chunk` values and, when scattering, another `taskRows * taskColumns`.
 */
export function multiplyGathered(product: Product, first: i32, last: i32, scratch: usize): void {
  const edgeTile = scratch;
  const packed = scratch + edgeTileBytes;
  const scattered = packed + ((<usize>(product.taskRows * product.chunk)) << 2);
  const columns = product.columns;
  const scatters = product.scatterHeight > 0;
  const blocks = (product.rows + product.taskRows - 1) / product.taskRows;
  for (let task = first; task < last; task++) {
    const part = task / blocks;
    const row = (task - part * blocks) * product.taskRows;
    const rows = min(product.taskRows, product.rows - row);
    const column = part * product.taskColumns;
    const count = min(product.taskColumns, columns - column);
    const begin = (<usize>column) << 2;
    const bytes = (<usize>count) << 2;
    const rowBytes = (<usize>columns) << 2;
    const stride = scatters ? bytes : rowBytes;
    const to = scatters ? scattered : product.output + <usize>row * rowBytes + begin;
    // With a stride, there may be no filter position that contributes to these rows.
    if (product.depth == 0) for (let i = 0; i < rows; i++) memory.fill(to + <usize>i * stride, 0, bytes);
    for (let start = 0; start < product.depth; start += product.chunk) {
      const length = min(product.chunk, product.depth - start);
      packGathered(changetype<Gather>(product.gather), row, rows, start, start + length, packed);
      const panels = chunkAddress(product.panels, columns, start) + <usize>length * begin;
      multiplyPanels(packed, panels, length, to, stride, start > 0, rows, count, edgeTile);
    }
    if (scatters) scatterRows(product, row, rows, scattered, begin, bytes);
    else if (product.shift) {
      for (let i: usize = 0; i < <usize>rows; i++) {
        const offset = (<usize>row + i) * rowBytes + begin;
        finishRow(product, to + i * stride, offset, begin, bytes);
      }
    }
  }
}

/**
 * Writes min(max(row + shift + residual, floor), ceiling) to the output, `offset` bytes after its beginning, for `bytes`
 * bytes of a row from `begin` on.
 */
function finishRow(product: Product, from: usize, offset: usize, begin: usize, bytes: usize): void {
  const whole = bytes & ~15;
  const to = product.output + offset;
  const shift = product.shift + begin;
  const adds = product.residual != 0;
  const residual = product.residual + offset;
  const floor = f32x4.splat(product.floor);
  const ceiling = f32x4.splat(product.ceiling);
  let at: usize = 0;
  for (; at < whole; at += 16) {
    let y = f32x4.add(v128.load(from + at), v128.load(shift + at));
    if (adds) y = f32x4.add(y, v128.load(residual + at));
    v128.store(to + at, f32x4.min(f32x4.max(y, floor), ceiling));
  }
  for (; at < bytes; at += 4) {
    let y = load<f32>(from + at) + load<f32>(shift + at);
    if (adds) y += load<f32>(residual + at);
    store<f32>(to + at, min<f32>(max<f32>(y, product.floor), product.ceiling));
  }
}

function scatterRows(product: Product, first: i32, rows: i32, from: usize, begin: usize, bytes: usize): void {
  const gather = changetype<Gather>(product.gather);
  const rowBytes = (<usize>product.columns) << 2;
  for (let i = 0; i < rows; i++) {
    const row = first + i;
    const column = row % gather.outWidth;
    const rowsAbove = row / gather.outWidth;
    const line = rowsAbove % gather.outHeight;
    const y =
      (rowsAbove / gather.outHeight) * product.scatterHeight + line * product.scatterStepY + product.scatterY;
    const x = column * product.scatterStepX + product.scatterX;
    const offset = <usize>(y * product.scatterWidth + x) * rowBytes + begin;
    if (product.shift) finishRow(product, from + <usize>i * bytes, offset, begin, bytes);
    else memory.copy(product.output + offset, from + <usize>i * bytes, bytes);
  }
}
