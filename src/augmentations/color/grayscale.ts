import { clone, matMul, reshape, type Tensor4D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger, checkProbability } from '../../errors/checks.js';
import { checkColorImages, checkRows } from '../image-checks.js';
import { changeSelected, drawSelection, type SelectionParameters } from '../selection.js';
import type { DescribedTransform } from '../transform.js';
import { type ColorOperations, changeSelectedColors } from './color-passes.js';
import { grayWeights } from './color-planes.js';

/**
 * Grayscale pictures with three equal channels: 0.2989 red + 0.587 green + 0.114 blue. Pictures of one channel stay as
 * they are.
 *
 * @param images - `[batch, height, width, 3]` or `[batch, height, width, 1]`, float32 in [0, 1].
 * @returns The same shape. Caller disposes it.
 * @throws {@link ShapeError} when `images` is not float32 of that shape.
 * @see torchvision's `rgb_to_grayscale`; `tf.image.rgb_to_grayscale`.
 */
export function grayscale(images: Tensor4D): Tensor4D {
  checkColorImages('grayscale', images);
  if (images.shape[3] === 1) return clone(images);
  return tidy(() => {
    const weights = tensor2d(
      grayWeights.flatMap((weight) => [weight, weight, weight]),
      [3, 3],
    );
    return reshape(matMul(reshape(images, [images.size / 3, 3]), weights), images.shape);
  });
}

/** Grayscale as color operations: it is what saturation 0 leaves. */
function withoutColors(batchSize: number): ColorOperations {
  return {
    operations: ['saturation'],
    order: new Uint8Array(batchSize),
    amounts: { saturation: new Float32Array(batchSize) },
    convention: 'torchvision',
  };
}

/** Options of {@link randomGrayscale}. */
export interface RandomGrayscaleOptions {
  /**
   * Probability that a picture turns gray.
   *
   * @defaultValue `0.2` (SimCLR, appendix A)
   */
  probability?: number;
}

/**
 * Turns a picture gray with a probability; see {@link grayscale}.
 *
 * @param options - {@link RandomGrayscaleOptions}.
 * @throws {@link InvalidOptionError} when `probability` is outside [0, 1].
 * @example
 * const views = augment(randomGrayscale({ probability: 0.2 }), images, randomGenerator(1));
 */
export function randomGrayscale(
  options: RandomGrayscaleOptions = {},
): DescribedTransform<SelectionParameters> {
  const name = 'randomGrayscale';
  checkKeys(name, options, { probability: 1 });
  const { probability = 0.2 } = options;
  checkProbability(name, 'probability', probability);
  return {
    name,
    config: { name, options: { probability } },

    sample(batchSize, random) {
      checkInteger(name, 'batchSize', batchSize);
      return { selected: drawSelection(batchSize, random, probability) };
    },

    apply(images, { selected }) {
      checkColorImages(name, images);
      checkRows(name, 'selected', selected, images.shape[0]);
      return (
        changeSelectedColors(images, withoutColors(images.shape[0]), selected) ??
        changeSelected(images, selected, grayscale)
      );
    },
  };
}
