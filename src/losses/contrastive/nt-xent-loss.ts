import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { checkChoice, checkInteger } from '../../errors/checks.js';
import { checkContrastiveViews, readViews } from '../check-views.js';
import { contrastiveRows } from './contrastive-rows.js';
import { viewsOfImage } from './positives.js';

/** Options of {@link ntXentLoss}. */
export interface NTXentLossOptions {
  /**
   * Divides the cosine similarities: unitless, finite, > 0.
   *
   * @defaultValue `0.5`, the paper's best value for CIFAR-10 (appendix B.9); its ImageNet models use 0.1.
   */
  temperature?: number;
  /**
   * Reduction of the 2N losses.
   *
   * @defaultValue `'mean'`
   */
  reduction?: 'mean' | 'sum' | 'none';
  /**
   * Rows of the similarity matrix in memory at once, an integer >= 1. Fewer rows take less memory and
   * one more matrix product; the result is the same.
   *
   * @defaultValue all rows up to 2048 views, otherwise as many as have four million similarities
   */
  blockSize?: number;
}

/** Defaults of the options. */
export const ntXentDefaults = { temperature: 0.5, reduction: 'mean', blockSize: undefined } as const;

/**
 * NT-Xent: normalized temperature-scaled cross entropy over the 2N views of N images.
 *
 * For view i with positive j, `l_i = -log(exp(s_ij / t) / sum over k != i of exp(s_ik / t))`, where s is the cosine
 * similarity and t the temperature; the other 2N - 2 views are negatives. The result is the mean of `l_i` over all
 * 2N views, as in the paper, lightly and optax; the code of google-research/simclr (and keras-cv) returns **twice**
 * that, so a learning rate or a weight decay tuned there includes a factor of 2.
 *
 * Embeddings need not be normalized: rows are divided by their length, clamped at 1e-12. A row shorter than that (a
 * zero row) has a finite loss and receives a zero gradient. The gradient is in closed form and needs no gradients
 * registered with tfjs; only the first derivative is defined.
 *
 * With an array of more than two views, all others of the same image are positives: `l_i` is the mean over them
 * of the term above, each over all other views of the batch, as in supervised contrastive learning where every image is
 * a class of its own (and in solo-learn's multi-crop SimCLR).
 *
 * @param view1 - Projections of view 1. Shape `[N, D]`, float32, N >= 2.
 * @param view2 - Projections of view 2, row i paired with row i of `view1`. Shape `[N, D]`, float32.
 * @param options - See {@link NTXentLossOptions}.
 * @returns Loss in nats: a scalar, or `[2N]` (view 1's rows, then view 2's) for `reduction: 'none'`. It is >= 0 up to
 * rounding and `log(2N - 1)` when all projections are equal. Caller disposes it.
 * @throws {@link ShapeError} when a view is not float32 of rank 2, the shapes differ, or N < 2.
 * @throws {@link InvalidOptionError} when `temperature` is not a finite number > 0, `reduction` is unknown,
 * `blockSize` is not an integer >= 1, or an array holds fewer than two views.
 * @example
 * const loss = ntXentLoss(view1, view2, { temperature: 0.5 });
 * @see Chen et al. 2020, arXiv:2002.05709, equation 1 and algorithm 1.
 */
export function ntXentLoss(
  view1: Tensor2D,
  view2: Tensor2D,
  options: NTXentLossOptions & { reduction: 'none' },
): Tensor1D;
/** Returns the mean or the sum of the 2N losses, a scalar. */
export function ntXentLoss(
  view1: Tensor2D,
  view2: Tensor2D,
  options?: NTXentLossOptions & { reduction?: 'mean' | 'sum' },
): Scalar;
/** Accepts a reduction that is known only at run time. */
export function ntXentLoss(view1: Tensor2D, view2: Tensor2D, options?: NTXentLossOptions): Scalar | Tensor1D;
/** Accepts an array of views; every other view of the image is a positive, see above. */
export function ntXentLoss(
  views: readonly Tensor2D[],
  options: NTXentLossOptions & { reduction: 'none' },
): Tensor1D;
/** Returns the mean or the sum over all views of all images, a scalar. */
export function ntXentLoss(
  views: readonly Tensor2D[],
  options?: NTXentLossOptions & { reduction?: 'mean' | 'sum' },
): Scalar;
export function ntXentLoss(
  first: Tensor2D | readonly Tensor2D[],
  second?: Tensor2D | NTXentLossOptions,
  third?: NTXentLossOptions,
): Scalar | Tensor1D {
  const { views, options } = readViews('ntXentLoss', first, second, third, ntXentDefaults);
  const { temperature = ntXentDefaults.temperature, blockSize } = options;
  const { reduction = ntXentDefaults.reduction } = options;
  checkContrastiveViews('ntXentLoss', views, temperature);
  checkChoice('ntXentLoss', 'reduction', reduction, ['mean', 'sum', 'none']);
  if (blockSize !== undefined) checkInteger('ntXentLoss', 'blockSize', blockSize);
  return contrastiveRows(views, {
    temperature,
    reduction,
    blockSize,
    excluded: 'self',
    ...viewsOfImage(views.length),
  });
}
