import { io } from '@tensorflow/tfjs-core';
import { type LayersModel, type layers, loadLayersModel } from '@tensorflow/tfjs-layers';
import { asBackendError } from '../errors/backend-failure.js';
import { ShapeError } from '../errors/errors.js';
import { isError } from '../errors/is-error.js';
import { PaddedConv2D } from './layers/padded-conv2d.js';
import { PaddedDepthwiseConv2D } from './layers/padded-depthwise-conv2d.js';
import { registerLayers } from './layers/register-layers.js';
import { SeededInitializer } from './layers/seeded-initializer.js';

interface CopyOptions {
  /** Height and width of its pictures, in pixels. Left out, those of the model, which may be open. */
  size?: readonly [number, number];
  /**
   * `'drawn'` by the initializers of its layers. Left out, weights are to be set next, and those that this library's
   * initializer would draw are zeros.
   */
  weights?: 'drawn';
}

/** Builds a network of the same layers. */
export async function sameArchitecture(
  caller: string,
  model: LayersModel,
  { size, weights }: CopyOptions = {},
): Promise<LayersModel> {
  registerLayers();
  const topology = model.toJSON(null, false) as object;
  const modelTopology = weights === 'drawn' ? topology : withUndrawnWeights(topology);
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

/**
 * A model's topology whose weights begin as zeros where this library's initializer would draw them: for models that get
 * saved or copied weights next. Drawing those of a ResNet-18 takes a second. tfjs-layers does the same by itself only
 * where it reads the weights, too.
 */
export function withUndrawnWeights(topology: object): object {
  const drawing = new Set<unknown>(
    [PaddedConv2D, PaddedDepthwiseConv2D, SeededInitializer].map(({ className }) => className),
  );
  const copy = structuredClone(topology);
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { class_name, className = class_name, config } = value as Record<string, unknown>;
    if (drawing.has(className)) Object.assign(config as object, { undrawn: true });
    else for (const inner of Object.values(value)) visit(inner);
  };
  visit(copy);
  return copy;
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
