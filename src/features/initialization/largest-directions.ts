import {
  dispose,
  matMul,
  mean,
  mul,
  sub,
  type Tensor2D,
  tensor2d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { largestEigenpairs } from '../../linear-algebra/symmetric-eigenvectors.js';
import type { RandomGenerator } from '../../random/index.js';

const rounds = 6;

/** More directions than asked for converge faster. */
const spare = 32;

/** Directions with less than this share of the largest variance are rounding errors of float32. */
const leastVariance = 1e-6;

/** Turns columns into orthogonal ones that span the same: Y V / √λ, with YᵀY = V λ Vᵀ. */
async function orthogonal(columns: Tensor2D): Promise<Tensor2D> {
  const count = columns.shape[1];
  const gram = tidy(() => matMul(columns, columns, true, false));
  const values = Float64Array.from(await gram.data());
  gram.dispose();
  const { values: variances, vectors } = largestEigenpairs(values, count, count);
  const turn = new Float32Array(count * count);
  for (let k = 0; k < count; k++) {
    // A direction that rounding has lost becomes zero: it finds nothing, and is dropped in the end.
    const scale = variances[k]! > 1e-12 * variances[0]! ? 1 / Math.sqrt(variances[k]!) : 0;
    for (let i = 0; i < count; i++) turn[i * count + k] = vectors[k * count + i]! * scale;
  }
  return tidy(() => matMul(columns, tensor2d(turn, [count, count])));
}

/** Largest principal components. */
export interface Directions {
  /** `[dim, length]`: one direction per row. */
  vectors: Float32Array;
  /** Variance along each, the largest first. */
  variances: Float64Array;
}

/**
 * The directions in which rows vary most, by subspace iteration: seconds where a full decomposition takes minutes.
 *
 * @param rows - `[count, length]`. Not disposed.
 * @param most - Most directions.
 * @see Halko, Martinsson and Tropp 2011, arXiv:0909.4061, algorithm 4.4.
 */
export async function largestDirections(
  rows: Tensor2D,
  most: number,
  random: RandomGenerator,
): Promise<Directions> {
  const [count, length] = rows.shape;
  const width = Math.min(length, most + spare);
  const covariance = tidy(() => {
    const centered = sub(rows, mean(rows, 0)) as Tensor2D;
    return mul(matMul(centered, centered, true, false), 1 / count) as Tensor2D;
  });
  let basis = tensor2d(
    Float32Array.from({ length: length * width }, () => random.normal()),
    [length, width],
  );
  try {
    for (let round = 0; round < rounds; round++) {
      const next: Tensor2D = tidy(() => matMul(covariance, basis));
      basis.dispose();
      basis = next;
      const turned: Tensor2D = await orthogonal(basis);
      basis.dispose();
      basis = turned;
    }
    const projected = tidy(() => matMul(basis, matMul(covariance, basis), true, false));
    const { values, vectors } = largestEigenpairs(Float64Array.from(await projected.data()), width, width);
    projected.dispose();
    const kept = values.slice(0, most).filter((value) => value > leastVariance * values[0]!).length;
    const found = tidy(() =>
      matMul(tensor2d(Float32Array.from(vectors.subarray(0, kept * width)), [kept, width]), transpose(basis)),
    );
    const data = await found.data<'float32'>();
    found.dispose();
    return { vectors: Float32Array.from(data), variances: values.slice(0, kept) };
  } finally {
    dispose([covariance, basis]);
  }
}
