import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger, checkProbability } from '../../errors/checks.js';
import { checkImages, checkRows } from '../image-checks.js';
import { drawSelection, type SelectionParameters } from '../selection.js';
import type { DescribedTransform } from '../transform.js';
import { resample } from './resample.js';

/** Options of {@link randomHorizontalFlip}. */
export interface RandomHorizontalFlipOptions {
  /**
   * Probability that a picture is mirrored.
   *
   * @defaultValue `0.5` (SimCLR, appendix A)
   */
  probability?: number;
}

/**
 * Mirrors a picture left to right, with a probability. Pixels are moved, never changed.
 *
 * @param options - {@link RandomHorizontalFlipOptions}.
 * @throws {@link InvalidOptionError} when `probability` is outside [0, 1].
 * @example
 * const mirrored = randomHorizontalFlip().apply(images, { selected: new Uint8Array([1, 0]) }); // the first of two
 */
export function randomHorizontalFlip(
  options: RandomHorizontalFlipOptions = {},
): DescribedTransform<SelectionParameters> {
  const name = 'randomHorizontalFlip';
  checkKeys(name, options, { probability: 1 });
  const { probability = 0.5 } = options;
  checkProbability(name, 'probability', probability);
  return {
    name,
    config: { name, options: { probability } },

    sample(batchSize, random) {
      checkInteger(name, 'batchSize', batchSize);
      return { selected: drawSelection(batchSize, random, probability) };
    },

    apply(images, { selected }) {
      checkImages(name, images);
      const [batchSize, , width] = images.shape;
      checkRows(name, 'selected', selected, batchSize);
      const indices = new Int32Array(batchSize * width);
      for (let picture = 0, row = 0; picture < batchSize; picture++) {
        for (let column = 0; column < width; column++, row++) {
          indices[row] = picture * width + (selected[picture] ? width - 1 - column : column);
        }
      }
      const weights = new Float32Array(indices.length).fill(1);
      return resample(images, { columns: { outputLength: width, count: 1, indices, weights } });
    },
  };
}
