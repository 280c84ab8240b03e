import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type Remembered, rememberVariables } from '../tensors/remember-variables.js';
import { variableOf } from './named-weights.js';

/**
 * Remembers the weights that the forward pass changes rather than a gradient, such as the running statistics of batch
 * normalization: a step that fails must not leave NaN in them.
 */
export function rememberStatistics(...models: LayersModel[]): Remembered {
  return rememberVariables(models.flatMap((model) => model.nonTrainableWeights.map(variableOf)));
}
