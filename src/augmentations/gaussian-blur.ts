import {
  clipByValue,
  depthwiseConv2d,
  reshape,
  type Tensor2D,
  type Tensor4D,
  tensor4d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { checkKeys } from '../errors/check-keys.js';
import {
  checkChoice,
  checkInteger,
  checkInterval,
  checkPositive,
  receivedMessage,
} from '../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../errors/index.js';
import { type BlurPadding, gaussianKernels, reflectedPixels } from './geometry/blur-kernels.js';
import { blurFused } from './geometry/fused-blur.js';
import { gatherRows } from './geometry/resample.js';
import { checkImages, checkRows } from './image-checks.js';
import type { DescribedTransform } from './transform.js';

export type { BlurPadding };

/** Options of {@link gaussianBlur}. */
export interface GaussianBlurOptions {
  /**
   * Length of the kernel in pixels, odd, for both axes.
   *
   * @defaultValue An odd tenth of the picture's height, `floor(height / 10) | 1`: 9 at 96 pixels, 23 at 224, 3 at
   * 32 (SimCLR, appendix A; Google's code and common PyTorch code agree)
   */
  kernelSize?: number;
  /**
   * Smallest and largest standard deviation in pixels, > 0; drawn uniformly, one per picture.
   *
   * @defaultValue `[0.1, 2]` (SimCLR, appendix A)
   */
  sigma?: readonly [number, number];
  /**
   * How to pad the border.
   *
   * @defaultValue `'reflect'` (torchvision; Google's code has `'zero'`)
   */
  padding?: BlurPadding;
}

/** Parameters of {@link gaussianBlur}. */
export interface GaussianBlurParameters {
  /** Standard deviations in pixels. `[batch]`. */
  sigma: Float32Array;
}

/**
 * Blurs every picture with a Gaussian kernel of its own standard deviation. Results are clipped to [0, 1].
 *
 * @param options - {@link GaussianBlurOptions}. `apply` throws {@link ShapeError} where the kernel is too long for the
 * picture to be mirrored (half of it must be shorter than each side).
 * @throws {@link InvalidOptionError} when an option is outside its domain.
 * @example
 * const blurred = gaussianBlur().apply(images, { sigma: new Float32Array([0.5, 2]) }); // two pictures
 * @see Chen et al. 2020, arXiv:2002.05709, appendix A; torchvision's `gaussian_blur`.
 */
export function gaussianBlur(options: GaussianBlurOptions = {}): DescribedTransform<GaussianBlurParameters> {
  const name = 'gaussianBlur';
  checkKeys(name, options, { kernelSize: 1, sigma: 1, padding: 1 });
  const { kernelSize, sigma = [0.1, 2], padding = 'reflect' } = options;
  if (
    kernelSize !== undefined &&
    !(Number.isInteger(kernelSize) && kernelSize >= 1 && kernelSize % 2 === 1)
  ) {
    throw new InvalidOptionError(
      receivedMessage(name, 'kernelSize must be an odd integer >= 1', 'kernelSize', kernelSize),
    );
  }
  checkInterval(name, 'sigma', sigma);
  checkPositive(name, 'sigma[0]', sigma[0]);
  checkChoice(name, 'padding', padding, ['reflect', 'zero']);

  return {
    name,
    config: {
      name,
      options: { ...(kernelSize === undefined ? {} : { kernelSize }), sigma, padding },
    },

    sample(batchSize, random) {
      checkInteger(name, 'batchSize', batchSize);
      return {
        sigma: Float32Array.from({ length: batchSize }, (_, row) =>
          random.row(row).uniform(sigma[0], sigma[1]),
        ),
      };
    },

    apply(images, parameters) {
      const size = checkedSize(images, parameters);
      return blurSelected(images, size, parameters) ?? blurAll(images, size, parameters);
    },

    applySelected: (images, parameters, selected) =>
      blurSelected(images, checkedSize(images, parameters), parameters, selected),
  };

  /** The length of the kernel. */
  function checkedSize(images: Tensor4D, { sigma: deviations }: GaussianBlurParameters): number {
    checkImages(name, images);
    const [batchSize, height, width] = images.shape;
    checkRows(name, 'sigma', deviations, batchSize);
    const size = kernelSize ?? Math.floor(height / 10) | 1;
    const radius = (size - 1) / 2;
    if (padding === 'reflect' && radius >= Math.min(height, width)) {
      throw new ShapeError(
        `${name}: images must be larger than half the kernel (${radius} pixels) to be mirrored. ` +
          `Received: images=[${images.shape}].`,
      );
    }
    return size;
  }

  function blurSelected(
    images: Tensor4D,
    size: number,
    { sigma: deviations }: GaussianBlurParameters,
    selected?: Uint8Array,
  ): Tensor4D | undefined {
    return blurFused(images, () => ({ kernels: gaussianKernels(deviations, size, 1), selected, padding }));
  }

  function blurAll(images: Tensor4D, size: number, parameters: GaussianBlurParameters): Tensor4D {
    const [batchSize, height, width, channels] = images.shape;
    const radius = (size - 1) / 2;
    return tidy(() => {
      // Pictures become channels: a depthwise convolution then gives each its own kernel.
      const columns = batchSize * channels;
      const kernels = gaussianKernels(parameters.sigma, size, channels);
      let pixels = reshape(transpose(images, [1, 2, 0, 3]), [height * width, columns]) as Tensor2D;
      let [rows, rowLength] = [height, width];
      if (padding === 'reflect' && radius > 0) {
        pixels = gatherRows(pixels, reflectedPixels(height, width, radius));
        [rows, rowLength] = [height + 2 * radius, width + 2 * radius];
      }
      const border = padding === 'reflect' ? 'valid' : 'same';
      const stacked = reshape(pixels, [1, rows, rowLength, columns]) as Tensor4D;
      const vertical = depthwiseConv2d(stacked, tensor4d(kernels, [size, 1, columns, 1]), 1, border);
      const both = depthwiseConv2d(vertical, tensor4d(kernels, [1, size, columns, 1]), 1, border);
      const turned = transpose(reshape(both, [height, width, batchSize, channels]), [2, 0, 1, 3]);
      return clipByValue(turned, 0, 1) as Tensor4D;
    });
  }
}
