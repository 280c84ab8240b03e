import { fill, pad, reshape, slice, type Tensor2D, tidy, tile } from '@tensorflow/tfjs-core';
import type { RowBlock } from './row-blocks.js';

/**
 * Subtract this from the similarities of a block to exclude some candidates: it is `value` at the view itself, or
 * at all views of the same image, and 0 elsewhere.
 */
export function exclusionMask(
  { start, rows }: RowBlock,
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
 * A matrix of zeros with `value` at column `offset + r` of each row r, made on the device: in row-major order, these
 * values are `columns + 1` places apart. (`oneHot` does not work, because on the wasm backend it writes only integers.)
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
