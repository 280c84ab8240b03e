import {
  add,
  concat,
  customGrad,
  div,
  exp,
  fill,
  type GradSaveFunc,
  greater,
  log,
  matMul,
  max,
  mul,
  neg,
  pad,
  reshape,
  type Scalar,
  slice,
  split,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { checkChoice } from '../errors/checks.js';
import { checkViews } from './check-views.js';
import { normalizeRows, smallestNorm } from './normalize-rows.js';

/** Options of {@link ntXentLoss}. */
export interface NTXentLossOptions {
  /**
   * Divides the cosine similarities: unitless, finite, > 0.
   *
   * @defaultValue 0.5, the paper's best value for CIFAR-10 (appendix B.9); its ImageNet models use 0.1.
   */
  temperature?: number;
  /**
   * What becomes of the 2N losses: their mean, their sum, or all of them.
   *
   * @defaultValue 'mean'
   */
  reduction?: 'mean' | 'sum' | 'none';
}

/**
 * NT-Xent: normalised temperature-scaled cross entropy over the 2N views of N images.
 *
 * For view i with positive j, `l_i = -log(exp(s_ij / t) / sum over k != i of exp(s_ik / t))`, where s is the cosine
 * similarity and t the temperature; the other 2N - 2 views are negatives. The result is the mean of `l_i` over all
 * 2N views, as in the paper, lightly and optax; the code of google-research/simclr (and keras-cv) returns **twice**
 * that, so that a learning rate or a weight decay tuned there has absorbed a factor 2.
 *
 * Embeddings need not be normalised: rows are divided by their length, clamped at 1e-12. A row shorter than that (a
 * zero row) has a finite loss and receives a zero gradient. The gradient is in closed form and needs no gradients
 * registered with tfjs; only the first derivative is defined.
 *
 * @param view1 - Projections of view 1. Shape `[N, D]`, float32, N >= 2.
 * @param view2 - Projections of view 2, row i paired with row i of `view1`. Shape `[N, D]`, float32.
 * @param options - Temperature and reduction.
 * @returns Loss in nats: a scalar, or `[2N]` (view 1's rows, then view 2's) for `reduction: 'none'`. It is >= 0 up to
 * rounding and `log(2N - 1)` when all projections are equal. Caller disposes it.
 * @throws {@link ShapeError} when a view is not float32 of rank 2, the shapes differ, or N < 2.
 * @throws {@link InvalidOptionError} when `temperature` is not a finite number > 0 or `reduction` is none of the three.
 * @example
 * const loss = ntXentLoss(view1, view2, { temperature: 0.5 });
 * @see Chen et al. 2020, arXiv:2002.05709, equation 1 and algorithm 1.
 */
export function ntXentLoss(
  view1: Tensor2D,
  view2: Tensor2D,
  options: NTXentLossOptions & { reduction: 'none' },
): Tensor1D;
/** The mean or the sum of the 2N losses, a scalar. */
export function ntXentLoss(
  view1: Tensor2D,
  view2: Tensor2D,
  options?: NTXentLossOptions & { reduction?: 'mean' | 'sum' },
): Scalar;
/** Where the reduction is known only at run time. */
export function ntXentLoss(view1: Tensor2D, view2: Tensor2D, options?: NTXentLossOptions): Scalar | Tensor1D;
export function ntXentLoss(
  view1: Tensor2D,
  view2: Tensor2D,
  { temperature = 0.5, reduction = 'mean' }: NTXentLossOptions = {},
): Scalar | Tensor1D {
  checkViews('ntXentLoss', view1, view2, temperature);
  checkChoice('ntXentLoss', 'reduction', reduction, ['mean', 'sum', 'none']);
  const views = 2 * view1.shape[0];

  const loss = customGrad((...inputs: Array<Tensor | GradSaveFunc>) => {
    const [a, b, save] = inputs as [Tensor2D, Tensor2D, GradSaveFunc];
    const { losses, units, norms, exponentials, sums } = forward(a, b, temperature);
    save([units, norms, exponentials, sums]);
    const value = reduction === 'none' ? losses : reduction === 'sum' ? sum(losses) : div(sum(losses), views);
    return {
      value,
      gradFunc: (upstream, saved) =>
        tidy(() => {
          const weight = reduction === 'none' ? reshape(upstream, [views, 1]) : upstream;
          const scale = 1 / (reduction === 'mean' ? temperature * views : temperature);
          return backward(mul(weight, scale), saved as [Tensor2D, Tensor2D, Tensor2D, Tensor2D]);
        }),
    };
  });
  return loss(view1, view2) as Scalar | Tensor1D;
}

/** The loss of each view `[2N]`, and what its gradient needs: of the large matrices, one. */
function forward(view1: Tensor2D, view2: Tensor2D, temperature: number) {
  return tidy(() => {
    const views = 2 * view1.shape[0];
    const [units, norms] = normalizeRows(concat([view1, view2], 0));
    const logits = tidy(() => {
      // An explicit transpose of the small factor: some backends multiply transposed operands slowly.
      const all = matMul(div(units, temperature), transpose(units));
      // Logits lie within 1 / temperature of 0, so this lowers the diagonal so far below every row's maximum that its
      // exponential is exactly 0 in float32, without a constant that a 16-bit float could not hold.
      const lowering = 2 / temperature + 128;
      return sub(all, diagonal(views, lowering));
    });
    const maxima = max(logits, 1, true) as Tensor2D; // over the other views: stable at any temperature
    const shifted = sub(logits, maxima);
    logits.dispose();
    const exponentials = exp(shifted) as Tensor2D;
    shifted.dispose();
    const sums = sum(exponentials, 1, true) as Tensor2D;
    const positives = div(sum(mul(units, swapViews(units)), 1, true), temperature);
    const losses = reshape(add(sub(maxima, positives), log(sums)), [views]) as Tensor1D;
    return { losses, units, norms, exponentials, sums };
  });
}

/**
 * The gradient of `sum_i w_i l_i` at both views, with `w` already divided by the temperature (shape `[2N, 1]`, or a
 * scalar that all rows share).
 *
 * With P the softmax over the other views and U the unit rows, it is `(W P + P' W) U - (W + W') U'`, primes marking
 * the transpose and the swap of the two views; P is the saved exponentials over their row sums, which scale the
 * small factors here instead of another large matrix.
 */
function backward(
  weight: Tensor,
  [units, norms, exponentials, sums]: [Tensor2D, Tensor2D, Tensor2D, Tensor2D],
) {
  const weights = div(weight, sums) as Tensor2D;
  const asAnchor = mul(weights, matMul(exponentials, units));
  const asCandidate = transpose(matMul(transpose(mul(weights, units)), exponentials));
  const pairWeights = weight.rank === 0 ? mul(weight, 2) : add(weight, swapViews(weight as Tensor2D));
  const atUnits = add(add(asAnchor, asCandidate), mul(neg(pairWeights), swapViews(units)));
  // Through the division by the length: the part along the row vanishes, the rest shrinks with the length.
  const along = mul(units, sum(mul(atUnits, units), 1, true));
  const lengthened = div(greater(norms, smallestNorm), norms);
  return split(mul(sub(atUnits, along), lengthened), 2, 0);
}

/** Puts view 2's rows before view 1's, so that each row of the result is the positive of that row. */
function swapViews(rows: Tensor2D): Tensor2D {
  const [count, size] = rows.shape;
  return concat([slice(rows, [count / 2, 0], [count / 2, size]), slice(rows, [0, 0], [count / 2, size])], 0);
}

/**
 * A `[size, size]` matrix of zeros with `value` on its diagonal, made on the device: such a matrix read row by row
 * has its value at every `size + 1`-th place. (Not by `oneHot`: the wasm backend's writes only integers.)
 */
function diagonal(size: number, value: number): Tensor2D {
  return tidy(() => {
    const spaced = pad(fill([size, 1], value), [
      [0, 0],
      [0, size],
    ]);
    return reshape(slice(reshape(spaced, [size * (size + 1)]), 0, size * size), [size, size]);
  });
}
