import { io } from '@tensorflow/tfjs-core';
import { type LayersModel, type layers, loadLayersModel } from '@tensorflow/tfjs-layers';
import { asBackendError } from '../errors/backend-failure.js';
import { ShapeError } from '../errors/errors.js';
import { isError } from '../errors/is-error.js';
import { registerLayers } from './layers/register-layers.js';

/** Builds a network of the same layers, with weights from its initializers. */
export async function sameArchitecture(caller: string, model: LayersModel): Promise<LayersModel> {
  registerLayers();
  try {
    return await loadLayersModel(io.fromMemory({ modelTopology: model.toJSON(null, false) as object }));
  } catch (cause) {
    const error = asBackendError(cause);
    if (isError(error, 'SimCLRError')) throw error;
    throw new ShapeError(
      `${caller}: encoder must be a model that tfjs can rebuild from its configuration; register its layers with serialization.registerClass. ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** Copies the weights of `from` to the same layers of `to`. */
export function copyWeights(from: readonly layers.Layer[], to: readonly layers.Layer[]): void {
  // Layer by layer, because the order of `model.weights` depends on which layers are frozen.
  for (const [i, layer] of from.entries()) {
    if (layer.weights.length > 0) to[i]!.setWeights(layer.getWeights());
  }
}

/** Appends to `name` until it is free, and marks it as taken. */
export function freeName(name: string, taken: Set<string>): string {
  let free = name;
  while (taken.has(free)) free += '_';
  taken.add(free);
  return free;
}
