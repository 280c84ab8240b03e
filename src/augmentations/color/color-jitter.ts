import type { Tensor4D } from '@tensorflow/tfjs-core';
import { checkKeys } from '../../errors/check-keys.js';
import { checkChoice, checkInteger, checkNonNegative, receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { checkColorImages, checkRows } from '../image-checks.js';
import type { DescribedTransform } from '../transform.js';
import type { ColorConvention } from './blend.js';
import {
  applyColorOperations,
  type ColorOperations,
  changeSelectedColors,
  colorOperations,
} from './color-passes.js';

/** Options of {@link colorJitter}. */
export interface ColorJitterOptions {
  /**
   * Half width b of the brightness factor's range `[max(0, 1 - b), 1 + b]`.
   *
   * @defaultValue `0.8` (SimCLR, appendix A)
   */
  brightness?: number;
  /**
   * Half width of the contrast factor's range.
   *
   * @defaultValue `0.8`
   */
  contrast?: number;
  /**
   * Half width of the saturation factor's range.
   *
   * @defaultValue `0.8`
   */
  saturation?: number;
  /**
   * Largest turn of the hue either way, in full turns, at most 0.5 after `strength`.
   *
   * @defaultValue `0.2`
   */
  hue?: number;
  /**
   * Multiplies the four options above.
   *
   * @defaultValue `1` (SimCLR on ImageNet; 0.5 on CIFAR-10)
   */
  strength?: number;
  /**
   * Whose definition of contrast and saturation to use.
   *
   * @defaultValue `'torchvision'`
   */
  convention?: ColorConvention;
}

/** Parameters of {@link colorJitter}. */
export interface ColorJitterParameters {
  /** Brightness factors. `[batch]`. */
  brightness: Float32Array;
  /** Contrast factors. `[batch]`. */
  contrast: Float32Array;
  /** Saturation factors. `[batch]`. */
  saturation: Float32Array;
  /** Turns of the hue, in full turns. `[batch]`. */
  hue: Float32Array;
  /**
   * The order of the operations in every picture, first to last: 0 brightness, 1 contrast, 2 saturation, 3 hue.
   * `[batch * 4]`.
   */
  order: Uint8Array;
}

/**
 * Changes brightness, contrast, saturation, and hue of every picture by random factors in a random order, clipping to
 * [0, 1] after each.
 *
 * Factors are uniform. The lower end of a range is never below 0, although Google's code lets contrast
 * and saturation factors become negative when strength exceeds 1.25.
 *
 * Pictures have three channels or one. In gray pictures, only brightness and contrast change.
 *
 * @param options - {@link ColorJitterOptions}.
 * @throws {@link InvalidOptionError} when an option is outside its domain.
 * @example
 * const jitter = colorJitter({ strength: 0.5 });
 * const views = jitter.apply(images, jitter.sample(64, randomGenerator(1)));
 * @see Chen et al. 2020, arXiv:2002.05709, appendix A; torchvision's `ColorJitter`; google-research/simclr.
 */
export function colorJitter(options: ColorJitterOptions = {}): DescribedTransform<ColorJitterParameters> {
  const name = 'colorJitter';
  checkKeys(name, options, { brightness: 1, contrast: 1, saturation: 1, hue: 1, strength: 1, convention: 1 });
  const {
    brightness = 0.8,
    contrast = 0.8,
    saturation = 0.8,
    hue = 0.2,
    strength = 1,
    convention = 'torchvision',
  } = options;
  checkNonNegative(name, 'brightness', brightness);
  checkNonNegative(name, 'contrast', contrast);
  checkNonNegative(name, 'saturation', saturation);
  checkNonNegative(name, 'hue', hue);
  checkNonNegative(name, 'strength', strength);
  if (strength * hue > 0.5) {
    throw new InvalidOptionError(
      receivedMessage(name, 'strength * hue must be at most 0.5', 'strength * hue', strength * hue),
    );
  }
  checkChoice(name, 'convention', convention, ['torchvision', 'tf']);
  const factorRange = (width: number) => [Math.max(0, 1 - strength * width), 1 + strength * width] as const;
  const ranges = [
    factorRange(brightness),
    factorRange(contrast),
    factorRange(saturation),
    [-strength * hue, strength * hue] as const,
  ];

  const operationsOf = (images: Tensor4D, parameters: ColorJitterParameters): ColorOperations => {
    checkColorImages(name, images);
    const batchSize = images.shape[0];
    for (const operation of colorOperations) checkRows(name, operation, parameters[operation], batchSize);
    checkRows(name, 'order', parameters.order, batchSize, 4);
    return { operations: colorOperations, order: parameters.order, amounts: parameters, convention };
  };

  return {
    name,
    config: { name, options: { brightness, contrast, saturation, hue, strength, convention } },

    sample(batchSize, random) {
      checkInteger(name, 'batchSize', batchSize);
      const amounts = ranges.map(() => new Float32Array(batchSize));
      const order = new Uint8Array(batchSize * 4);
      for (let row = 0; row < batchSize; row++) {
        const stream = random.row(row);
        ranges.forEach(([low, high], operation) => {
          amounts[operation]![row] = stream.uniform(low, high);
        });
        order.set(stream.permutation(4), row * 4);
      }
      return {
        brightness: amounts[0]!,
        contrast: amounts[1]!,
        saturation: amounts[2]!,
        hue: amounts[3]!,
        order,
      };
    },

    apply: (images, parameters) => applyColorOperations(images, operationsOf(images, parameters)),

    applySelected: (images, parameters, selected) =>
      changeSelectedColors(images, operationsOf(images, parameters), selected),
  };
}
