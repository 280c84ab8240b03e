/** Maximum values of a similarity matrix in memory at once: 16 MB of float32. */
const largestBlock = 2 ** 22;

/** Rows `start` to `start + rows - 1` of a similarity matrix. */
export interface RowBlock {
  /** The first row. */
  start: number;
  /** Number of rows. */
  rows: number;
}

/** Options of {@link rowBlocks}. */
export interface RowBlockOptions {
  /** No block crosses a multiple of this number of rows, unless one block holds all rows. @defaultValue `rows` */
  period?: number;
  /** Maximum rows of a block. @defaultValue as many as have four million values */
  blockSize?: number | undefined;
}

/** Cuts the rows of a `[rows, columns]` matrix into blocks of bounded memory. */
export function rowBlocks(
  rows: number,
  columns: number,
  { period = rows, blockSize }: RowBlockOptions = {},
): RowBlock[] {
  const maxRows = blockSize ?? Math.max(1, Math.floor(largestBlock / columns));
  if (maxRows >= rows) return [{ start: 0, rows }];
  const blocks: RowBlock[] = [];
  for (let first = 0; first < rows; first += period) {
    for (let row = 0; row < period; row += maxRows) {
      blocks.push({ start: first + row, rows: Math.min(maxRows, period - row) });
    }
  }
  return blocks;
}
