import { checkKeys, type KnownKeys } from '../../errors/check-keys.js';
import { checkProbability } from '../../errors/checks.js';
import type { ColorConvention } from '../color/blend.js';
import { type ColorJitterOptions, colorJitter } from '../color/color-jitter.js';
import { randomGrayscale } from '../color/grayscale.js';
import { type ComposeParameters, compose } from '../compose.js';
import { type GaussianBlurOptions, gaussianBlur } from '../gaussian-blur.js';
import { randomHorizontalFlip } from '../geometry/random-horizontal-flip.js';
import { randomResizedCrop } from '../geometry/random-resized-crop.js';
import type { Interpolation } from '../geometry/resampling-weights.js';
import { resolveSize } from '../image-checks.js';
import { type NormalizeOptions, normalize } from '../normalize.js';
import { randomApply } from '../random-apply.js';
import type { DescribedTransform, ImageSize } from '../transform.js';

/** Options of {@link simclrAugmentation}. Defaults are the paper's (appendix A) unless they say otherwise. */
export interface SimCLRAugmentationOptions {
  /**
   * Size of the views in pixels; one number for a square.
   *
   * @defaultValue `96` (STL-10)
   */
  size?: number | ImageSize;
  /**
   * Smallest and largest share of the picture's area that a crop covers.
   *
   * @defaultValue `[0.08, 1]`
   */
  scale?: readonly [number, number];
  /**
   * Smallest and largest width/height of a crop.
   *
   * @defaultValue `[3/4, 4/3]`
   */
  aspectRatio?: readonly [number, number];
  /**
   * How crops are resized.
   *
   * @defaultValue `'bilinear'` with torchvision's convention, `'bicubic'` with TensorFlow's, as in Google's code
   */
  interpolation?: Interpolation;
  /**
   * Antialias when a crop shrinks.
   *
   * @defaultValue `true`
   */
  antialias?: boolean;
  /**
   * Probability that a picture is mirrored left to right.
   *
   * @defaultValue `0.5`
   */
  flipProbability?: number;
  /**
   * Strength s of the color jitter: brightness, contrast and saturation 0.8 s, hue 0.2 s.
   *
   * @defaultValue `1` (the paper uses 0.5 for CIFAR-10)
   */
  strength?: number;
  /** Ranges of the color jitter, before `strength` multiplies them. */
  jitter?: Pick<ColorJitterOptions, 'brightness' | 'contrast' | 'saturation' | 'hue'>;
  /**
   * Probability of color jitter.
   *
   * @defaultValue `0.8`
   */
  jitterProbability?: number;
  /**
   * Probability that a picture turns gray.
   *
   * @defaultValue `0.2`
   */
  grayscaleProbability?: number;
  /**
   * Whether to blur, or how.
   *
   * @defaultValue `true` (the paper blurs on ImageNet and not on CIFAR-10)
   */
  blur?: boolean | GaussianBlurOptions;
  /**
   * Probability that a picture is blurred.
   *
   * @defaultValue `0.5`
   */
  blurProbability?: number;
  /**
   * Whose color operations to use: torchvision's or Google's. `'tf'` also makes bicubic crops and zeros beyond
   * the border of blurred pictures the defaults.
   *
   * @defaultValue `'torchvision'`
   */
  convention?: ColorConvention;
  /** Shift and scale of each channel, applied last. If left out, views stay in [0, 1], as in Google's code. */
  normalization?: NormalizeOptions;
}

/** Every option of {@link simclrAugmentation}. */
export const simclrAugmentationKeys = {
  size: 1,
  scale: 1,
  aspectRatio: 1,
  interpolation: 1,
  antialias: 1,
  flipProbability: 1,
  strength: 1,
  jitter: 1,
  jitterProbability: 1,
  grayscaleProbability: 1,
  blur: 1,
  blurProbability: 1,
  convention: 1,
  normalization: 1,
} as const satisfies KnownKeys<SimCLRAugmentationOptions>;

/**
 * SimCLR's augmentation, in the paper's order: random crop resized to `size`, mirroring, color jitter,
 * grayscale, blur. Call it once for each view, with random streams of different `view` numbers.
 *
 * Pictures have three channels or one. In gray pictures, the jitter changes only brightness and contrast.
 *
 * The parameters are an array, one entry per step; see {@link compose}.
 *
 * @param options - {@link SimCLRAugmentationOptions}.
 * @throws {@link InvalidOptionError} when an option is outside its domain.
 * @example
 * const augmentation = simclrAugmentation({ size: 32, strength: 0.5, blur: false }); // CIFAR-10
 * const view1 = augment(augmentation, images, batchRandom({ seed: 1, epoch: 0, indices, view: 0 }));
 * const view2 = augment(augmentation, images, batchRandom({ seed: 1, epoch: 0, indices, view: 1 }));
 * @see Chen et al. 2020, arXiv:2002.05709, section 3 and appendix A.
 */
export function simclrAugmentation(
  options: SimCLRAugmentationOptions = {},
): DescribedTransform<ComposeParameters> {
  const name = 'simclrAugmentation';
  checkKeys(name, options, simclrAugmentationKeys);
  const size = resolveSize(name, options.size ?? 96);
  const {
    scale = [0.08, 1],
    aspectRatio = [3 / 4, 4 / 3],
    convention = 'torchvision',
    interpolation = convention === 'tf' ? 'bicubic' : 'bilinear',
    antialias = true,
    flipProbability = 0.5,
    strength = 1,
    jitter = {},
    jitterProbability = 0.8,
    grayscaleProbability = 0.2,
    blur = true,
    blurProbability = 0.5,
    normalization,
  } = options;
  checkKeys(name, jitter, { brightness: 1, contrast: 1, saturation: 1, hue: 1 }, 'jitter');
  for (const [argument, value] of Object.entries({
    flipProbability,
    jitterProbability,
    grayscaleProbability,
    blurProbability,
  })) {
    checkProbability(name, argument, value);
  }
  const { padding = convention === 'tf' ? 'zero' : 'reflect', ...otherBlur } =
    typeof blur === 'object' ? blur : {};
  const blurOptions: GaussianBlurOptions = { padding, ...otherBlur };
  const parts: DescribedTransform<unknown>[] = [
    randomResizedCrop({ size, scale, aspectRatio, interpolation, antialias }),
    randomHorizontalFlip({ probability: flipProbability }),
    randomApply(colorJitter({ ...jitter, strength, convention }), { probability: jitterProbability }),
    randomGrayscale({ probability: grayscaleProbability }),
  ];
  if (blur !== false) parts.push(randomApply(gaussianBlur(blurOptions), { probability: blurProbability }));
  if (normalization) parts.push(normalize(normalization));

  return {
    ...compose(parts),
    name,
    config: {
      name,
      options: {
        size,
        scale,
        aspectRatio,
        interpolation,
        antialias,
        flipProbability,
        strength,
        jitter,
        jitterProbability,
        grayscaleProbability,
        blur: blur === false ? false : blurOptions,
        blurProbability,
        convention,
        ...(normalization ? { normalization } : {}),
      },
    },
  };
}
