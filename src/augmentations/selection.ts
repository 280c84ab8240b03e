import { clone, concat, reshape, type Tensor2D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import type { BatchRandom } from '../random/index.js';
import { gatherRows } from './geometry/resample.js';

/** Which pictures of a batch a transform changes. */
export interface SelectionParameters {
  /** 1 for a picture that is changed, 0 for one that is left as it is. `[batch]`. */
  selected: Uint8Array;
}

/** One draw per picture: 1 with `probability`. */
export function drawSelection(batchSize: number, random: BatchRandom, probability: number): Uint8Array {
  return Uint8Array.from({ length: batchSize }, (_, row) => (random.row(row).bernoulli(probability) ? 1 : 0));
}

/**
 * The changed pictures where `selected`, the original ones elsewhere, bit for bit.
 *
 * `change` runs on the whole batch, and the results are then picked, rather than on the selected pictures alone: their
 * number differs from batch to batch, and WebGL compiles a shader for each new tensor shape. If no picture is
 * selected, `change` does not run.
 */
export function changeSelected(
  images: Tensor4D,
  selected: Uint8Array,
  change: (images: Tensor4D) => Tensor4D,
): Tensor4D {
  if (!selected.includes(1)) return clone(images);
  if (!selected.includes(0)) return change(images);
  return tidy(() => {
    const batchSize = images.shape[0];
    const shape: [number, number] = [batchSize, images.size / batchSize];
    const both = concat([reshape(images, shape), reshape(change(images), shape)], 0) as Tensor2D;
    const rows = Int32Array.from(selected, (changed, row) => (changed ? batchSize + row : row));
    return reshape(gatherRows(both, rows), images.shape);
  });
}
