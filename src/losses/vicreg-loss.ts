import {
  add,
  addN,
  div,
  less,
  matMul,
  mean,
  mul,
  neg,
  relu,
  type Scalar,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { checkNonNegative, checkPositive } from '../errors/checks.js';
import { checkViews, readViews } from './check-views.js';
import { offDiagonal, sumOfSquares } from './covariance.js';
import { meanOverPairs } from './view-pairs.js';

/** Options of {@link vicRegLoss}. Defaults are the paper's and lightly's. */
export interface VICRegLossOptions {
  /** Weight of the distance of the two views (lambda), >= 0. @defaultValue `25` */
  invariance?: number;
  /** Weight of the spread of each dimension (mu), >= 0. @defaultValue `25` */
  variance?: number;
  /** Weight of the covariances (nu), >= 0. @defaultValue `1` */
  covariance?: number;
  /** Added to the variances under the root, > 0. @defaultValue `1e-4` */
  epsilon?: number;
}

/** Defaults of the options. */
export const vicRegDefaults: Required<VICRegLossOptions> = {
  invariance: 25,
  variance: 25,
  covariance: 1,
  epsilon: 1e-4,
};

/**
 * VICReg: the two views of an image agree, each dimension keeps a spread of 1, and no two dimensions are correlated.
 *
 *     invariance * mean((a - b)^2)
 *     + variance * (v(a) + v(b)) / 2,  v = mean over dimensions of relu(1 - sqrt(var + epsilon))
 *     + covariance * (c(a) + c(b)),    c = sum of squared covariances of different dimensions / D
 *
 * Variances and covariances are those of the batch, over N - 1. There are no negatives and no normalization: use a
 * wide projection head, as in the paper. With more than two views, the result is the mean over all pairs. The gradient is
 * in closed form; only the first derivative is defined.
 *
 * @param view1 - Projections of view 1. Shape `[N, D]`, float32, N >= 2.
 * @param view2 - Projections of view 2, row i paired with row i of `view1`. Shape `[N, D]`, float32.
 * @param options - The weights.
 * @returns Scalar loss >= 0. Caller disposes it.
 * @throws {@link ShapeError} when a view is not float32 of rank 2, the shapes differ, or N < 2.
 * @throws {@link InvalidOptionError} when an option is outside its domain or an array holds fewer than two views.
 * @example
 * const loss = vicRegLoss(view1, view2);
 * @see Bardes et al. 2022, arXiv:2105.04906, equations 1 to 6; equal to lightly's `VICRegLoss`.
 */
export function vicRegLoss(view1: Tensor2D, view2: Tensor2D, options?: VICRegLossOptions): Scalar;
/** Accepts two or more views. */
export function vicRegLoss(views: readonly Tensor2D[], options?: VICRegLossOptions): Scalar;
export function vicRegLoss(
  first: Tensor2D | readonly Tensor2D[],
  second?: Tensor2D | VICRegLossOptions,
  third?: VICRegLossOptions,
): Scalar {
  const caller = 'vicRegLoss';
  const { views, options } = readViews(caller, first, second, third, vicRegDefaults);
  const { invariance = vicRegDefaults.invariance, variance = vicRegDefaults.variance } = options;
  const { covariance = vicRegDefaults.covariance, epsilon = vicRegDefaults.epsilon } = options;
  checkViews(caller, views);
  for (const [name, weight] of Object.entries({ invariance, variance, covariance })) {
    checkNonNegative(caller, name, weight);
  }
  checkPositive(caller, 'epsilon', epsilon);
  const [count, dim] = views[0]!.shape;

  const regularizer = (x: Tensor2D): Tensor => {
    const { centered, deviations, covariances } = statistics(x, epsilon);
    centered.dispose();
    const spread = mul(mean(relu(sub(1, deviations))), variance / 2);
    return add(spread, mul(sumOfSquares(offDiagonal(covariances)), covariance / dim));
  };
  const regularizerGradient = (x: Tensor2D): Tensor => {
    const { centered, deviations, covariances } = statistics(x, epsilon);
    const narrow = div(less(deviations, 1), deviations);
    const spread = mul(centered, mul(narrow, -variance / (2 * dim * (count - 1))));
    const turned = matMul(centered, offDiagonal(covariances));
    return add(spread, mul(turned, (4 * covariance) / (dim * (count - 1))));
  };
  return meanOverPairs(views, {
    value: (a, b) =>
      tidy(() => {
        const distance = mul(mean(square(sub(a, b))), invariance);
        return addN([distance, regularizer(a), regularizer(b)]) as Scalar;
      }),
    gradients: (a, b) =>
      tidy(() => {
        const apart = mul(sub(a, b), (2 * invariance) / (count * dim));
        return [add(apart, regularizerGradient(a)), add(neg(apart), regularizerGradient(b))];
      }),
  });
}

/** The centered rows, the standard deviation of each dimension `[1, D]`, and the covariances `[D, D]`. */
function statistics(x: Tensor2D, epsilon: number) {
  return tidy(() => {
    const degrees = x.shape[0] - 1;
    const centered = sub(x, mean(x, 0, true)) as Tensor2D;
    const deviations = sqrt(add(div(sum(square(centered), 0, true), degrees), epsilon));
    const covariances = div(matMul(transpose(centered), centered), degrees) as Tensor2D;
    return { centered, deviations, covariances };
  });
}
