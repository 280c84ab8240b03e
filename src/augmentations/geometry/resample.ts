import {
  add,
  clipByValue,
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
import { type Resampling, resampleFused } from './fused-resample.js';
import type { ResamplingWeights } from './resampling-weights.js';

/** Rows `indices` of a matrix. It only copies memory, by far the cheapest way to pick rows on wasm. */
export function gatherRows(matrix: Tensor2D, indices: Int32Array): Tensor2D {
  return tidy(() => gatherND(matrix, tensor2d(indices, [indices.length, 1], 'int32')) as Tensor2D);
}

function isIdentity(resampling: ResamplingWeights, inputLength: number): boolean {
  return (
    resampling.count === 1 &&
    resampling.outputLength === inputLength &&
    resampling.indices.every((index, row) => index === row) &&
    resampling.weights.every((weight) => weight === 1)
  );
}

function applyWeights(matrix: Tensor2D, resampling: ResamplingWeights): Tensor2D {
  const rows = resampling.indices.length / resampling.count;
  let sum: Tensor2D | undefined;
  for (let t = 0; t < resampling.count; t++) {
    const previous = sum;
    const weights = resampling.weights.subarray(t * rows, (t + 1) * rows);
    sum = tidy(() => {
      const picked = gatherRows(matrix, resampling.indices.subarray(t * rows, (t + 1) * rows));
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
function resampleRows(images: Tensor4D, resampling: ResamplingWeights): Tensor4D {
  return tidy(() => {
    const [batch, height, width, channels] = images.shape;
    if (isIdentity(resampling, height)) return clone(images);
    const matrix = reshape(images, [batch * height, width * channels]) as Tensor2D;
    return reshape(applyWeights(matrix, resampling), [batch, resampling.outputLength, width, channels]);
  });
}

/** {@link resampleRows} along the width. */
function resampleColumns(images: Tensor4D, resampling: ResamplingWeights): Tensor4D {
  return tidy(() => {
    if (isIdentity(resampling, images.shape[2])) return clone(images);
    const turned = transpose(images, [0, 2, 1, 3]);
    return transpose(resampleRows(turned, resampling), [0, 2, 1, 3]);
  });
}

/**
 * A separable linear map of every picture, one matrix per picture and axis (`R_y · X · R_xᵀ`), given by its non-zero
 * entries. Enlarging has 2 per row if bilinear and 4 if bicubic, so summing picked rows is cheaper than a product
 * with the full matrices on every backend.
 */
export function resample(images: Tensor4D, resampling: Resampling): Tensor4D {
  const fused = resampleFused(images, () => resampling);
  if (fused) return fused;
  const { rows, columns, clips = false } = resampling;
  return tidy(() => {
    const between = rows ? resampleRows(images, rows) : clone(images);
    const result = columns ? resampleColumns(between, columns) : between;
    return clips ? clipByValue<Tensor4D>(result, 0, 1) : result;
  });
}
