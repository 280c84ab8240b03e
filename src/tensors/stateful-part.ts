import type { NamedTensorMap } from '@tensorflow/tfjs-core';

/** What a part of training remembers between steps, such as a queue of negatives. */
export interface PartState {
  /** Tensors by name, clones that the caller disposes. @defaultValue none */
  tensors?: NamedTensorMap;
  /** Plain JSON, with finite numbers only: saving refuses others. @defaultValue `null` */
  json?: unknown;
}

/** A part of training whose state belongs to a checkpoint: one in the option `extraState`, or a loss. */
export interface StatefulPart {
  /**
   * The current state. Read everything before the function returns, because training continues meanwhile. A
   * `clone()` of a tensor copies nothing.
   */
  capture(): PartState;
  /**
   * Takes over a saved state. The tensors are disposed of after the call: clone what you keep.
   *
   * @throws any error when it is not a state of this part: loading fails with it.
   */
  restore(state: Required<PartState>): void | Promise<void>;
}
