import { concat, dispose, type Tensor, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { type LayersModel, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { normalizer } from '../../augmentations/normalize.js';
import { explainMissingKernel } from '../../backend/missing-kernel.js';
import { epochBatches } from '../../data/batches/image-batches.js';
import { checkImageDataset } from '../../data/check-image-dataset.js';
import { checkImageValues } from '../../data/image-range.js';
import { datasetSize, type ImageDataset } from '../../data/index.js';
import { InvalidOptionError, ShapeError } from '../../errors/errors.js';
import { inferenceOf } from '../../models/inference/inference.js';
import type { RandomGenerator } from '../../random/index.js';
import type { PictureEncoder } from '../encoder-source.js';
import type { FirstConvolution } from './first-convolution.js';

/** Patches of pictures as a convolution sees them. */
export interface Patches {
  /** `[count, length]`, a patch's rows one after the other with the channels of a pixel together. */
  data: Float32Array;
  count: number;
  /** Height * width * channels of a patch. */
  length: number;
}

/** Options of {@link samplePatches}. */
export interface SamplePatchesOptions {
  /** Most patches. */
  patches: number;
  batchSize: number;
  seed: number;
  /** Pictures to return, rounded up to whole batches; fewer where there are fewer. */
  keep: number;
}

/** A picture gives about so many, unless there are too few pictures. */
const perPicture = 4;

/** What the convolution takes, from what the encoder takes. */
function before(encoder: LayersModel, tensor: SymbolicTensor): (images: Tensor) => Tensor {
  if (tensor === encoder.inputs[0]) return (images) => images;
  return inferenceOf(model({ inputs: encoder.inputs, outputs: tensor }));
}

/**
 * Draws patches at random places of random pictures.
 *
 * @returns The patches, and the first pictures, as the encoder takes them; the caller disposes these.
 * @throws {@link ShapeError} when the pictures have another size, and what reading the data set throws.
 */
export async function samplePatches(
  caller: string,
  { encoder, normalization, inputShape }: PictureEncoder,
  { input, kernelShape }: FirstConvolution,
  images: ImageDataset,
  random: RandomGenerator,
  { patches, batchSize, seed, keep }: SamplePatchesOptions,
): Promise<{ patches: Patches; first: Tensor4D }> {
  checkImageDataset(caller, 'images', images);
  const [rows, columns, channels] = kernelShape;
  const length = rows * columns * channels;
  const pictures = Math.min(Math.ceil(patches / perPicture), datasetSize(images) || Number.POSITIVE_INFINITY);
  const each = Math.ceil(patches / pictures);
  const data = new Float32Array(pictures * each * length);
  const prepare = normalizer(normalization);
  const toInput = before(encoder, input);
  const pass = { batchSize, shuffle: true, seed, dropRemainder: false };
  const kept: Tensor4D[] = [];
  let missing = keep;
  let done = 0;
  try {
    for await (const batch of epochBatches(caller, 'images', images, pass)) {
      // There are no views, because the pass does not ask for any.
      const pixels = (batch as { images: Tensor4D }).images;
      let prepared: Tensor4D;
      try {
        if (inputShape.some((size, axis) => size !== pixels.shape[axis + 1])) {
          throw new ShapeError(
            `${caller}: images must have the encoder's input shape [N, ${inputShape}]. Received: images=[${pixels.shape}].`,
          );
        }
        await checkImageValues(caller, 'images', pixels);
        prepared = tidy(() => (prepare ? prepare(pixels) : pixels.clone()) as Tensor4D);
      } finally {
        pixels.dispose();
      }
      const seen = tidy(() => toInput(prepared).clone()) as Tensor4D;
      if (missing > 0) kept.push(prepared);
      else prepared.dispose();
      missing -= prepared.shape[0];
      const values = await seen.data<'float32'>();
      seen.dispose();
      const [, height, width] = seen.shape;
      const count = Math.min(seen.shape[0], pictures - done);
      for (let picture = 0; picture < count; picture++) {
        for (let i = 0; i < each; i++) {
          const top = random.integer(height - rows + 1);
          const left = random.integer(width - columns + 1);
          const to = ((done + picture) * each + i) * length;
          for (let row = 0; row < rows; row++) {
            const from = ((picture * height + top + row) * width + left) * channels;
            data.set(values.subarray(from, from + columns * channels), to + row * columns * channels);
          }
        }
      }
      done += count;
      if (done === pictures) break;
    }
    if (kept.length === 0) {
      throw new InvalidOptionError(`${caller}: images must hold at least one picture. Received: none.`);
    }
  } catch (error) {
    dispose(kept);
    throw explainMissingKernel(error);
  }
  const count = done * each;
  const first = kept.length === 1 ? kept[0]! : tidy(() => concat(kept, 0));
  if (kept.length > 1) dispose(kept);
  return { patches: { data: data.subarray(0, count * length), count, length }, first };
}
