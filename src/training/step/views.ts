import { type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { augment, type NormalizeOptions, normalize, type Transform } from '../../augmentations/index.js';
import { isTensor } from '../../data/image-array.js';
import { checkFloatTensor, checkInteger, describeValue } from '../../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../../errors/errors.js';
import { describeShape, fitsShape } from '../../models/check-encoder.js';
import { type BatchRandom, batchRandom } from '../../random/index.js';
import type { TrainerParts } from '../trainer.js';
import type { PicturesOrViews } from './batch.js';

/** The parts of a trainer, and what makes the views instead of its augmentations at present. */
type ViewParts = TrainerParts & { readonly scheduled?: readonly Transform<unknown>[] | undefined };

/** The views of two or more images, which always have negatives; see `SimCLR.views`. */
export function trainingViews(
  parts: ViewParts,
  images: PicturesOrViews,
  indices: ArrayLike<number>,
  epoch: number,
): [Tensor4D, Tensor4D, ...Tensor4D[]] {
  for (const tensor of tensorsOf(images)) {
    checkFloatTensor('SimCLR', 'images', tensor, 4, '[N, height, width, channels]');
    if (tensor.shape[0] < 2) {
      throw new ShapeError(
        `SimCLR: a batch must hold at least 2 images, because without others there are no negatives. Received: images=[${tensor.shape}].`,
      );
    }
  }
  return makeViews(parts, images, indices, epoch);
}

/** The views of any number of images. The caller disposes them. */
export function makeViews(
  parts: ViewParts,
  images: PicturesOrViews,
  indices: ArrayLike<number>,
  epoch: number,
): [Tensor4D, Tensor4D, ...Tensor4D[]] {
  const { normalization, seed } = parts;
  const augmentations = parts.scheduled ?? parts.augmentations;
  const count = tensorsOf(images)[0]?.shape[0] ?? 0;
  checkIndices(indices, count);
  checkInteger('SimCLR', 'epoch', epoch, 0);
  return tidy(() => {
    const made = augmentations.map((augmentation, view) => {
      const random = batchRandom({ seed, epoch, indices, view });
      const augmented = isTensor(images)
        ? augment(augmentation, images, random)
        : augmentCut(augmentation, images[view], random);
      checkView(parts, augmented, count, view);
      return normalizeImages(normalization, augmented);
    });
    return made as [Tensor4D, Tensor4D, ...Tensor4D[]];
  });
}

/** The model's normalization as a new tensor, which the caller disposes. */
export function normalizeImages(normalization: NormalizeOptions | null, images: Tensor4D): Tensor4D {
  return normalization ? normalize(normalization).apply(images, null) : images.clone();
}

/** @throws {@link InvalidOptionError} unless there is an integer >= 0 for each of `count` images. */
export function checkIndices(indices: ArrayLike<number>, count: number): void {
  const numbers = Array.from(indices ?? []);
  if (numbers.length !== count || !numbers.every((index) => Number.isSafeInteger(index) && index >= 0)) {
    throw new InvalidOptionError(
      `SimCLR: indices must be ${count} integers >= 0, one per image. Received: indices=${describeValue(numbers.slice(0, 8))} (length ${numbers.length}).`,
    );
  }
}

function checkView(parts: ViewParts, made: Tensor4D, count: number, view: number): void {
  const { augmentations, encoder, scheduled } = parts;
  const expected = [count, ...encoder.inputs[0]!.shape.slice(1)];
  // A crop by a transform of its own may have a size of its own.
  const free = scheduled || (view > 0 && augmentations[view] !== augmentations[0]) ? [1, 2] : [];
  const open = expected.map((size, axis) => (free.includes(axis) ? null : size));
  if (!fitsShape(made.shape, open)) {
    throw new ShapeError(
      `SimCLR: augmentation must give views of the encoder's input shape [${describeShape(expected)}]. Received: views=[${made.shape}].`,
    );
  }
}

function tensorsOf(images: PicturesOrViews): readonly Tensor4D[] {
  return isTensor(images) ? [images] : images;
}

/** What an augmentation does after its crop, for views that the data set has cut. */
function augmentCut(
  augmentation: Transform<unknown>,
  view: Tensor4D | undefined,
  random: BatchRandom,
): Tensor4D {
  const { leadingCrop } = augmentation;
  if (!leadingCrop || !view) {
    throw new ShapeError(
      `SimCLR: images must be one tensor, or one per view of augmentations that begin with a random resized crop. Received: ${view ? `views for ${augmentation.name}` : 'fewer tensors than views'}.`,
    );
  }
  return augment(leadingCrop.rest, view, random);
}
