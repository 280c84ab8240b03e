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
  maximum,
  mean,
  mul,
  type Scalar,
  slice,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { checkKeys } from '../../errors/check-keys.js';
import { checkFloatTensor } from '../../errors/checks.js';
import { ShapeError } from '../../errors/errors.js';
import { normalizeRows, normalizeRowsGradient } from '../../tensors/normalize-rows.js';
import { checkContrastiveViews } from '../check-views.js';
import { rowBlocks } from './row-blocks.js';

/** Options of {@link ntXentQueueLoss}. */
export interface NTXentQueueLossOptions {
  /**
   * Divides the cosine similarities: unitless, finite, > 0.
   *
   * @defaultValue `0.5`, as in `ntXentLoss` and lightly; MoCo uses 0.07
   */
  temperature?: number;
}

/** Defaults of the options. */
export const ntXentQueueDefaults: Required<NTXentQueueLossOptions> = { temperature: 0.5 };

/**
 * NT-Xent with a queue: the negatives of view 1 are embeddings of earlier batches instead of this one.
 *
 * For image i, `l_i = -log(exp(a_i . b_i / t) / (exp(a_i . b_i / t) + sum over the queue's q of exp(a_i . q / t)))`, with
 * rows divided by their length; the result is the mean over the N images. Gradients flow to both views, but not to the
 * queue. Similarities take at most 16 MB at once.
 *
 * @param view1 - Projections of view 1, the anchors. Shape `[N, D]`, float32, N >= 2; need not be normalized.
 * @param view2 - Projections of view 2, row i the positive of row i of `view1`. Shape `[N, D]`, float32.
 * @param queue - Negatives `[Q, D]`, rows of length 1: {@link EmbeddingQueue.rows}. Not disposed of.
 * @param options - Temperature.
 * @returns Scalar loss in nats, >= 0; `log(Q + 1)` where all embeddings are equal. Caller disposes it.
 * @throws {@link ShapeError} when a view is not float32 of rank 2, the shapes differ, N < 2, or the queue is not float32
 * `[Q, D]`.
 * @throws {@link InvalidOptionError} when `temperature` is not a finite number > 0.
 * @example
 * const loss = ntXentQueueLoss(view1, view2, queue.rows, { temperature: 0.2 });
 * @see He et al. 2020, arXiv:1911.05722, equation 1; equal to lightly's `NTXentLoss` with a memory bank.
 */
export function ntXentQueueLoss(
  view1: Tensor2D,
  view2: Tensor2D,
  queue: Tensor2D,
  options: NTXentQueueLossOptions = {},
): Scalar {
  const caller = 'ntXentQueueLoss';
  checkKeys(caller, options, ntXentQueueDefaults);
  const { temperature = ntXentQueueDefaults.temperature } = options;

  checkContrastiveViews(caller, [view1, view2], temperature);
  checkFloatTensor(caller, 'queue', queue, 2, '[Q, D]');
  if (queue.shape[0] < 1 || queue.shape[1] !== view1.shape[1]) {
    throw new ShapeError(
      `${caller}: queue must hold at least one row of ${view1.shape[1]} dimensions. Received: queue=[${queue.shape}].`,
    );
  }
  const count = view1.shape[0];
  const blocks = rowBlocks(count, queue.shape[0]);
  const loss = customGrad((...inputs: Array<Tensor | GradSaveFunc>) => {
    const [a, b, save] = inputs as [Tensor2D, Tensor2D, GradSaveFunc];
    const [units1, norms1] = normalizeRows(a);
    const [units2, norms2] = normalizeRows(b);
    const parts = blocks.map(({ start, rows }) =>
      tidy(() => {
        const anchors = slice(units1, [start, 0], [rows, -1]);
        const positive = div(sum(mul(anchors, slice(units2, [start, 0], [rows, -1])), 1, true), temperature);
        const logits = matMul(div(anchors, temperature) as Tensor2D, transpose(queue));
        const highest = maximum(max(logits, 1, true), positive);
        const mass = add(sum(exp(sub(logits, highest)), 1, true), exp(sub(positive, highest)));
        return [positive, add(log(mass), highest)] as [Tensor2D, Tensor2D];
      }),
    );
    const positives = concat(parts.map(([positive]) => positive));
    const logSums = concat(parts.map(([, logSum]) => logSum));
    save([units1, norms1, units2, norms2, positives, logSums, queue]);
    const gradFunc = (upstream: Tensor, saved: Tensor[]) =>
      tidy(() => {
        const [u1, n1, u2, n2, positive, logSum, rows] = saved as [
          Tensor2D,
          Tensor2D,
          Tensor2D,
          Tensor2D,
          Tensor2D,
          Tensor2D,
          Tensor2D,
        ];
        const missing = sub(exp(sub(positive, logSum)), 1); // of the positive's probability
        const fromQueue = blocks.map(({ start, rows: length }) =>
          tidy(() => {
            const anchors = slice(u1, [start, 0], [length, -1]);
            const logits = matMul(div(anchors, temperature) as Tensor2D, transpose(rows));
            const probabilities = exp(sub(logits, slice(logSum, [start, 0], [length, 1])));
            return matMul(probabilities as Tensor2D, rows);
          }),
        );
        const weight = div(upstream, temperature * count);
        const at1 = mul(add(mul(missing, u2), concat(fromQueue)), weight) as Tensor2D;
        const at2 = mul(mul(missing, u1), weight) as Tensor2D;
        return [normalizeRowsGradient(at1, u1, n1), normalizeRowsGradient(at2, u2, n2)];
      });
    return { value: mean(sub(logSums, positives)), gradFunc };
  });
  return loss(view1, view2) as Scalar;
}
