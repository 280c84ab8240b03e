import { dispose, type NamedTensorMap, type Optimizer, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { ViewLoss } from '../../losses/index.js';
import { trainableVariables } from '../../models/named-weights.js';
import { isNamed } from '../../optimizers/is-named.js';
import { type Remembered, rememberVariables } from '../../tensors/remember-variables.js';

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
  const own = (loss.afterStep && loss.restore && loss.state?.()) || undefined;
  let state: NamedTensorMap = {};
  try {
    state = tidy(() =>
      Object.fromEntries(Object.entries(own ?? {}).map(([name, tensor]) => [name, tensor.clone()])),
    );
  } catch (error) {
    weights.dispose();
    throw error;
  }
  return {
    restore() {
      weights.restore();
      if (own) loss.restore!(state);
    },
    dispose() {
      weights.dispose();
      dispose(state);
    },
  };
}
