import {
  customGrad,
  type GradSaveFunc,
  mean,
  mul,
  neg,
  type Scalar,
  sum,
  type Tensor,
  type Tensor2D,
  tidy,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { checkFloatTensor, checkSameShape } from '../errors/checks.js';
import { normalizeRows, normalizeRowsGradient } from '../tensors/normalize-rows.js';

/**
 * The negative cosine similarity of predictions and targets, averaged over the batch: -mean over i of p_i . z_i / (|p_i|
 * |z_i|).
 *
 * The loss of SimSiam and BYOL, which have no negatives: p comes from a predictor on one view's projection, z is the
 * projection of the other view. Stop the gradient at z, or all vectors become equal: with {@link stopGradient} (SimSiam),
 * or by taking z from a {@link MomentumEncoder} (BYOL, whose loss is 2 + 2 times this one). The gradient is in closed form;
 * only the first derivative is defined.
 *
 * @param predictions - p. Shape `[N, D]`, float32; need not be normalized.
 * @param targets - z, row i paired with row i of `predictions`. Shape `[N, D]`, float32.
 * @returns Scalar from -1 (all pairs point the same way) to 1. Caller disposes it.
 * @throws {@link ShapeError} when an argument is not float32 of rank 2, or the shapes differ.
 * @example
 * const loss = negativeCosineSimilarity(prediction1, stopGradient(z2));
 * @see Chen and He 2020, arXiv:2011.10566, equation 1; Grill et al. 2020, arXiv:2006.07733, equation 2; equal to lightly's
 * `NegativeCosineSimilarity`.
 */
export function negativeCosineSimilarity(predictions: Tensor2D, targets: Tensor2D): Scalar {
  const caller = 'negativeCosineSimilarity';
  checkFloatTensor(caller, 'predictions', predictions, 2, '[N, D]');
  checkFloatTensor(caller, 'targets', targets, 2, '[N, D]');
  checkSameShape(caller, 'predictions', predictions, 'targets', targets);
  const [count] = predictions.shape;
  const loss = customGrad((...inputs: Array<Tensor | GradSaveFunc>) => {
    const [p, z, save] = inputs as [Tensor2D, Tensor2D, GradSaveFunc];
    const [units1, norms1] = normalizeRows(p);
    const [units2, norms2] = normalizeRows(z);
    save([units1, norms1, units2, norms2]);
    const gradFunc = (upstream: Tensor, saved: Tensor[]) =>
      tidy(() => {
        const [u1, n1, u2, n2] = saved as [Tensor2D, Tensor2D, Tensor2D, Tensor2D];
        const weight = mul(upstream, -1 / count);
        return [
          normalizeRowsGradient(mul(u2, weight), u1, n1),
          normalizeRowsGradient(mul(u1, weight), u2, n2),
        ];
      });
    return { value: tidy(() => neg(mean(sum(mul(units1, units2), 1)))), gradFunc };
  });
  return loss(predictions, targets) as Scalar;
}

/**
 * A tensor through which no gradient flows: `detach` of PyTorch.
 *
 * @param x - Any float32 tensor. Not disposed.
 * @returns A tensor with the same values. Caller disposes it.
 * @example
 * const loss = negativeCosineSimilarity(prediction1, stopGradient(z2));
 */
export function stopGradient<T extends Tensor>(x: T): T {
  const stop = customGrad((...inputs: Array<Tensor | GradSaveFunc>) => {
    const [given] = inputs as [Tensor];
    return { value: given.clone(), gradFunc: (upstream: Tensor) => zerosLike(upstream) };
  });
  return stop(x) as T;
}
