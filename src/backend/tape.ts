import { engine } from '@tensorflow/tfjs-core';
import { explainMissingKernel } from './missing-kernel.js';

/** Runs `body`, which takes gradients. When it fails, frees what was recorded and explains the error. */
export function guardTape<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    releaseTape();
    throw explainMissingKernel(error);
  }
}

/** Frees the tensors that tfjs recorded for a gradient, which it would keep forever after a failure. */
export function releaseTape(): void {
  const { state } = engine();
  if (state.gradientDepth > 0) return; // the tape belongs to a gradient around this one
  for (const { saved } of state.activeTape ?? []) for (const tensor of saved ?? []) tensor.dispose();
  state.activeTape = [];
}
