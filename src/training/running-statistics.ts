import type { LayersModel } from '@tensorflow/tfjs-layers';
import { variableOf } from './named-weights.js';

/** What {@link rememberStatistics} gives. */
export interface RememberedStatistics {
  /** Gives the weights their remembered values back. */
  restore(): void;
  /** Forgets the values. */
  dispose(): void;
}

/**
 * Remembers the weights that a forward pass changes and no gradient, such as the running statistics of batch
 * normalisation: a step that fails must not leave NaN in them. Nothing is copied, for tensors share their data.
 */
export function rememberStatistics(...models: LayersModel[]): RememberedStatistics {
  const remembered = models
    .flatMap((model) => model.nonTrainableWeights.map(variableOf))
    .map((variable) => ({ variable, value: variable.clone() }));
  return {
    restore() {
      for (const { variable, value } of remembered) if (!variable.isDisposed) variable.assign(value);
    },
    dispose() {
      for (const { value } of remembered) value.dispose();
    },
  };
}
