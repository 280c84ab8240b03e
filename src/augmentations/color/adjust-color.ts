import type { Tensor4D } from '@tensorflow/tfjs-core';
import { checkChoice, receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/index.js';
import { checkColorImages, checkRows } from '../image-checks.js';
import type { ColorConvention } from './blend.js';
import { applyColorOperations, type ColorOperation } from './color-passes.js';

function adjust(
  caller: string,
  operation: ColorOperation,
  images: Tensor4D,
  amounts: Float32Array,
  convention: ColorConvention,
): Tensor4D {
  checkColorImages(caller, images);
  const batchSize = images.shape[0];
  const argument = operation === 'hue' ? 'turns' : 'factors';
  checkRows(caller, argument, amounts, batchSize);
  checkChoice(caller, 'convention', convention, ['torchvision', 'tf']);
  const minimum = operation === 'hue' ? Number.NEGATIVE_INFINITY : 0;
  const wrong = amounts.findIndex((amount) => !(Number.isFinite(amount) && amount >= minimum));
  if (wrong >= 0) {
    throw new InvalidOptionError(
      receivedMessage(
        caller,
        `${argument} must be finite${operation === 'hue' ? '' : ' and >= 0'}`,
        `${argument}[${wrong}]`,
        amounts[wrong],
      ),
    );
  }
  const order = new Uint8Array(batchSize);
  return applyColorOperations(images, {
    operations: [operation],
    order,
    amounts: { [operation]: amounts },
    convention,
  });
}

/**
 * Multiplies every picture by a factor: `clip(factor · x, 0, 1)`.
 *
 * @param images - `[batch, height, width, 3]` or, gray, `[batch, height, width, 1]`, float32 in [0, 1].
 * @param factors - One per picture, finite and >= 0; 1 changes nothing, 0 gives black.
 * @returns New pictures in [0, 1]. Caller disposes them.
 * @throws {@link ShapeError} when `images` or the number of `factors` does not fit.
 * @throws {@link InvalidOptionError} when a factor is negative or not finite.
 * @see torchvision's `adjust_brightness`; Google's SimCLR, "version 2" of its brightness.
 */
export function adjustBrightness(images: Tensor4D, factors: Float32Array): Tensor4D {
  return adjust('adjustBrightness', 'brightness', images, factors, 'torchvision');
}

/**
 * Moves every pixel away from or towards an average of its picture: `clip(factor · x + (1 - factor) · average, 0, 1)`.
 *
 * @param images - `[batch, height, width, 3]` or, gray, `[batch, height, width, 1]`, float32 in [0, 1].
 * @param factors - One per picture, finite and >= 0; 1 changes nothing, 0 gives the average.
 * @param convention - `'torchvision'` (default): one average per picture, of its grayscale version. `'tf'`: the average
 * of each channel, as `tf.image.adjust_contrast`.
 * @returns New pictures in [0, 1]. Caller disposes them.
 * @throws {@link ShapeError} when `images` or the number of `factors` does not fit.
 * @throws {@link InvalidOptionError} when a factor is negative or not finite, or `convention` is unknown.
 */
export function adjustContrast(
  images: Tensor4D,
  factors: Float32Array,
  convention: ColorConvention = 'torchvision',
): Tensor4D {
  return adjust('adjustContrast', 'contrast', images, factors, convention);
}

/**
 * Makes colors stronger or weaker. Gray pictures of one channel stay as they are.
 *
 * @param images - `[batch, height, width, 3]` or, gray, `[batch, height, width, 1]`, float32 in [0, 1].
 * @param factors - One per picture, finite and >= 0; 1 changes nothing, 0 gives gray.
 * @param convention - `'torchvision'` (default): `clip(factor · x + (1 - factor) · gray, 0, 1)` with the pixel's
 * grayscale value. `'tf'`: the S of HSV times the factor, clipped to 1, as `tf.image.adjust_saturation`: the largest
 * channel stays as it is.
 * @returns New pictures in [0, 1]. Caller disposes them.
 * @throws {@link ShapeError} when `images` or the number of `factors` does not fit.
 * @throws {@link InvalidOptionError} when a factor is negative or not finite, or `convention` is unknown.
 */
export function adjustSaturation(
  images: Tensor4D,
  factors: Float32Array,
  convention: ColorConvention = 'torchvision',
): Tensor4D {
  return adjust('adjustSaturation', 'saturation', images, factors, convention);
}

/**
 * Turns the hue of every picture around the color circle (the H of HSV). Gray pictures of one channel stay as they are.
 *
 * @param images - `[batch, height, width, 3]` or, gray, `[batch, height, width, 1]`, float32 in [0, 1].
 * @param turns - One per picture, in full turns: 0 changes nothing, 1/3 makes red green, 0.5 and -0.5 are the same.
 * @param convention - No effect: torchvision and TensorFlow agree. Accepted so that the four functions look alike.
 * @returns New pictures in [0, 1]. Caller disposes them.
 * @throws {@link ShapeError} when `images` or the number of `turns` does not fit.
 * @throws {@link InvalidOptionError} when a turn is not finite, or `convention` is unknown.
 * @see torchvision's `adjust_hue`; `tf.image.adjust_hue`.
 */
export function adjustHue(
  images: Tensor4D,
  turns: Float32Array,
  convention: ColorConvention = 'torchvision',
): Tensor4D {
  return adjust('adjustHue', 'hue', images, turns, convention);
}
