export { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } from './adjust-color.js';
export type { ColorSemantics } from './blend.js';
export { type CenterCropOptions, centerCrop } from './center-crop.js';
export { type ColorJitterOptions, type ColorJitterParameters, colorJitter } from './color-jitter.js';
export { type ComposeParameters, compose } from './compose.js';
export { type EvaluationTransformOptions, evaluationTransform } from './evaluation-transform.js';
export {
  type BlurPadding,
  type GaussianBlurOptions,
  type GaussianBlurParameters,
  gaussianBlur,
} from './gaussian-blur.js';
export { grayscale, type RandomGrayscaleOptions, randomGrayscale } from './grayscale.js';
export {
  cifar10Mean,
  cifar10Std,
  denormalize,
  imagenetMean,
  imagenetStd,
  type NormalizeOptions,
  normalize,
} from './normalize.js';
export { type RandomApplyOptions, type RandomApplyParameters, randomApply } from './random-apply.js';
export { type RandomHorizontalFlipOptions, randomHorizontalFlip } from './random-horizontal-flip.js';
export {
  type CropParameters,
  type RandomResizedCropOptions,
  randomResizedCrop,
} from './random-resized-crop.js';
export type { Interpolation } from './resampling-taps.js';
export { type ResizeOptions, resize } from './resize.js';
export type { SelectionParameters } from './selection.js';
export { type SimCLRAugmentationOptions, simclrAugmentation } from './simclr-augmentation.js';
export { type SolarizeOptions, solarize } from './solarize.js';
export {
  augment,
  type DescribedTransform,
  type ImageSize,
  type LeadingCrop,
  type Transform,
  type TransformConfig,
} from './transform.js';
export { type TransformBuilder, transformFromConfig } from './transform-from-config.js';
