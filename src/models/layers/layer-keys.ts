import type { LayerArguments } from './layer-types.js';

/** What every layer of tfjs-layers takes; a saved model has some of them in each layer's config. */
export const layerKeys: Readonly<Record<keyof LayerArguments | 'customObjects', 1>> = {
  name: 1,
  trainable: 1,
  inputShape: 1,
  batchInputShape: 1,
  batchSize: 1,
  dtype: 1,
  inputDType: 1,
  weights: 1,
  // tfjs-layers adds it to the config of a loaded layer.
  customObjects: 1,
};
