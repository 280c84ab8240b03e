import {
  add,
  clone,
  gatherND,
  mul,
  reshape,
  type Tensor2D,
  type Tensor4D,
  tensor2d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import type { Taps } from './resampling-taps.js';

/** Rows `indices` of a matrix. Copies memory, no arithmetic; by far the cheapest way to pick rows on wasm. */
export function gatherRows(matrix: Tensor2D, indices: Int32Array): Tensor2D {
  return tidy(() => gatherND(matrix, tensor2d(indices, [indices.length, 1], 'int32')) as Tensor2D);
}

function isIdentity(taps: Taps, inputLength: number): boolean {
  return (
    taps.count === 1 &&
    taps.outputLength === inputLength &&
    taps.indices.every((index, row) => index === row) &&
    taps.weights.every((weight) => weight === 1)
  );
}

function applyTaps(matrix: Tensor2D, taps: Taps): Tensor2D {
  const rows = taps.indices.length / taps.count;
  let sum: Tensor2D | undefined;
  for (let t = 0; t < taps.count; t++) {
    const previous = sum;
    const weights = taps.weights.subarray(t * rows, (t + 1) * rows);
    sum = tidy(() => {
      const picked = gatherRows(matrix, taps.indices.subarray(t * rows, (t + 1) * rows));
      const term = weights.every((weight) => weight === 1)
        ? picked
        : mul<Tensor2D>(picked, tensor2d(weights, [rows, 1]));
      return previous === undefined ? term : add<Tensor2D>(previous, term);
    });
    previous?.dispose();
  }
  return sum!;
}

/** Maps the rows of every picture: `[batch, height, width, channels]` to `[batch, outputLength, width, channels]`. */
function resampleRows(images: Tensor4D, taps: Taps): Tensor4D {
  return tidy(() => {
    const [batch, height, width, channels] = images.shape;
    if (isIdentity(taps, height)) return clone(images);
    const matrix = reshape(images, [batch * height, width * channels]) as Tensor2D;
    return reshape(applyTaps(matrix, taps), [batch, taps.outputLength, width, channels]);
  });
}

/** The same along the width. */
export function resampleColumns(images: Tensor4D, taps: Taps): Tensor4D {
  return tidy(() => {
    if (isIdentity(taps, images.shape[2])) return clone(images);
    const turned = transpose(images, [0, 2, 1, 3]);
    return transpose(resampleRows(turned, taps), [0, 2, 1, 3]);
  });
}

/**
 * A separable linear map of every picture, one matrix per picture and axis (`R_y · X · R_xᵀ`), given by its non-zero
 * entries. Enlarging bilinearly has 2 a row, bicubically 4, so that summing picked rows is cheaper than a product
 * with the full matrices on every backend.
 */
export function resample(images: Tensor4D, rowTaps: Taps, columnTaps: Taps): Tensor4D {
  return tidy(() => resampleColumns(resampleRows(images, rowTaps), columnTaps));
}
