import { dispose, type Optimizer } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { ViewLoss } from '../../losses/index.js';
import { trainableVariables } from '../../models/named-weights.js';
import { isNamed } from '../../optimizers/is-named.js';
import { type Remembered, rememberVariables } from '../../tensors/remember-variables.js';
import type { PartState } from '../../tensors/stateful-part.js';

/**
 * Remembers what the update of a step changes: the weights, the state of an optimizer of this library, and the state of
 * the loss. An optimizer of tfjs keeps its accumulators to itself.
 */
export function rememberStep(
  models: readonly LayersModel[],
  optimizer: Optimizer,
  loss: ViewLoss,
): Remembered {
  const variables = trainableVariables(...models);
  const weights =
    isNamed(optimizer) && optimizer.remember ? optimizer.remember(variables) : rememberVariables(variables);
  let state: PartState | undefined;
  try {
    if (loss.afterStep && loss.restore) state = loss.capture?.();
  } catch (error) {
    weights.dispose();
    throw error;
  }
  return {
    restore() {
      weights.restore();
      if (state) loss.restore!({ tensors: {}, json: null, ...state });
    },
    dispose() {
      weights.dispose();
      dispose(state?.tensors ?? {});
    },
  };
}
