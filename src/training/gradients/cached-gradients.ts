import {
  add,
  addN,
  concat,
  dispose,
  engine,
  mul,
  type NamedTensorMap,
  type Scalar,
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
 * First the projections of all chunks but the last without their activations, then the last chunk forward, the loss, and its
 * gradients at the projections and through the last chunk, then each other chunk forward again and backward from the
 * gradient at its projections. The sum is the gradient of the whole batch. Batch
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
    const last = chunks - 1;
    for (let chunk = 0; chunk < last; chunk++) {
      const made = guardTape(() =>
        memory.with(chunk, false, (views) => tidy(() => projectViews(views, options))),
      );
      held.push(...made);
      projections.push(made);
      statistics.collect();
      await betweenChunks();
    }
    const { loss, atOthers, atVariables } = guardTape(() =>
      memory.with(last, true, (views) => lastGradients(views, projections, options, onProjections)),
    );
    total = atVariables;
    dispose(held.splice(0));
    held.push(loss, ...atOthers.flat());
    statistics.collect();
    await betweenChunks();
    for (let chunk = 0; chunk < last; chunk++) {
      const part = guardTape(() =>
        memory.with(chunk, true, (views) => chunkGradients(views, atOthers[chunk]!, options)),
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

/** What {@link lastGradients} returns. */
interface LastGradients {
  loss: Scalar;
  /** The gradient at the projections of each other chunk, one tensor per view. */
  atOthers: Tensor2D[][];
  /** The share of the last chunk in the gradients of the variables. */
  atVariables: NamedTensorMap;
}

/**
 * The loss of the whole batch, and its gradient at the projections of the other chunks and, through the last chunk, at the
 * variables. The last chunk thus goes through the network once.
 */
function lastGradients(
  views: readonly Tensor4D[],
  others: readonly Tensor2D[][],
  options: ContrastiveGradientsOptions,
  onProjections?: (projections: Tensor2D[]) => void,
): LastGradients {
  const loss = toViewLoss(options.loss);
  const { labels, variables } = options;
  return tidy(() => {
    const { value, grads } = engine().gradients(
      () => {
        const own = projectViews(views, options);
        const projections = own.map((projection, view) =>
          concat([...others.map((chunk) => chunk[view]!), projection]),
        );
        onProjections?.(projections);
        return lossOf(loss, projections, { labels });
      },
      [...variables, ...others.flat()],
      undefined,
      true, // a loss may leave a view aside
    );
    const atVariables: NamedTensorMap = {};
    for (const [index, { name }] of variables.entries()) {
      if (grads[index]) atVariables[name] = grads[index];
    }
    let next = variables.length;
    const atOthers = others.map((chunk) =>
      chunk.map((projection) => (grads[next++] ?? zerosLike(projection)) as Tensor2D),
    );
    return { loss: value as Scalar, atOthers, atVariables };
  });
}

/** The share of one chunk in the gradients of the variables. */
function chunkGradients(
  views: readonly Tensor4D[],
  atViews: readonly Tensor2D[],
  options: ContrastiveGradientsOptions,
): NamedTensorMap {
  return tidy(() => {
    const { grads: gradients } = variableGrads(() => {
      const projections = projectViews(views, options);
      // The derivative of this product is the chain rule: the gradient at z times that of z.
      const products = projections.map((projection, view) => sum(mul(projection, atViews[view]!)));
      return addN(products) as Scalar;
    }, options.variables);
    return gradients;
  });
}

/** The sum of both, which are disposed of. */
function accumulate(total: NamedTensorMap, part: NamedTensorMap): NamedTensorMap {
  try {
    return tidy(() =>
      Object.fromEntries(Object.entries(part).map(([name, gradient]) => [name, add(total[name]!, gradient)])),
    );
  } finally {
    dispose([...Object.values(part), ...Object.values(total)]);
  }
}
