import { serialization } from '@tensorflow/tfjs-core';
import { BatchNormalization } from './batch-normalization.js';
import { PaddedConv2D } from './padded-conv2d.js';
import { PaddedDepthwiseConv2D } from './padded-depthwise-conv2d.js';
import { PaddedMaxPooling2D } from './padded-max-pooling2d.js';
import { SeededInitializer } from './seeded-initializer.js';

/**
 * Registers this library's layers and initializer with tfjs-layers. The builders call it. Call it yourself before
 * `loadLayersModel` reads a model that was saved in another process. Calling it again changes nothing.
 *
 * @example
 * registerLayers();
 * const encoder = await loadLayersModel('https://example.org/encoder/model.json');
 */
export function registerLayers(): void {
  serialization.registerClass(BatchNormalization);
  serialization.registerClass(PaddedConv2D);
  serialization.registerClass(PaddedDepthwiseConv2D);
  serialization.registerClass(PaddedMaxPooling2D);
  serialization.registerClass(SeededInitializer);
}
