import type { Tensor4D } from '@tensorflow/tfjs-core';
import { isTensor } from '../../data/image-array.js';
import { sliceImages } from '../../data/image-rows.js';

/** Pictures, or the views that a data set has cut out of them, one tensor per view. */
export type PicturesOrViews = Tensor4D | readonly Tensor4D[];

/** The pictures of a step, whole or in parts. */
export interface StepBatch {
  /** For each picture its number in the data set. */
  readonly indices: ArrayLike<number>;
  /** Pictures `start` to `start + count - 1` of the batch, or their views. New tensors, which the caller disposes. */
  rows(start: number, count: number): PicturesOrViews;
}

/** A batch that lies in tensors, which stay the caller's. */
export function tensorBatch(pictures: PicturesOrViews, indices: ArrayLike<number>): StepBatch {
  const rows = (start: number, count: number) =>
    isTensor(pictures)
      ? sliceImages('SimCLR', pictures, start, count)
      : pictures.map((view) => sliceImages('SimCLR', view, start, count));
  return { indices, rows };
}
