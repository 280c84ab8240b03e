import type { NamedTensorMap } from '@tensorflow/tfjs-core';
import type { ViewLoss } from '../../losses/index.js';

/** What makes the steps of several processes, each on pictures of its own, one step on the pictures of all. */
export interface ParallelStep {
  /** Runs forward and backward pass, with batch normalization over the batches of all processes. */
  run<T>(body: () => T): T;
  /** From a loss of the own projections to the loss of all; its gradient is that at the own projections. */
  overAllProcesses(loss: ViewLoss): ViewLoss;
  /** Gradients summed over all processes, as new tensors; disposes of those given. */
  sum(gradients: NamedTensorMap): Promise<NamedTensorMap>;
}
