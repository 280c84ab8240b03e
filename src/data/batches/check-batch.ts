import type { Tensor4D } from '@tensorflow/tfjs-core';
import { checkLabelValues, describeValue } from '../../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../../errors/errors.js';
import { type ImageArrayLike, isTensor } from '../image-array.js';
import {
  batchImages,
  batchViews,
  checkImages,
  type ImageBatch,
  type ImageBatchLike,
  isImageArray,
  type ViewBatch,
} from '../image-dataset.js';

/** The fields of a batch besides its pictures; none if the batch is a tensor or an array. */
export function batchFields(batch: ImageBatchLike): Omit<ImageBatch, 'images' | 'views'> {
  return isTensor(batch) || isImageArray(batch) ? {} : ((batch as ImageBatch | ViewBatch | undefined) ?? {});
}

/**
 * The checked contents of a batch: its pictures, or the requested views of them.
 *
 * @param viewCount - Number of views that the pass asked for.
 */
export function batchParts(
  caller: string,
  batch: ImageBatchLike,
  viewCount: number,
): readonly (Tensor4D | ImageArrayLike)[] {
  const views = batchViews(batch);
  if (views === undefined) {
    checkImages(caller, 'batch', batchImages(batch));
    return [batchImages(batch)];
  }
  if (!Array.isArray(views) || views.length !== viewCount) {
    throw new InvalidOptionError(
      `${caller}: batch.views must be the ${viewCount} views that were asked for. Received: ${views?.length} views.`,
    );
  }
  for (const view of views) checkImages(caller, 'batch.views', view);
  const counts = views.map(({ shape }) => shape[0]);
  if (counts.some((count) => count !== counts[0])) {
    throw new ShapeError(
      `${caller}: batch.views must all be of the same pictures. Received: views of ${counts.join(', ')} pictures.`,
    );
  }
  return views;
}

/** The labels of a batch of `count` pictures, if any. */
export function batchLabels(caller: string, batch: ImageBatchLike, count: number): Int32Array | undefined {
  const { labels } = batchFields(batch);
  if (labels === undefined) return undefined;
  if (labels?.length !== count) {
    throw new InvalidOptionError(
      `${caller}: batch.labels must be ${count} integers >= 0, one per picture. Received: batch.labels of length ${labels?.length}.`,
    );
  }
  checkLabelValues(caller, 'batch.labels', labels, 0);
  return Int32Array.from(labels);
}

/** The indices of a batch of `count` pictures; if it has none, their places in the pass, counted from `position`. */
export function batchIndices(
  caller: string,
  batch: ImageBatchLike,
  count: number,
  position: number,
): Uint32Array {
  const own = batchFields(batch).indices;
  if (own === undefined) return Uint32Array.from({ length: count }, (_, row) => position + row);
  const indices = Array.from(own);
  if (indices.length !== count || indices.some((index) => !Number.isInteger(index) || index < 0)) {
    throw new InvalidOptionError(
      `${caller}: batch.indices must be ${count} integers >= 0, one per picture. Received: batch.indices=${describeValue(indices.slice(0, 8))} (length ${indices.length}).`,
    );
  }
  return Uint32Array.from(indices);
}
