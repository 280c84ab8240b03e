import { engine } from '@tensorflow/tfjs-core';
import { explainMissingKernel } from './missing-kernel.js';

/** Runs what takes gradients; when it fails, frees what was recorded, and explains the error. */
export function guardTape<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    releaseTape();
    throw explainMissingKernel(error);
  }
}

/** What a gradient needs later tfjs keeps until then, and for ever where it never comes to that. */
export function releaseTape(): void {
  const { state } = engine();
  if (state.gradientDepth > 0) return; // the tape belongs to a gradient around this one
  for (const { saved } of state.activeTape ?? []) for (const tensor of saved ?? []) tensor.dispose();
  state.activeTape = [];
}
