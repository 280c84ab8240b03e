import { engine, exp, max, sub, sum, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { hasKernel } from '../../tensors/registered-kernels.js';
import { exclusionMask } from './exclusion-mask.js';
import type { RowBlock } from './row-blocks.js';

/**
 * A kernel of this library that a backend may register, in place of {@link softmaxOfBlock}'s plain ops and
 * with their results up to rounding. Input `logits`, `[rows, columns]`; attributes `start` and `period`: row r leaves
 * out the columns that are start + r modulo period; outputs exponentials, maxima and sums.
 */
export const fusedSoftmax = 'SimCLRSoftmaxRows';

/** The views to compare, and those to exclude as candidates. */
export interface Candidates {
  /** Rows of a view. */
  images: number;
  /** Number of views. */
  views: number;
  /** What to exclude from a view's candidates: the view itself, or all views of its image. */
  excluded: 'self' | 'image';
  /** Divides the similarities. */
  temperature: number;
}

/** exp(logit - maximum of the row), 0 for views that are not candidates. */
export interface BlockSoftmax {
  /** `[rows, columns]`. */
  exponentials: Tensor2D;
  /** Largest logit of the candidates of each row, `[rows, 1]`. */
  maxima: Tensor2D;
  /** Sum of each row's exponentials, `[rows, 1]`. */
  sums: Tensor2D;
}

/**
 * The parts of a softmax over the candidates of a block of rows.
 *
 * @param logits - Similarities over the temperature, `[rows, images * views]`. Disposed of.
 * @returns Three tensors, which the caller disposes of.
 */
export function softmaxOfBlock(logits: Tensor2D, block: RowBlock, candidates: Candidates): BlockSoftmax {
  const { images, views, excluded, temperature } = candidates;
  if (hasKernel(fusedSoftmax)) {
    const period = excluded === 'self' ? images * views : images;
    const results = engine().runKernel(fusedSoftmax, { logits }, { start: block.start, period });
    logits.dispose();
    const [exponentials, maxima, sums] = results as Tensor2D[] as [Tensor2D, Tensor2D, Tensor2D];
    return { exponentials, maxima, sums };
  }
  return tidy(() => {
    // Logits lie within 1 / temperature of 0, so this lowers views that are not candidates so far below every row's
    // maximum that their exponential is exactly 0 in float32, without a constant that a 16-bit float could not hold.
    const masked = sub(logits, exclusionMask(block, images, views, excluded, 2 / temperature + 128));
    logits.dispose();
    const maxima = max(masked, 1, true) as Tensor2D; // over the candidates: stable at any temperature
    const shifted = sub(masked, maxima);
    masked.dispose();
    const exponentials = exp(shifted) as Tensor2D;
    return { exponentials, maxima, sums: sum(exponentials, 1, true) as Tensor2D };
  });
}
