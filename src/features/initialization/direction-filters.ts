import { matMul, type Tensor4D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { type AnyLayer, weightOf } from '../../models/layer-graph.js';
import type { RandomGenerator } from '../../random/index.js';
import { convolutionPatches } from './convolution-patches.js';
import { largestDirections } from './largest-directions.js';

/**
 * Directions are divided by this power of their variance: 0 leaves lengths as they are, 0.5 makes all equal. On CIFAR-10,
 * without training, kNN of h is 0.509 with 0.25, 0.498 with 0.35, and 0.471 with 0.5.
 */
const whitening = 0.25;

/** A random rotation, `[size, size]`, by Gram and Schmidt. */
function rotation(size: number, random: RandomGenerator): Float64Array {
  const matrix = Float64Array.from({ length: size * size }, () => random.normal());
  const row = (i: number) => matrix.subarray(i * size, (i + 1) * size);
  for (let i = 0; i < size; i++) {
    const own = row(i);
    // Twice, because rounding errors of the first time are not orthogonal.
    for (let again = 0; again < 2; again++) {
      for (let j = 0; j < i; j++) {
        const other = row(j);
        let product = 0;
        for (let k = 0; k < size; k++) product += own[k]! * other[k]!;
        for (let k = 0; k < size; k++) own[k] = own[k]! - product * other[k]!;
      }
    }
    const norm = Math.hypot(...own);
    for (let k = 0; k < size; k++) own[k] = own[k]! / norm;
  }
  return matrix;
}

/** Filters that answer with random combinations of the largest directions of their patches, and with their opposites. */
export async function directionFilters(
  layer: AnyLayer,
  x: Tensor4D,
  random: RandomGenerator,
): Promise<Float32Array> {
  const filters = weightOf(layer, 'kernel')!.shape[3]!;
  const patches = await convolutionPatches(layer, x, random.fold(0));
  const length = patches.shape[1];
  try {
    const { vectors, variances } = await largestDirections(
      patches,
      Math.max(1, filters >> 1),
      random.fold(1),
    );
    const dim = variances.length;
    if (dim === 0) return new Float32Array(length * filters);
    const combinations = new Float32Array(dim * filters);
    // With fewer directions than pairs of filters, the next pairs are combined again, in another way.
    for (let first = 0; first < filters; first += 2 * dim) {
      const turn = rotation(dim, random.fold(2 + first));
      for (let filter = first; filter < Math.min(filters, first + 2 * dim); filter++) {
        const sign = (filter - first) % 2 === 0 ? 1 : -1;
        const combination = turn.subarray(((filter - first) >> 1) * dim, (((filter - first) >> 1) + 1) * dim);
        for (let k = 0; k < dim; k++) {
          combinations[k * filters + filter] = (sign * combination[k]!) / variances[k]! ** whitening;
        }
      }
    }
    const kernel = tidy(() =>
      matMul(tensor2d(vectors, [dim, length]), tensor2d(combinations, [dim, filters]), true, false),
    );
    const values = await kernel.data<'float32'>();
    kernel.dispose();
    return Float32Array.from(values);
  } finally {
    patches.dispose();
  }
}
