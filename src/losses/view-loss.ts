import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { LossConfig } from './loss-config.js';

/** What a loss may need beside the projections. */
export interface LossContext {
  /** The class of each of the N pictures, whole numbers; negative = unknown. */
  labels?: ArrayLike<number> | undefined;
}

/**
 * A loss as the trainer uses it: views in, scalar out, for any number of views. It may need labels, and may have a
 * state that goes from step to step, such as a queue; the trainer saves that with its checkpoints.
 */
export interface ViewLoss {
  /** Which loss this is, in messages. */
  readonly name: string;
  /** The loss as plain data. One of your own has none, and is given to `SimCLR.load` again. */
  readonly config?: LossConfig;
  /** Whether `compute` needs `context.labels`. */
  readonly needsLabels?: boolean;

  /**
   * @param views - Projections, one tensor `[N, D]` a view; row i of each is of picture i. Not to be disposed of.
   * @returns Scalar, differentiable for the views.
   */
  compute(views: readonly Tensor2D[], context: LossContext): Scalar;

  /** Called after a step that succeeded, with the projections of that step. They are disposed of afterwards. */
  afterStep?(views: readonly Tensor2D[]): void;

  /** What goes from step to step, by name. Not disposed of by the caller. */
  state?(): Record<string, Tensor>;

  /**
   * Takes back what `state` gave.
   *
   * @throws {@link SimCLRError} when it does not fit.
   */
  restore?(state: Record<string, Tensor>): void;

  /** Frees the state. */
  dispose?(): void;
}
