import {
  add,
  concat,
  customGrad,
  div,
  exp,
  type GradSaveFunc,
  log,
  matMul,
  max,
  mul,
  pad,
  type Scalar,
  scalar,
  split,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  tensor2d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { checkKeys } from '../errors/check-keys.js';
import { checkContrastiveViews } from '../losses/check-views.js';
import { normalizeRows, normalizeRowsGradient } from '../tensors/normalize-rows.js';
import type { Communicator } from './communicators/communicator.js';
import { requireSynchronous } from './gather-projections.js';

/** Options of {@link ntXentOfAll}. */
export interface NTXentOfAllOptions {
  /** Divides the cosine similarities: unitless, finite, > 0. @defaultValue `0.5` */
  temperature?: number;
}

/**
 * NT-Xent over the views of all ranks. Each rank computes only the rows of its own views: `2N x 2N size` similarities instead
 * of `2N size x 2N size`. The result is the mean over all views and the same on every rank.
 *
 * The gradient at a view has two parts: the view as anchor, and as candidate of every other view. Because similarities are
 * symmetric, the second part needs only the log-sum-exp of other ranks' rows, which is gathered. With s the similarity over
 * the temperature: the sum over k of (exp(s_ik - lse_i) + exp(s_ik - lse_k)) u_k, minus twice the positive.
 *
 * @param view1 - Projections of view 1 of this rank's pictures. Shape `[N, D]`, float32, the same N >= 2 on every rank.
 * @param view2 - Projections of view 2. Shape `[N, D]`, float32.
 * @param communicator - Joins the ranks. All must make this call together.
 * @returns Loss in nats, equal to `ntXentLoss` of all projections. The caller disposes it.
 * @throws `ShapeError` when a view is not float32 of rank 2, the shapes differ, or N < 2.
 * @throws `InvalidOptionError` when `temperature` is not a finite number > 0.
 * @throws `DistributedError` when the communicator cannot block this thread.
 * @throws `BackendError` when the active backend reads results asynchronously only.
 * @example
 * const loss = ntXentOfAll(view1, view2, singleProcess(), { temperature: 0.5 });
 * @see Chen et al. 2020, arXiv:2002.05709, equation 1.
 */
export function ntXentOfAll(
  view1: Tensor2D,
  view2: Tensor2D,
  communicator: Communicator,
  options: NTXentOfAllOptions = {},
): Scalar {
  checkKeys('ntXentOfAll', options, { temperature: 1 });
  const { temperature = 0.5 } = options;

  checkContrastiveViews('ntXentOfAll', [view1, view2], temperature);
  const { allGather, allReduce } = requireSynchronous('ntXentOfAll', communicator);
  const { rank, size } = communicator;
  const views = 2 * view1.shape[0];
  const all = views * size;

  const loss = customGrad((...inputs: Array<Tensor | GradSaveFunc>) => {
    const [a, b, save] = inputs as [Tensor2D, Tensor2D, GradSaveFunc];
    const [own, norms] = normalizeRows(concat([a, b], 0)) as [Tensor2D, Tensor2D];
    const width = own.shape[1];
    const units = tensor2d(allGather(own.dataSync<'float32'>() as Float32Array), [all, width]);
    const logits = sub(
      matMul(div(own, temperature), transpose(units)),
      ownDiagonal(views, rank, size, temperature),
    );
    const maxima = max(logits, 1, true);
    const logSums = add(maxima, log(sum(exp(sub(logits, maxima)), 1, true)));
    const positives = concat(split(own, 2, 0).reverse(), 0);
    const losses = sub(logSums, div(sum(mul(own, positives), 1, true), temperature));

    const total = Float64Array.of(
      (losses.dataSync() as Float32Array).reduce((part, value) => part + value, 0),
    );
    allReduce(total);
    const allLogSums = tensor2d(allGather(logSums.dataSync<'float32'>() as Float32Array), [1, all]);

    const weights = add(exp(sub(logits, logSums)), exp(sub(logits, allLogSums)));
    const atUnits = div(sub(matMul(weights, units), mul(positives, 2)), temperature * all);
    save([normalizeRowsGradient(atUnits as Tensor2D, own, norms)]);
    return {
      value: scalar(total[0]! / all),
      gradFunc: (dy, saved) => split(mul(dy, (saved as Tensor[])[0]!), 2, 0),
    };
  });
  return loss(view1, view2) as Scalar;
}

/** `[views, views * size]`: what keeps a view from being its own candidate, see ntXentLoss. */
function ownDiagonal(views: number, rank: number, size: number, temperature: number): Tensor2D {
  return tidy(() => {
    const values = new Float32Array(views * views);
    for (let row = 0; row < views; row++) values[row * (views + 1)] = 2 / temperature + 128;
    return pad(tensor2d(values, [views, views]), [
      [0, 0],
      [rank * views, (size - 1 - rank) * views],
    ]);
  });
}
