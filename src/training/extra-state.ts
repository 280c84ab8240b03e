import type { NamedTensorMap } from '@tensorflow/tfjs-core';

/** What a part of training remembers between steps besides weights and optimizer, such as a queue of negatives. */
export interface CapturedExtraState {
  /** Tensors by name, clones that the caller disposes. @defaultValue none */
  tensors?: NamedTensorMap;
  /** Plain JSON, with finite numbers only: saving refuses others. @defaultValue `null` */
  json?: unknown;
}

/** A part of training whose state belongs to a checkpoint, under a name given in `extraState`. */
export interface ExtraState {
  /**
   * The state of this moment: read everything before the function returns, because training continues meanwhile. A
   * `clone()` of a tensor copies nothing.
   */
  capture(): CapturedExtraState;
  /**
   * Takes over a saved state. The tensors are disposed of after the call: clone what you keep.
   *
   * @throws any error when it is not a state of this part: loading fails with it.
   */
  restore(state: Required<CapturedExtraState>): void | Promise<void>;
}
