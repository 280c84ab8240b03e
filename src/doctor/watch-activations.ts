import { keep, max, maximum, type Tensor, type Tensor1D, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel, layers } from '@tensorflow/tfjs-layers';

type Layer = layers.Layer;

/** The layers of a model, including those of nested models. */
export function allLayers(model: LayersModel): Layer[] {
  return model.layers.flatMap((layer) =>
    'layers' in layer ? allLayers(layer as unknown as LayersModel) : [layer],
  );
}

/** Whether a layer ends in a ReLU, by its configuration. */
function hasReLU(layer: Layer): boolean {
  return layer.getClassName() === 'ReLU' || /^relu6?$/.test(String(layer.getConfig().activation));
}

/** The largest output of each unit of each ReLU layer while they were watched. */
export interface WatchedActivations {
  /** By layer name, a tensor `[units]` that `tidy` does not dispose. */
  largest: Map<string, Tensor1D>;
  /** Stops watching. */
  stop(): void;
}

/** Records the outputs of ReLU layers. The caller disposes the tensors. */
export function watchActivations(...models: LayersModel[]): WatchedActivations {
  const largest = new Map<string, Tensor1D>();
  const watched = models.flatMap(allLayers).filter(hasReLU);
  const note = (name: string, output: Tensor) => {
    const before = largest.get(name);
    const axes = Array.from({ length: output.rank - 1 }, (_, axis) => axis);
    const next = tidy(() => {
      const own = max<Tensor1D>(output, axes);
      return before ? maximum<Tensor1D>(before, own) : own;
    });
    largest.set(name, keep(next));
    before?.dispose();
  };
  for (const layer of watched) {
    const call = layer.call;
    layer.call = (inputs, kwargs) => {
      const output = call.call(layer, inputs, kwargs);
      if (!Array.isArray(output)) note(layer.name, output as Tensor);
      return output;
    };
  }
  return {
    largest,
    stop() {
      // Deleting the layer's own property uncovers the method of its class.
      for (const layer of watched) Reflect.deleteProperty(layer, 'call');
    },
  };
}
