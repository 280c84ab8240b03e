import { fill, pad, reshape, slice, type Tensor2D, tidy, tile } from '@tensorflow/tfjs-core';

/** Values of a matrix of similarities that are held at a time: 16 MB of float32. */
const largestBlock = 2 ** 22;

/** Rows `start` to `start + rows - 1` of the similarities of all views to all views. */
export interface Block {
  /** The first row. */
  start: number;
  /** How many. */
  rows: number;
}

/**
 * Cuts the rows of a matrix of similarities into blocks of bounded memory. One block where all fits; else none goes
 * beyond the end of a view.
 *
 * @param images - Rows of a view.
 * @param views - Number of views.
 * @param blockSize - Most rows of a block; left out, as many as have four million values, all up to 2048 rows.
 */
export function blocksOf(images: number, views: number, blockSize?: number): Block[] {
  const all = images * views;
  const most = blockSize ?? Math.max(1, Math.floor(largestBlock / all));
  if (most >= all) return [{ start: 0, rows: all }];
  const blocks: Block[] = [];
  for (let view = 0; view < all; view += images) {
    for (let row = 0; row < images; row += most) {
      blocks.push({ start: view + row, rows: Math.min(most, images - row) });
    }
  }
  return blocks;
}

/**
 * What is subtracted from the similarities of a block so that some views are no candidates: `value` at the view itself,
 * or at all views of the same image, and 0 elsewhere.
 */
export function exclusionMask(
  { start, rows }: Block,
  images: number,
  views: number,
  excluded: 'self' | 'image',
  value: number,
): Tensor2D {
  const all = images * views;
  if (excluded === 'self') return band(rows, all, start, value);
  return tidy(() =>
    rows === all
      ? tile(band(images, images, 0, value), [views, views])
      : tile(band(rows, images, start % images, value), [1, views]),
  );
}

/**
 * A matrix of zeros with `value` at column `offset + r` of each row r, made on the device: such a matrix read row by
 * row has its values `columns + 1` places apart. (Not by `oneHot`: the wasm backend's writes only integers.)
 */
function band(rows: number, columns: number, offset: number, value: number): Tensor2D {
  return tidy(() => {
    const spaced = pad(fill([rows, 1], value), [
      [0, 0],
      [0, columns],
    ]);
    const shifted = pad(reshape(spaced, [rows * (columns + 1)]), [[offset, 0]]);
    return reshape(slice(shifted, 0, rows * columns), [rows, columns]);
  });
}
