import { clone, type Tensor4D } from '@tensorflow/tfjs-core';
import type { CropPlan } from '../data/view-crops.js';
import type { BatchRandom } from '../random/index.js';
import { checkImages } from './image-checks.js';
import type { ImageSize } from './image-size.js';

export type { ImageSize };

/** A transform as plain data that survives JSON. {@link transformFromConfig} rebuilds it. */
export interface TransformConfig {
  /** Name of the function that builds the transform, such as `'gaussianBlur'`. */
  readonly name: string;
  /** Its options with every default filled in. Numbers, strings, booleans, arrays and nested objects only. */
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * An image transform in two pure halves: `sample` draws a few numbers per picture on the host, `apply` is tensor
 * ops for the whole batch on the device. Parameters can be inspected, logged, stored, and applied again; they give
 * the same pictures on every backend (to rounding).
 *
 * Images are float32 `[batch, height, width, channels]` in [0, 1].
 *
 * @typeParam P - The parameters: plain typed arrays, row i of each belonging to picture i; `null` where a
 * transform draws nothing.
 */
export interface Transform<P> {
  /** Which transform this is, in error messages and configurations. */
  readonly name: string;

  /** The transform as plain data. A transform of your own may leave it out. */
  readonly config?: TransformConfig;

  /**
   * Draws the parameters of a batch.
   *
   * @param batchSize - How many pictures.
   * @param random - Picture i draws from `random.row(i)` alone, so that its view does not depend on its neighbors.
   * @param imageSize - Size of the pictures in pixels, for transforms whose draws depend on it.
   */
  sample(batchSize: number, random: BatchRandom, imageSize?: ImageSize): P;

  /**
   * Transforms a batch.
   *
   * @param images - `[batch, height, width, channels]`, float32 in [0, 1]. Left as it is and not disposed of.
   * @param parameters - What `sample` returned, or handmade parameters of that form; one row per picture.
   * @returns A new tensor, which the caller disposes of. Returning `images` itself means no change.
   */
  apply(images: Tensor4D, parameters: P): Tensor4D;

  /**
   * `apply` for the selected pictures alone, where the active backend does that in less time than all of them;
   * else `undefined`. {@link randomApply} uses it. Leave it out of a copy whose `apply` or `sample` you replace.
   *
   * @param selected - 1 for a picture that is changed, 0 for one that is left as it is, bit for bit. `[batch]`.
   */
  applySelected?(images: Tensor4D, parameters: P, selected: Uint8Array): Tensor4D | undefined;

  /** Size of the result for pictures of `imageSize`. Leave it out if the transform keeps the size. */
  outputSize?(imageSize: ImageSize): ImageSize;

  /**
   * The random resized crop that the transform begins with, if any. A data set that decodes files can then cut
   * it out of the whole picture. {@link randomResizedCrop} has it, and so does the result of {@link compose} that
   * begins with it. Leave it out of a copy whose `apply` or `sample` you replace.
   */
  readonly leadingCrop?: LeadingCrop;
}

/** A random resized crop as the first step of a transform, and the steps after it. */
export interface LeadingCrop {
  /** The crop as data. */
  readonly plan: CropPlan;
  /** The streams that the crop draws from, given those of the whole transform. */
  streams(random: BatchRandom): BatchRandom;
  /** The remaining steps for views that were cut. They draw from the streams of the whole transform. */
  readonly rest: Transform<unknown>;
}

/** Does nothing. It replaces a crop that the decoder has already applied. */
export const unchanged: Transform<unknown> = {
  name: 'unchanged',
  sample: () => null,
  apply: (images) => images,
};

/** A {@link Transform} with a `config`, like all of this library's. */
export interface DescribedTransform<P> extends Transform<P> {
  /** The transform as plain data. */
  readonly config: TransformConfig;
}

/**
 * Draws parameters for `images` and applies them: `apply(images, sample(...))`.
 *
 * @param transform - The transform to apply.
 * @param images - `[batch, height, width, channels]`, float32 in [0, 1].
 * @param random - Streams of random numbers, one per picture: {@link randomGenerator} or {@link batchRandom}.
 * @returns The transformed pictures, a new tensor. Caller disposes it.
 * @throws {@link ShapeError} when `images` is not a float32 tensor of rank 4.
 * @example
 * const view = augment(simclrAugmentation({ size: 96 }), images, randomGenerator(1));
 */
export function augment<P>(transform: Transform<P>, images: Tensor4D, random: BatchRandom): Tensor4D {
  checkImages('augment', images);
  const [batchSize, height, width] = images.shape;
  return applyTransform(transform, images, transform.sample(batchSize, random, [height, width]));
}

/** `transform.apply`, but always a new tensor, even if a custom transform returns its input. */
export function applyTransform<P>(transform: Transform<P>, images: Tensor4D, parameters: P): Tensor4D {
  const result = transform.apply(images, parameters);
  return result === images ? clone(images) : result;
}
