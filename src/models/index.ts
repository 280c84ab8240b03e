export { checkEncoder } from './check-encoder.js';
export { BatchNormalization, type BatchNormalizationLayerOptions } from './layers/batch-normalization.js';
export type { BatchNormalizationSettings } from './layers/batch-normalization-options.js';
export type { OpenShape } from './layers/layer-types.js';
export { PaddedConv2D, type PaddedConv2DOptions } from './layers/padded-conv2d.js';
export type { PaddedConvolutionOptions } from './layers/padded-convolution.js';
export {
  PaddedDepthwiseConv2D,
  type PaddedDepthwiseConv2DOptions,
} from './layers/padded-depthwise-conv2d.js';
export { PaddedMaxPooling2D, type PaddedMaxPooling2DOptions } from './layers/padded-max-pooling2d.js';
export type { Padding } from './layers/padding.js';
export { registerLayers } from './layers/register-layers.js';
export {
  type InitializerConvention,
  SeededInitializer,
  type SeededInitializerOptions,
  seededInitializer,
  weightStream,
} from './layers/seeded-initializer.js';
export { type MobileNetV2Options, mobileNetV2 } from './mobilenet-v2.js';
export type { NetworkOptions, PictureShape } from './network-parts.js';
export { type HeadNormalization, type ProjectionHeadOptions, projectionHead } from './projection-head.js';
export { type ResNetOptions, type ResNetStem, resnet18, resnet34, resnet50 } from './resnet.js';
export {
  getTorchvisionWeights,
  setTorchvisionWeights,
  type TorchvisionWeight,
  torchvisionWeights,
} from './torchvision-names.js';
