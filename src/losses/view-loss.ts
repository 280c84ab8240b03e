import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core';
import type { PartState } from '../tensors/stateful-part.js';
import type { LossConfig } from './loss-config.js';

/** Inputs of a loss besides the projections. */
export interface LossContext {
  /** The class of each of the N pictures, integers; negative = unknown. */
  labels?: ArrayLike<number> | undefined;
}

/**
 * A loss for the trainer: a scalar for any number of views. It may need labels, and it may keep a
 * state between steps, such as a queue, which the trainer saves in its checkpoints.
 */
export interface ViewLoss {
  /** Name of the loss in messages. */
  readonly name: string;
  /** The loss as plain data. A custom loss has none: pass it to `SimCLR.load` again. */
  readonly config?: LossConfig;
  /** Whether `compute` needs `context.labels`. */
  readonly needsLabels?: boolean;

  /**
   * Computes the loss of a batch.
   *
   * @param views - Projections, one tensor `[N, D]` per view; row i of each belongs to picture i. Do not dispose them.
   * @param context - Labels, if there are any.
   * @returns Scalar, differentiable with respect to the views.
   */
  compute(views: readonly Tensor2D[], context: LossContext): Scalar;

  /** Called after each successful step with the projections of that step, which are disposed of afterwards. */
  afterStep?(views: readonly Tensor2D[]): void;

  /**
   * The current state. Read everything before the function returns, because training continues meanwhile. A
   * `clone()` of a tensor copies nothing.
   */
  capture?(): PartState;

  /**
   * Takes over what `capture` returned, at once: after a step that fails, too. The tensors are disposed of after the
   * call: clone what you keep.
   *
   * @throws any error when it is not a state of this loss.
   */
  restore?(state: Required<PartState>): void;

  /** Frees the state. */
  dispose?(): void;
}
