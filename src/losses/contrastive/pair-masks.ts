import { type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { checkInteger } from '../../errors/checks.js';

/**
 * Marks, for every view, its positive: the other view of the same image.
 *
 * Views are ordered `[view 1 of all images; view 2 of all images]`, so row i is paired with column
 * `(i + N) mod 2N`. A view is not its own pair.
 *
 * @param batchSize - Number of images N, an integer >= 1.
 * @returns Mask of shape `[2N, 2N]`, bool: one true entry per row. Caller disposes it.
 * @throws {@link InvalidOptionError} when `batchSize` is not an integer >= 1.
 * @example
 * const mask = positivePairMask(2); // rows: 0010, 0001, 1000, 0100
 * @see Chen et al. 2020, arXiv:2002.05709, section 2.1.
 */
export function positivePairMask(batchSize: number): Tensor2D {
  checkInteger('positivePairMask', 'batchSize', batchSize);
  return pairMask(batchSize, 0, (mask, positive) => {
    mask[positive] = 1;
  });
}

/**
 * Marks, for every view, its negatives: both views of every other image.
 *
 * Rows and columns are ordered as in {@link positivePairMask}; neither the view itself nor its positive is marked.
 *
 * @param batchSize - Number of images N, an integer >= 1.
 * @returns Mask of shape `[2N, 2N]`, bool: `2N - 2` true entries per row. Caller disposes it.
 * @throws {@link InvalidOptionError} when `batchSize` is not an integer >= 1.
 * @example
 * const mask = negativePairMask(2); // rows: 0101, 1010, 0101, 1010
 * @see Chen et al. 2020, arXiv:2002.05709, section 2.1.
 */
export function negativePairMask(batchSize: number): Tensor2D {
  checkInteger('negativePairMask', 'batchSize', batchSize);
  return pairMask(batchSize, 1, (mask, positive, self) => {
    mask[self] = 0;
    mask[positive] = 0;
  });
}

/** Fills a `[2N, 2N]` mask and lets `mark` write at the flat indices of each row's positive pair and self-pair. */
function pairMask(
  batchSize: number,
  fill: 0 | 1,
  mark: (mask: Uint8Array, positive: number, self: number) => void,
): Tensor2D {
  const views = 2 * batchSize;
  const mask = new Uint8Array(views * views).fill(fill);
  for (let row = 0; row < views; row++) {
    mark(mask, row * views + ((row + batchSize) % views), row * views + row);
  }
  return tensor2d(mask, [views, views], 'bool');
}
