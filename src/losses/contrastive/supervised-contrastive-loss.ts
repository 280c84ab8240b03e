import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core';
import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger, checkLabelValues } from '../../errors/checks.js';
import { ShapeError } from '../../errors/errors.js';
import { checkContrastiveViews } from '../check-views.js';
import { contrastiveRows } from './contrastive-rows.js';
import { viewsOfClass } from './positives.js';

/** Options of {@link supervisedContrastiveLoss}. */
export interface SupervisedContrastiveLossOptions {
  /**
   * Divides the cosine similarities: unitless, finite, > 0.
   *
   * @defaultValue `0.1`, the paper's (section 4.4); the code of HobbitLong/SupContrast uses 0.07
   */
  temperature?: number;
  /** Rows of the similarity matrix in memory at once, as in `ntXentLoss`. */
  blockSize?: number;
}

/** Defaults of the options. */
export const supervisedContrastiveDefaults = { temperature: 0.1, blockSize: undefined };

/**
 * Supervised contrastive loss: NT-Xent in which all views of all images of the same class are positives.
 *
 * For view i with positives P(i), `l_i` is the mean over p in P(i) of
 * `-log(exp(s_ip / t) / sum over k != i of exp(s_ik / t))`; the result is the mean over all views. A negative label
 * means that the class is unknown: such an image has only its own views as positives. Without any known label, it
 * is NT-Xent.
 *
 * @param views - Projections, one tensor `[N, D]` per view, float32, N >= 2; row i of each is of image i.
 * @param labels - The class of each of the N images, integers; negative = unknown.
 * @param options - Temperature.
 * @returns Scalar loss in nats. Caller disposes it.
 * @throws {@link ShapeError} when a view is not float32 of rank 2, the shapes differ, N < 2, or there are not N labels.
 * @throws `ValueRangeError` when a label is not an integer.
 * @throws {@link InvalidOptionError} when an option is outside its domain or there are fewer than two views.
 * @example
 * const loss = supervisedContrastiveLoss([view1, view2], [0, 0, 1, 2], { temperature: 0.1 });
 * @see Khosla et al. 2020, arXiv:2004.11362, equation 2 (the sum outside the logarithm).
 */
export function supervisedContrastiveLoss(
  views: readonly Tensor2D[],
  labels: ArrayLike<number>,
  options: SupervisedContrastiveLossOptions = {},
): Scalar {
  const caller = 'supervisedContrastiveLoss';
  checkKeys(caller, options, supervisedContrastiveDefaults);
  const { temperature = supervisedContrastiveDefaults.temperature, blockSize } = options;

  checkContrastiveViews(caller, views, temperature);
  if (blockSize !== undefined) checkInteger(caller, 'blockSize', blockSize);
  const images = views[0]!.shape[0];
  if (labels?.length !== images) {
    throw new ShapeError(
      `${caller}: labels must have one label for each of ${images} images. Received: ${labels?.length} labels.`,
    );
  }
  checkLabelValues(caller, 'labels', labels);
  return contrastiveRows(views, {
    temperature,
    reduction: 'mean',
    blockSize,
    excluded: 'self',
    ...viewsOfClass(labels, views.length),
  }) as Scalar;
}
