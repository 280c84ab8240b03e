import {
  add,
  concat,
  customGrad,
  getBackend,
  reshape,
  scalar,
  slice,
  type Tensor,
  type Tensor2D,
  tensor2d,
  tidy,
} from '@tensorflow/tfjs-core';
import { BackendError, DistributedError } from '../errors/errors.js';
import type { Communicator, SynchronousCollectives } from './communicators/communicator.js';

/**
 * Returns the synchronous operations of a communicator. Gradients need these, and a backend whose results can be read
 * synchronously, because TensorFlow.js computes a gradient without awaiting anything.
 *
 * @throws `DistributedError` when the communicator cannot block this thread.
 * @throws `BackendError` when the active backend reads results asynchronously only.
 */
export function requireSynchronous(caller: string, communicator: Communicator): SynchronousCollectives {
  if (!communicator.synchronous) {
    throw new DistributedError(
      `${caller}: communicator must have synchronous operations, because a gradient cannot await a promise. Received: one without.`,
    );
  }
  const computed = tidy(() => add(scalar(1), 1));
  try {
    computed.dataSync();
  } catch (cause) {
    throw new BackendError(
      `${caller}: the active backend must read results synchronously, because a step sends projections and batch statistics to the other ranks. Received: backend '${getBackend()}', which does not.`,
      { cause },
    );
  } finally {
    computed.dispose();
  }
  return communicator.synchronous;
}

/**
 * Gathers the rows of all ranks, `[size * N, D]`, in the order of ranks. Its gradient is that of a function of all rows,
 * which every rank computes, at the rows of this rank.
 */
export function gatherRows(rows: Tensor2D, communicator: Communicator): Tensor2D {
  const { allGather } = requireSynchronous('gatherRows', communicator);
  const { rank, size } = communicator;
  const [count, width] = rows.shape;
  const gather = customGrad<Tensor2D>((...inputs) => {
    const [own] = inputs as [Tensor2D];
    const value = tensor2d(allGather(own.dataSync<'float32'>() as Float32Array), [size * count, width]);
    return { value, gradFunc: (dy) => slice(dy as Tensor2D, [rank * count, 0], [count, width]) };
  });
  return gather(rows);
}

/**
 * Gathers the projections of both views of all ranks, for a contrastive loss over the pictures of all processes. It is
 * differentiable: each rank gets the gradient at its own rows.
 *
 * @param view1 - Projections of view 1. Shape `[N, D]`, float32, the same N on every rank.
 * @param view2 - Projections of view 2. Shape `[N, D]`.
 * @returns Both views, `[size * N, D]`, rank by rank, so that row i of one is still the positive of row i of the other.
 * @throws `DistributedError` when the communicator cannot block this thread.
 * @throws `BackendError` when the active backend reads results asynchronously only.
 * @example
 * const [all1, all2] = gatherProjections(view1, view2, communicator);
 */
export function gatherProjections(
  view1: Tensor2D,
  view2: Tensor2D,
  communicator: Communicator,
): [Tensor2D, Tensor2D] {
  const { size } = communicator;
  const [count, width] = view1.shape;
  return tidy(() => {
    const all = reshape(gatherRows(concat([view1, view2], 0), communicator), [size, 2 * count, width]);
    const view = (start: number): Tensor =>
      reshape(slice(all, [0, start, 0], [size, count, width]), [size * count, width]);
    return [view(0), view(count)] as [Tensor2D, Tensor2D];
  });
}
