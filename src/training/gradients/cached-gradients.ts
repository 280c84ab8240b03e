import {
  add,
  addN,
  concat,
  dispose,
  engine,
  mul,
  type NamedTensorMap,
  type Scalar,
  slice,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tidy,
  variableGrads,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { guardTape } from '../../backend/tape.js';
import { yieldToEventLoop } from '../../backend/yield-to-event-loop.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger, checkNonNegative } from '../../errors/checks.js';
import type { ViewLoss } from '../../losses/index.js';
import { projectViews } from '../../models/project-views.js';
import { toViewLoss } from '../options/to-view-loss.js';
import { ChunkStatistics } from './chunk-statistics.js';
import {
  type ContrastiveGradients,
  type ContrastiveGradientsOptions,
  contrastiveGradientsKeys,
  lossOf,
} from './contrastive-gradients.js';
import { ViewMemory } from './view-memory.js';

/** What {@link cachedGradients} needs. */
export interface CachedGradientsOptions extends ContrastiveGradientsOptions {
  /** Number of chunks, at least 1. */
  chunks: number;
  /**
   * Makes the views of a chunk, new tensors `[n, H, W, C]`, one per view; all chunks have as many pictures. Called twice
   * for each chunk whose views are not kept, and must make the same views both times: of random ones that is what
   * counter-based draws are for.
   */
  views(chunk: number): readonly Tensor4D[];
  /**
   * Memory, in bytes, for keeping views until their chunk is processed the second time. Views beyond it are made again.
   *
   * @defaultValue 2^27: all views of 600 pictures of 96x96, or of 5000 of 32x32
   */
  viewBytes?: number;
  /**
   * Called between two chunks and awaited.
   *
   * @defaultValue lets the event loop have a turn
   */
  betweenChunks?: () => void | Promise<void>;
}

/**
 * {@link contrastiveGradients} of a batch that does not fit into memory (GradCache): the loss sees the projections of
 * the whole batch, the network one chunk at a time.
 *
 * First the projections of all chunks without their activations, then the loss and its gradient at the projections, then
 * each chunk forward again and backward from that gradient. The sum is the gradient of the whole batch. Batch
 * normalization sees a chunk at a time: the result, and what becomes of the running statistics, are those of one step with
 * layers that normalize in groups of a chunk.
 *
 * @param options - The chunks, and what `contrastiveGradients` needs.
 * @param onProjections - Told the projections of the whole batch, one tensor `[N, D]` per view, before the loss is
 * computed. Must keep none of them.
 * @returns The scalar loss and the gradients by variable name. The caller disposes them all.
 * @throws {@link ShapeError} when the loss returns anything but a scalar.
 * @throws {@link InvalidOptionError} when `chunks` is not an integer >= 1, or `viewBytes` no number >= 0.
 * @throws {@link BackendError} when the active backend lacks a kernel or a gradient that the step needs.
 * @see Gao et al. 2021, arXiv:2101.06983.
 */
export async function cachedGradients(
  options: CachedGradientsOptions,
  onProjections?: (projections: Tensor2D[]) => void,
): Promise<ContrastiveGradients> {
  checkKeys('cachedGradients', options, {
    chunks: 1,
    views: 1,
    viewBytes: 1,
    betweenChunks: 1,
    ...contrastiveGradientsKeys,
  });
  const { encoder, projectionHead, chunks, viewBytes = 2 ** 27, betweenChunks = yieldToEventLoop } = options;
  checkInteger('cachedGradients', 'chunks', chunks);
  checkNonNegative('cachedGradients', 'viewBytes', viewBytes);
  const memory = new ViewMemory((chunk) => options.views(chunk), viewBytes);
  const statistics = new ChunkStatistics(encoder, projectionHead);
  const held: Tensor[] = [];
  let total: NamedTensorMap = {};
  try {
    const projections: Tensor2D[][] = [];
    for (let chunk = 0; chunk < chunks; chunk++) {
      const made = guardTape(() =>
        memory.with(chunk, false, (views) => tidy(() => projectViews(views, options))),
      );
      held.push(...made);
      projections.push(made);
      statistics.collect();
      await betweenChunks();
    }
    const { loss, gradients } = atProjections(toViewLoss(options.loss), projections, options, onProjections);
    dispose(held.splice(0));
    held.push(loss, ...gradients);
    for (let chunk = 0; chunk < chunks; chunk++) {
      const part = guardTape(() =>
        memory.with(chunk, true, (views) => chunkGradients(views, chunk, gradients, options)),
      );
      total = accumulate(total, part);
      statistics.undo();
      await betweenChunks();
    }
    statistics.commit();
    held.splice(held.indexOf(loss), 1);
    return { loss, gradients: total };
  } catch (error) {
    dispose(Object.values(total));
    statistics.undo();
    throw error;
  } finally {
    statistics.dispose();
    memory.dispose();
    dispose(held);
  }
}

/** The loss of the whole batch and its gradient at the projections, one tensor per view. */
function atProjections(
  loss: ViewLoss,
  chunks: readonly Tensor2D[][],
  { labels }: ContrastiveGradientsOptions,
  onProjections?: (projections: Tensor2D[]) => void,
): { loss: Scalar; gradients: Tensor2D[] } {
  return guardTape(() =>
    tidy(() => {
      const projections = chunks[0]!.map((_, view) => concat(chunks.map((chunk) => chunk[view]!)));
      onProjections?.(projections);
      const { value, grads } = engine().gradients(
        () => lossOf(loss, projections, { labels }),
        projections,
        undefined,
        true, // a loss may leave a view aside
      );
      const gradients = projections.map((view, i) => (grads[i] ?? zerosLike(view)) as Tensor2D);
      return { loss: value, gradients };
    }),
  );
}

/** The share of one chunk in the gradients of the variables. */
function chunkGradients(
  views: readonly Tensor4D[],
  chunk: number,
  atViews: readonly Tensor2D[],
  options: CachedGradientsOptions,
): NamedTensorMap {
  return tidy(() => {
    const count = views[0]!.shape[0];
    const { grads: gradients } = variableGrads(() => {
      const projections = projectViews(views, options);
      // The derivative of this product is the chain rule: the gradient at z times that of z.
      const products = projections.map((projection, view) =>
        sum(mul(projection, slice(atViews[view]!, [chunk * count, 0], [count, -1]))),
      );
      return addN(products) as Scalar;
    }, options.variables);
    return gradients;
  });
}

/** The sum of both, which are disposed of. */
function accumulate(total: NamedTensorMap, part: NamedTensorMap): NamedTensorMap {
  if (Object.keys(total).length === 0) return part;
  try {
    return tidy(() =>
      Object.fromEntries(Object.entries(part).map(([name, gradient]) => [name, add(total[name]!, gradient)])),
    );
  } finally {
    dispose([...Object.values(part), ...Object.values(total)]);
  }
}
