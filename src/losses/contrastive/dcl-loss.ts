import { mul, reshape, type Scalar, softmax, sub, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { checkInteger, checkPositive } from '../../errors/checks.js';
import { checkContrastiveViews, readViews } from '../check-views.js';
import { contrastiveRows } from './contrastive-rows.js';
import { viewsOfImage } from './positives.js';

/** Options of {@link dclLoss}. */
export interface DCLLossOptions {
  /**
   * Divides the cosine similarities: unitless, finite, > 0.
   *
   * @defaultValue `0.1`, the paper's and lightly's
   */
  temperature?: number;
  /** Rows of the similarity matrix in memory at once, as in `ntXentLoss`. */
  blockSize?: number;
}

/** Options of {@link dclwLoss}. */
export interface DCLWLossOptions extends DCLLossOptions {
  /**
   * Divides the similarities of positive pairs in their weights: unitless, finite, > 0.
   *
   * @defaultValue `0.5`, the paper's and lightly's
   */
  sigma?: number;
}

/** Defaults of {@link dclLoss}. */
export const dclDefaults = { temperature: 0.1, blockSize: undefined };

/** Defaults of {@link dclwLoss}. */
export const dclwDefaults = { ...dclDefaults, sigma: 0.5 };

/**
 * Decoupled contrastive loss: NT-Xent without the positive in the denominator.
 *
 * For view i with positive j, `l_i = -s_ij / t + log(sum over the views k of other images of exp(s_ik / t))`; the
 * result is the mean over all views. A close pair is pulled as hard as a distant one, so that
 * small batches are more effective. The loss can be negative.
 *
 * With an array of more than two views, the positive term is the mean over the other views of the image.
 *
 * @param view1 - Projections of view 1. Shape `[N, D]`, float32, N >= 2; need not be normalized.
 * @param view2 - Projections of view 2, row i paired with row i of `view1`. Shape `[N, D]`, float32.
 * @param options - See {@link DCLLossOptions}.
 * @returns Scalar loss in nats. Caller disposes it.
 * @throws {@link ShapeError} when a view is not float32 of rank 2, the shapes differ, or N < 2.
 * @throws {@link InvalidOptionError} when an option is outside its domain or an array holds fewer than two views.
 * @example
 * const loss = dclLoss(view1, view2, { temperature: 0.1 });
 * @see Yeh et al. 2021, arXiv:2110.06848, equation 6; equal to lightly's `DCLLoss`.
 */
export function dclLoss(view1: Tensor2D, view2: Tensor2D, options?: DCLLossOptions): Scalar;
/** The same of two or more views. */
export function dclLoss(views: readonly Tensor2D[], options?: DCLLossOptions): Scalar;
export function dclLoss(
  first: Tensor2D | readonly Tensor2D[],
  second?: Tensor2D | DCLLossOptions,
  third?: DCLLossOptions,
): Scalar {
  const { views, options } = readViews('dclLoss', first, second, third, dclDefaults);
  return decoupled('dclLoss', views, options);
}

/**
 * Weighted decoupled contrastive loss: {@link dclLoss} with more weight on distant pairs.
 *
 * The positive term of image n is multiplied by `2 - N softmax_n(s_n / sigma)`, s_n being the similarity of its two
 * views and the softmax over the N images; no gradient flows through the weights. With more than two views, s_n is, for
 * each view, the mean similarity to the others of its image.
 *
 * @param view1 - Projections of view 1. Shape `[N, D]`, float32, N >= 2; need not be normalized.
 * @param view2 - Projections of view 2, row i paired with row i of `view1`. Shape `[N, D]`, float32.
 * @param options - See {@link DCLWLossOptions}.
 * @returns Scalar loss in nats. Caller disposes it.
 * @throws {@link ShapeError} when a view is not float32 of rank 2, the shapes differ, or N < 2.
 * @throws {@link InvalidOptionError} when an option is outside its domain or an array holds fewer than two views.
 * @example
 * const loss = dclwLoss(view1, view2, { temperature: 0.1, sigma: 0.5 });
 * @see Yeh et al. 2021, arXiv:2110.06848, section 3.2; equal to lightly's `DCLWLoss`.
 */
export function dclwLoss(view1: Tensor2D, view2: Tensor2D, options?: DCLWLossOptions): Scalar;
/** The same of two or more views. */
export function dclwLoss(views: readonly Tensor2D[], options?: DCLWLossOptions): Scalar;
export function dclwLoss(
  first: Tensor2D | readonly Tensor2D[],
  second?: Tensor2D | DCLWLossOptions,
  third?: DCLWLossOptions,
): Scalar {
  const { views, options } = readViews('dclwLoss', first, second, third, dclwDefaults);
  const { sigma = dclwDefaults.sigma } = options;
  checkPositive('dclwLoss', 'sigma', sigma);
  return decoupled('dclwLoss', views, options, (similarities) =>
    tidy(() => {
      const images = similarities.shape[0] / views.length;
      const ofView = reshape(mul(similarities, 1 / sigma), [views.length, images]);
      return reshape(sub(2, mul(softmax(ofView), images)), [-1, 1]) as Tensor2D;
    }),
  );
}

function decoupled(
  caller: string,
  views: readonly Tensor2D[],
  { temperature = dclDefaults.temperature, blockSize }: DCLLossOptions,
  positiveWeights?: (similarities: Tensor2D) => Tensor2D,
): Scalar {
  checkContrastiveViews(caller, views, temperature);
  if (blockSize !== undefined) checkInteger(caller, 'blockSize', blockSize);
  return contrastiveRows(views, {
    temperature,
    reduction: 'mean',
    blockSize,
    excluded: 'image',
    ...viewsOfImage(views.length),
    ...(positiveWeights && { positiveWeights }),
  }) as Scalar;
}
