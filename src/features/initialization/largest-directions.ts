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
import { choleskyInPlace, lowerInverse } from '../../linear-algebra/cholesky.js';
import { largestEigenpairs } from '../../linear-algebra/symmetric-eigenvectors.js';
import type { RandomGenerator } from '../../random/index.js';

const rounds = 6;

/** More directions than asked for converge faster. */
const spare = 32;

/** Directions with less than this share of the largest variance are rounding errors of float32. */
const leastVariance = 1e-6;

/**
 * What is added to the products of columns of length 1 with themselves, so that columns which depend on one another but for
 * the rounding errors of float32 still have a factor.
 */
const shift = 1e-5;

/**
 * Turns columns into nearly orthogonal ones that span the same, in place of the given tensor: Y D L⁻ᵀ, with D YᵀY D = L Lᵀ
 * and D what gives columns length 1. Each pass leaves less of what `shift` and rounding left; three leave nothing.
 *
 * @see Fukaya et al. 2020, "Shifted Cholesky QR for computing the QR factorization of ill-conditioned matrices".
 */
async function orthogonal(columns: Tensor2D): Promise<Tensor2D> {
  const count = columns.shape[1];
  const gram = tidy(() => matMul(columns, columns, true, false));
  const products = Float64Array.from(await gram.data());
  gram.dispose();
  const scale = Float64Array.from({ length: count }, (_, i) => {
    const square = products[i * count + i]!;
    return square > 0 ? 1 / Math.sqrt(square) : 0; // a column of zeros stays one, and is dropped in the end
  });
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < i; k++) products[i * count + k] = products[i * count + k]! * scale[i]! * scale[k]!;
    products[i * count + i] = 1 + shift;
  }
  choleskyInPlace(products, count, shift);
  const inverse = lowerInverse(products, count);
  const turn = new Float32Array(count * count);
  for (let k = 0; k < count; k++) {
    for (let i = 0; i <= k; i++) turn[i * count + k] = inverse[k * count + i]! * scale[i]!;
  }
  const turned: Tensor2D = tidy(() => matMul(columns, tensor2d(turn, [count, count])));
  columns.dispose();
  return turned;
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
      basis = await orthogonal(basis);
    }
    for (let pass = 0; pass < 2; pass++) basis = await orthogonal(basis);
    const projected = tidy(() => matMul(basis, matMul(covariance, basis), true, false));
    const { values, vectors } = largestEigenpairs(
      Float64Array.from(await projected.data()),
      width,
      Math.min(most, width),
    );
    projected.dispose();
    const kept = values.filter((value) => value > leastVariance * values[0]!).length;
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
