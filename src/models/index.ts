export { BatchNormalization, type BatchNormalizationLayerOptions } from './batch-normalization.js';
export { checkEncoder } from './check-encoder.js';
export type { OpenShape } from './layer-types.js';
export { PaddedConv2D, type PaddedConv2DOptions } from './padded-conv2d.js';
export { PaddedMaxPooling2D, type PaddedMaxPooling2DOptions } from './padded-max-pooling2d.js';
export type { Padding } from './padding.js';
export { type ProjectionHeadOptions, projectionHead } from './projection-head.js';
export { registerLayers } from './register-layers.js';
export { type ResNetOptions, type ResNetStem, resnet18, resnet34, resnet50 } from './resnet.js';
export {
  type InitializerConvention,
  SeededInitializer,
  type SeededInitializerOptions,
  seededInitializer,
  weightStream,
} from './seeded-initializer.js';
export {
  getTorchvisionWeights,
  setTorchvisionWeights,
  type TorchvisionWeight,
  torchvisionWeights,
} from './torchvision-names.js';
