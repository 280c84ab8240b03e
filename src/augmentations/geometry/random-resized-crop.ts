import type { Tensor4D } from '@tensorflow/tfjs-core';
import { checkKeys } from '../../errors/check-keys.js';
import { checkChoice, checkInteger, checkInterval, checkPositive } from '../../errors/checks.js';
import { checkImages, checkRows, resolveSize } from '../image-checks.js';
import { type DescribedTransform, type ImageSize, unchanged } from '../transform.js';
import { drawCropBox } from './crop-box.js';
import { resample } from './resample.js';
import { type Interpolation, resamplingWeights } from './resampling-weights.js';
import { roundHalfEven } from './rounding.js';

/** Options of {@link randomResizedCrop}. */
export interface RandomResizedCropOptions {
  /** Size of the result in pixels; one number for a square. */
  size: number | ImageSize;
  /**
   * Smallest and largest part of the picture's area that a crop covers, in [0, 1].
   *
   * @defaultValue `[0.08, 1]` (SimCLR, appendix A)
   */
  scale?: readonly [number, number];
  /**
   * Smallest and largest width/height of a crop, in pixels, drawn log-uniformly.
   *
   * @defaultValue `[3/4, 4/3]` (SimCLR, appendix A)
   */
  aspectRatio?: readonly [number, number];
  /**
   * How the crop is resized. Bicubic results are clipped to [0, 1].
   *
   * @defaultValue `'bilinear'` (torchvision)
   */
  interpolation?: Interpolation;
  /**
   * Antialias when a crop shrinks, as Pillow does.
   *
   * @defaultValue `true`
   */
  antialias?: boolean;
  /**
   * Boxes to draw before falling back to the largest allowed central box.
   *
   * @defaultValue `10` (torchvision)
   */
  attempts?: number;
}

/** Parameters of {@link randomResizedCrop}. */
export interface CropParameters {
  /** Top, left, height, width of each picture's box, in whole pixels of `imageSize`. `[batch * 4]`. */
  boxes: Int32Array;
  /** The picture size the boxes refer to. On pictures of another size the same fractions of them are cut. */
  imageSize: ImageSize;
}

/**
 * Cuts a random box out of every picture and resizes it to one size.
 *
 * Boxes are drawn by torchvision's `RandomResizedCrop`: area uniform, aspect ratio log-uniform, place uniform, up to
 * `attempts` times until the box fits, else the largest allowed central box. Resizing is PyTorch's `interpolate`
 * on the box alone. `sample` without an image size assumes that pictures have the output size.
 *
 * @param options - {@link RandomResizedCropOptions}.
 * @throws {@link InvalidOptionError} when an option is outside its domain.
 * @example
 * const crop = randomResizedCrop({ size: 96 });
 * const parameters = crop.sample(64, randomGenerator(1), [128, 128]);
 * const views = crop.apply(images, parameters);
 * @see Szegedy et al. 2014, arXiv:1409.4842; Chen et al. 2020, arXiv:2002.05709, appendix A.
 */
export function randomResizedCrop(options: RandomResizedCropOptions): DescribedTransform<CropParameters> {
  const name = 'randomResizedCrop';
  checkKeys(name, options, {
    size: 1,
    scale: 1,
    aspectRatio: 1,
    interpolation: 1,
    antialias: 1,
    attempts: 1,
  });
  const size = resolveSize(name, options.size);
  const {
    scale = [0.08, 1],
    aspectRatio = [3 / 4, 4 / 3],
    interpolation = 'bilinear',
    antialias = true,
    attempts = 10,
  } = options;
  checkInterval(name, 'scale', scale, 0, 1);
  checkInterval(name, 'aspectRatio', aspectRatio);
  checkPositive(name, 'aspectRatio[0]', aspectRatio[0]);
  checkChoice(name, 'interpolation', interpolation, ['bilinear', 'bicubic']);
  checkInteger(name, 'attempts', attempts, 0);
  const plan = { size, scale, aspectRatio, attempts, interpolation };

  return {
    name,
    config: { name, options: { size, scale, aspectRatio, interpolation, antialias, attempts } },
    outputSize: () => size,
    // Decoders crop with antialiasing only.
    ...(antialias && { leadingCrop: { plan, streams: (random) => random, rest: unchanged } }),

    sample(batchSize, random, imageSize = size) {
      checkInteger(name, 'batchSize', batchSize);
      const boxes = new Int32Array(batchSize * 4);
      for (let row = 0; row < batchSize; row++) {
        boxes.set(drawCropBox(random.row(row), imageSize, plan, roundHalfEven), row * 4);
      }
      return { boxes, imageSize: [imageSize[0], imageSize[1]] };
    },

    apply(images, { boxes, imageSize }): Tensor4D {
      checkImages(name, images);
      const [batchSize, height, width] = images.shape;
      checkRows(name, 'boxes', boxes, batchSize, 4);
      const zoom = [height / imageSize[0], width / imageSize[1]] as const;
      const [rows, columns] = ([0, 1] as const).map((axis) =>
        resamplingWeights({
          batchSize,
          inputLength: images.shape[axis + 1]!,
          outputLength: size[axis],
          spans: (picture) => [
            boxes[picture * 4 + axis]! * zoom[axis],
            boxes[picture * 4 + axis + 2]! * zoom[axis],
          ],
          interpolation,
          antialias,
        }),
      );
      return resample(images, { rows: rows!, columns: columns!, clips: interpolation === 'bicubic' });
    },
  };
}
