import { add, div, type Scalar, type Tensor2D } from '@tensorflow/tfjs-core';
import type { ViewLoss } from '../../losses/index.js';

/** A contrastive loss: the projections of two views, `[N, D]` each with row i a pair, to a scalar. */
export type ContrastiveLoss = (view1: Tensor2D, view2: Tensor2D) => Scalar;

/** A function of two views as a loss of any number of views: the mean over all pairs of them. */
export function toViewLoss(loss: ContrastiveLoss | ViewLoss): ViewLoss {
  if (typeof loss !== 'function') return loss;
  return {
    name: 'custom',
    compute: (views) => {
      if (views.length === 2) return loss(views[0]!, views[1]!);
      const values = views.flatMap((a, i) => views.slice(i + 1).map((b) => loss(a, b)));
      return div(
        values.reduce((sum, value) => add(sum, value)),
        values.length,
      );
    },
  };
}
