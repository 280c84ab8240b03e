import {
  add,
  div,
  eye,
  matMul,
  mean,
  mul,
  rsqrt,
  type Scalar,
  square,
  sub,
  type Tensor2D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { checkNonNegative } from '../errors/checks.js';
import { checkViews, readViews } from './check-views.js';
import { offDiagonal, sumOfSquares } from './covariance.js';
import { meanOverPairs } from './view-pairs.js';

/** Options of {@link barlowTwinsLoss}. */
export interface BarlowTwinsLossOptions {
  /**
   * Weight of the correlations of different dimensions (lambda), >= 0.
   *
   * @defaultValue `0.005`, the paper's and lightly's
   */
  redundancy?: number;
}

/** Defaults of the options. */
export const barlowTwinsDefaults: Required<BarlowTwinsLossOptions> = { redundancy: 0.005 };

/** Added to the variances, as in PyTorch's batch normalization, which the reference uses. */
const epsilon = 1e-5;

/**
 * Barlow Twins: pulls the cross-correlation matrix of the two views' dimensions towards the identity.
 *
 *     sum over d of (c_dd - 1)^2 + redundancy * sum over d != e of c_de^2
 *
 * c is the correlation over the batch, each dimension of each view shifted and scaled to mean 0 and variance 1 (over
 * N, with 1e-5 added to the variance). There are no negatives: use a wide projection head, as in the paper. With more
 * than two views, the result is the mean over all pairs. The gradient is in closed form; only the first derivative is
 * defined.
 *
 * @param view1 - Projections of view 1. Shape `[N, D]`, float32, N >= 2.
 * @param view2 - Projections of view 2, row i paired with row i of `view1`. Shape `[N, D]`, float32.
 * @param options - The weight of the redundancy.
 * @returns Scalar loss >= 0. Caller disposes it.
 * @throws {@link ShapeError} when a view is not float32 of rank 2, the shapes differ, or N < 2.
 * @throws {@link InvalidOptionError} when `redundancy` is not a finite number >= 0 or an array holds fewer than two views.
 * @example
 * const loss = barlowTwinsLoss(view1, view2);
 * @see Zbontar et al. 2021, arXiv:2103.03230, algorithm 1; equal to lightly's `BarlowTwinsLoss`.
 */
export function barlowTwinsLoss(view1: Tensor2D, view2: Tensor2D, options?: BarlowTwinsLossOptions): Scalar;
/** Accepts two or more views. */
export function barlowTwinsLoss(views: readonly Tensor2D[], options?: BarlowTwinsLossOptions): Scalar;
export function barlowTwinsLoss(
  first: Tensor2D | readonly Tensor2D[],
  second?: Tensor2D | BarlowTwinsLossOptions,
  third?: BarlowTwinsLossOptions,
): Scalar {
  const caller = 'barlowTwinsLoss';
  const { views, options } = readViews(caller, first, second, third, barlowTwinsDefaults);
  const { redundancy = barlowTwinsDefaults.redundancy } = options;
  checkViews(caller, views);
  checkNonNegative(caller, 'redundancy', redundancy);
  const [count, dim] = views[0]!.shape;
  const correlations = (a: Tensor2D, b: Tensor2D) => div(matMul(transpose(a), b), count) as Tensor2D;
  /** The deviation from the identity, with off-diagonal elements scaled by the root of their weight. */
  const deviations = (c: Tensor2D, weight: number) =>
    add(mul(sub(c, 1), eye(dim)), mul(offDiagonal(c), weight)) as Tensor2D;
  return meanOverPairs(views, {
    value: (a, b) =>
      tidy(() => {
        const c = correlations(standardize(a).normalized, standardize(b).normalized);
        return sumOfSquares(deviations(c, Math.sqrt(redundancy))) as Scalar;
      }),
    gradients: (a, b) =>
      tidy(() => {
        const [left, right] = [standardize(a), standardize(b)];
        const c = correlations(left.normalized, right.normalized);
        const atCorrelations = mul(deviations(c, redundancy), 2 / count) as Tensor2D;
        return [
          throughStandardize(matMul(right.normalized, transpose(atCorrelations)), left),
          throughStandardize(matMul(left.normalized, atCorrelations), right),
        ];
      }),
  });
}

interface Standardized {
  normalized: Tensor2D;
  /** The reciprocal of the standard deviation of each dimension, `[1, D]`. */
  scale: Tensor2D;
}

function standardize(x: Tensor2D): Standardized {
  const centered = sub(x, mean(x, 0, true));
  const scale = rsqrt(add(mean(square(centered), 0, true), epsilon)) as Tensor2D;
  return { normalized: mul(centered, scale), scale };
}

function throughStandardize(upstream: Tensor2D, { normalized, scale }: Standardized): Tensor2D {
  const along = mul(normalized, mean(mul(upstream, normalized), 0, true));
  return mul(sub(sub(upstream, mean(upstream, 0, true)), along), scale);
}
