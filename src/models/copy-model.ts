import { io } from '@tensorflow/tfjs-core';
import { type LayersModel, type layers, loadLayersModel } from '@tensorflow/tfjs-layers';
import { asBackendError } from '../errors/backend-failure.js';
import { ShapeError } from '../errors/errors.js';
import { isError } from '../errors/is-error.js';
import { registerLayers } from './layers/register-layers.js';

/**
 * Builds a network of the same layers, with weights from its initializers.
 *
 * @param size - Height and width of its pictures, in pixels. Left out, those of the model, which may be open.
 */
export async function sameArchitecture(
  caller: string,
  model: LayersModel,
  size?: readonly [number, number],
): Promise<LayersModel> {
  registerLayers();
  const modelTopology = model.toJSON(null, false) as object;
  try {
    return await loadLayersModel(
      io.fromMemory({ modelTopology: size ? withInputSize(modelTopology, size) : modelTopology }),
    );
  } catch (cause) {
    const error = asBackendError(cause);
    if (isError(error, 'SimCLRError')) throw error;
    throw new ShapeError(
      `${caller}: encoder must be a model that tfjs can rebuild from its configuration; register its layers with serialization.registerClass. ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** A topology whose first layer takes pictures of a size. */
function withInputSize(topology: object, size: readonly [number, number]): object {
  const copy = structuredClone(topology) as {
    config: { layers: { class_name: string; config: { batch_input_shape?: (number | null)[] } }[] };
  };
  for (const { config } of copy.config.layers) {
    const shape = config.batch_input_shape;
    if (shape?.length === 4) config.batch_input_shape = [shape[0]!, ...size, shape[3]!];
  }
  return copy;
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
