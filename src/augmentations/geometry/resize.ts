import type { Tensor4D } from '@tensorflow/tfjs-core';
import { checkKeys } from '../../errors/check-keys.js';
import { checkChoice } from '../../errors/checks.js';
import { checkImages, resolveSize } from '../image-checks.js';
import type { DescribedTransform, ImageSize } from '../transform.js';
import { resample } from './resample.js';
import { type Interpolation, resamplingWeights } from './resampling-weights.js';

/** Options of {@link resize}. */
export interface ResizeOptions {
  /**
   * Size of the result in pixels. One number gives both sides that length, whatever the picture's shape
   * (torchvision's `Resize` with one number keeps the shape instead: a batch here has one size throughout).
   */
  size: number | ImageSize;
  /**
   * How to interpolate between pixels. Bicubic results are clipped to [0, 1].
   *
   * @defaultValue `'bilinear'`
   */
  interpolation?: Interpolation;
  /**
   * Antialias when the picture shrinks, as Pillow does.
   *
   * @defaultValue `true`
   */
  antialias?: boolean;
}

/**
 * Resizes every picture to one size, as PyTorch's `interpolate(align_corners=False)`. Draws nothing.
 *
 * @param options - {@link ResizeOptions}.
 * @throws {@link InvalidOptionError} when an option is outside its domain.
 * @example
 * const small = resize({ size: 96, interpolation: 'bicubic' }).apply(images, null);
 */
export function resize(options: ResizeOptions): DescribedTransform<null> {
  const name = 'resize';
  checkKeys(name, options, { size: 1, interpolation: 1, antialias: 1 });
  const size = resolveSize(name, options.size);
  const { interpolation = 'bilinear', antialias = true } = options;
  checkChoice(name, 'interpolation', interpolation, ['bilinear', 'bicubic']);

  return {
    name,
    config: { name, options: { size, interpolation, antialias } },
    outputSize: () => size,
    sample: () => null,

    apply(images): Tensor4D {
      checkImages(name, images);
      const [rows, columns] = ([0, 1] as const).map((axis) => {
        const inputLength = images.shape[axis + 1]!;
        return resamplingWeights({
          batchSize: images.shape[0],
          inputLength,
          outputLength: size[axis],
          spans: () => [0, inputLength],
          interpolation,
          antialias,
        });
      });
      return resample(images, { rows: rows!, columns: columns!, clips: interpolation === 'bicubic' });
    },
  };
}
