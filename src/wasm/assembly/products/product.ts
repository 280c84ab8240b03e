import { Gather, packGathered } from './gather';
import { chunkAddress } from './pack-columns';
import { multiplyPanels, spareBytes } from './panels';

/** Rows that are packed at once: with a depth of 256 they fill a good part of the second-level cache. */
export const blockRows: i32 = 96;

/** A product of gathered rows with packed columns, and where its rows go. */
@unmanaged
export class Product {
  /** Address of a {@link Gather}; a reference would bring a null check, and its message static data. */
  gather!: usize;
  /** The columns, packed in chunks of `chunk` values of depth. */
  panels!: usize;
  output!: usize;
  rows!: i32;
  columns!: i32;
  depth!: i32;
  chunk!: i32;
  /**
   * 0: row r goes to place r. Otherwise rows are pixels (picture, i, j) of a coarse grid and go to pixel
   * (i * scatterStep + scatterY, j * scatterStepX + scatterX) of pictures of this height and width.
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
 * @param scratch - Room for a spare tile, `blockRows * chunk` values and, when scattering,
 * `blockRows * columns` more.
 */
export function multiplyGathered(product: Product, first: i32, last: i32, scratch: usize): void {
  const spare = scratch;
  const packed = scratch + spareBytes;
  const scattered = packed + ((<usize>(blockRows * product.chunk)) << 2);
  const columns = product.columns;
  const scatters = product.scatterHeight > 0;
  for (let block = first; block < last; block++) {
    const row = block * blockRows;
    const rows = min(blockRows, product.rows - row);
    const stride = (<usize>columns) << 2;
    const to = scatters ? scattered : product.output + <usize>row * stride;
    // Between the taps of a strided filter there may be none that reaches these rows.
    if (product.depth == 0) memory.fill(to, 0, <usize>rows * stride);
    for (let start = 0; start < product.depth; start += product.chunk) {
      const length = min(product.chunk, product.depth - start);
      packGathered(changetype<Gather>(product.gather), row, rows, start, start + length, packed);
      const panels = chunkAddress(product.panels, columns, start);
      multiplyPanels(packed, panels, length, to, stride, start > 0, rows, columns, spare);
    }
    if (scatters) scatterRows(product, row, rows, scattered);
  }
}

function scatterRows(product: Product, first: i32, rows: i32, from: usize): void {
  const gather = changetype<Gather>(product.gather);
  const bytes = (<usize>product.columns) << 2;
  for (let i = 0; i < rows; i++) {
    const row = first + i;
    const column = row % gather.gridWidth;
    const rest = row / gather.gridWidth;
    const line = rest % gather.gridHeight;
    const y =
      (rest / gather.gridHeight) * product.scatterHeight + line * product.scatterStepY + product.scatterY;
    const x = column * product.scatterStepX + product.scatterX;
    memory.copy(
      product.output + <usize>(y * product.scatterWidth + x) * bytes,
      from + <usize>i * bytes,
      bytes,
    );
  }
}
