import { checkKeys } from '../../errors/check-keys.js';
import { checkImages, resolveSize } from '../image-checks.js';
import type { DescribedTransform, ImageSize } from '../transform.js';
import { resample } from './resample.js';
import { croppingWeights } from './resampling-weights.js';
import { roundHalfEven } from './rounding.js';

/** Options of {@link centerCrop}. */
export interface CenterCropOptions {
  /** Size of the result in pixels; one number for a square. */
  size: number | ImageSize;
}

/** First pixel of the crop; negative where the picture is shorter and is padded with zeros. Rounds as torchvision. */
function cropStart(inputLength: number, outputLength: number): number {
  return inputLength < outputLength
    ? -Math.floor((outputLength - inputLength) / 2)
    : roundHalfEven((inputLength - outputLength) / 2);
}

/**
 * Cuts the middle out of every picture; a side that is too short is padded with zeros. Draws nothing.
 *
 * @param options - {@link CenterCropOptions}.
 * @throws {@link InvalidOptionError} when `size` is not an integer >= 1 or a pair of them.
 * @example
 * const middle = centerCrop({ size: 96 }).apply(images, null);
 * @see torchvision's `center_crop`, whose rounding this follows.
 */
export function centerCrop(options: CenterCropOptions): DescribedTransform<null> {
  const name = 'centerCrop';
  checkKeys(name, options, { size: 1 });
  const size = resolveSize(name, options.size);
  return {
    name,
    config: { name, options: { size } },
    outputSize: () => size,
    sample: () => null,

    apply(images) {
      checkImages(name, images);
      const [batchSize, height, width] = images.shape;
      return resample(images, {
        rows: croppingWeights(batchSize, height, size[0], cropStart(height, size[0])),
        columns: croppingWeights(batchSize, width, size[1], cropStart(width, size[1])),
      });
    },
  };
}
