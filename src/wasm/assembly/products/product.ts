import { Gather, packGathered } from './gather';
import { chunkAddress } from './pack-columns';
import { multiplyPanels, edgeTileBytes } from './panels';

/** Rows packed at a time: with a depth of 256 they fill a good part of the second-level cache. */
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
}

/**
 * Computes blocks `first` to `last - 1` of {@link blockRows} rows.
 *
 * @param scratch - Holds an edge tile, `blockRows * chunk` values and, when scattering, another `blockRows * columns` values.
 */
export function multiplyGathered(product: Product, first: i32, last: i32, scratch: usize): void {
  const edgeTile = scratch;
  const packed = scratch + edgeTileBytes;
  const scattered = packed + ((<usize>(blockRows * product.chunk)) << 2);
  const columns = product.columns;
  const scatters = product.scatterHeight > 0;
  for (let block = first; block < last; block++) {
    const row = block * blockRows;
    const rows = min(blockRows, product.rows - row);
    const stride = (<usize>columns) << 2;
    const to = scatters ? scattered : product.output + <usize>row * stride;
    // With a stride, there may be no filter position that contributes to these rows.
    if (product.depth == 0) memory.fill(to, 0, <usize>rows * stride);
    for (let start = 0; start < product.depth; start += product.chunk) {
      const length = min(product.chunk, product.depth - start);
      packGathered(changetype<Gather>(product.gather), row, rows, start, start + length, packed);
      const panels = chunkAddress(product.panels, columns, start);
      multiplyPanels(packed, panels, length, to, stride, start > 0, rows, columns, edgeTile);
    }
    if (scatters) scatterRows(product, row, rows, scattered);
  }
}

function scatterRows(product: Product, first: i32, rows: i32, from: usize): void {
  const gather = changetype<Gather>(product.gather);
  const bytes = (<usize>product.columns) << 2;
  for (let i = 0; i < rows; i++) {
    const row = first + i;
    const column = row % gather.outWidth;
    const rowsAbove = row / gather.outWidth;
    const line = rowsAbove % gather.outHeight;
    const y =
      (rowsAbove / gather.outHeight) * product.scatterHeight + line * product.scatterStepY + product.scatterY;
    const x = column * product.scatterStepX + product.scatterX;
    memory.copy(
      product.output + <usize>(y * product.scatterWidth + x) * bytes,
      from + <usize>i * bytes,
      bytes,
    );
  }
}
