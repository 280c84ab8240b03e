import type { serialization } from '@tensorflow/tfjs-core';
import type { LayersModel, layers, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { ShapeError } from '../../errors/errors.js';
import { freeName } from '../../models/copy-model.js';

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
