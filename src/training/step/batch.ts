import { slice, type Tensor4D } from '@tensorflow/tfjs-core';
import { isTensor } from '../../data/image-array.js';

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
  return { indices, rows: (start, count) => takeRange(pictures, start, count) };
}

/** Pictures `start` to `start + count - 1`, or their views, as new tensors. */
export function takeRange(pictures: PicturesOrViews, start: number, count: number): PicturesOrViews {
  const take = (part: Tensor4D): Tensor4D =>
    count === part.shape[0] ? part.clone() : slice(part, [start, 0, 0, 0], [count, -1, -1, -1]);
  return isTensor(pictures) ? take(pictures) : pictures.map(take);
}
