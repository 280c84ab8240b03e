export { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } from './color/adjust-color.js';
export type { ColorConvention } from './color/blend.js';
export { type ColorJitterOptions, type ColorJitterParameters, colorJitter } from './color/color-jitter.js';
export { grayscale, type RandomGrayscaleOptions, randomGrayscale } from './color/grayscale.js';
export { type SolarizeOptions, solarize } from './color/solarize.js';
export { type ComposeParameters, compose } from './compose.js';
export { type EvaluationTransformOptions, evaluationTransform } from './evaluation-transform.js';
export {
  type BlurPadding,
  type GaussianBlurOptions,
  type GaussianBlurParameters,
  gaussianBlur,
} from './gaussian-blur.js';
export { type CenterCropOptions, centerCrop } from './geometry/center-crop.js';
export { type RandomHorizontalFlipOptions, randomHorizontalFlip } from './geometry/random-horizontal-flip.js';
export {
  type CropParameters,
  type RandomResizedCropOptions,
  randomResizedCrop,
} from './geometry/random-resized-crop.js';
export type { Interpolation } from './geometry/resampling-weights.js';
export { type ResizeOptions, resize } from './geometry/resize.js';
export {
  cifar10Mean,
  cifar10Std,
  denormalize,
  imagenetMean,
  imagenetStd,
  type NormalizeOptions,
  normalize,
} from './normalize.js';
export {
  type MultiCropAugmentationOptions,
  multiCropAugmentation,
  type SmallCropsOptions,
} from './presets/multi-crop-augmentation.js';
export { type SimCLRAugmentationOptions, simclrAugmentation } from './presets/simclr-augmentation.js';
export { type RandomApplyOptions, type RandomApplyParameters, randomApply } from './random-apply.js';
export type { SelectionParameters } from './selection.js';
export {
  augment,
  type DescribedTransform,
  type ImageSize,
  type LeadingCrop,
  type Transform,
  type TransformConfig,
} from './transform.js';
export { type TransformBuilder, transformFromConfig } from './transform-from-config.js';
