import { io, type serialization } from '@tensorflow/tfjs-core';
import { type LayersModel, type layers, loadLayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { asBackendError } from '../../errors/backend-failure.js';
import { ShapeError } from '../../errors/errors.js';
import { isError } from '../../errors/is-error.js';
import { registerLayers } from '../../models/index.js';

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

/**
 * The layers of a projection head up to its `count`-th dense layer, with the normalization and activation that follow it.
 *
 * @throws {@link ShapeError} when the head is not a chain of layers or has fewer dense layers.
 */
export function headLayers(caller: string, head: LayersModel, count: number): layers.Layer[] {
  const chain = head.layers.filter((layer) => layer.getClassName() !== 'InputLayer');
  const isChain = chain.every((layer, i) => {
    const input = layer.input as SymbolicTensor;
    return !Array.isArray(input) && (i === 0 || input === chain[i - 1]!.output);
  });
  const dense = [...chain.keys()].filter((i) => chain[i]!.getClassName() === 'Dense');
  if (!isChain || dense.length < count) {
    const received = isChain ? `${dense.length} dense layers` : 'layers that branch';
    throw new ShapeError(
      `${caller}: attachTo=${count} needs a projection head that is a chain of at least ${count} dense layers. Received: projectionHead with ${received}.`,
    );
  }
  return chain.slice(0, dense[count] ?? chain.length);
}

/**
 * Makes a new layer of the same class and configuration.
 *
 * @param taken - Names of the other layers of the network. The name of the new layer is added, changed if it is taken.
 */
export function freshLayer(layer: layers.Layer, taken: Set<string>): layers.Layer {
  const kind = layer.constructor as serialization.SerializableConstructor<layers.Layer>;
  const { fromConfig } = kind as unknown as { fromConfig(cls: typeof kind, config: object): layers.Layer };
  const config = { ...layer.getConfig(), name: freeName(layer.name, taken) };
  return fromConfig.call(kind, kind, config);
}

/** Appends to `name` until it is free, and marks it as taken. */
export function freeName(name: string, taken: Set<string>): string {
  let free = name;
  while (taken.has(free)) free += '_';
  taken.add(free);
  return free;
}
