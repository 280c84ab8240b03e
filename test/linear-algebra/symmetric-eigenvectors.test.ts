import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { lowRankEigenpairs } from '../../src/linear-algebra/low-rank.js';
import { symmetricEigenvalues } from '../../src/linear-algebra/symmetric-eigenvalues.js';
import { type Eigenpairs, largestEigenpairs } from '../../src/linear-algebra/symmetric-eigenvectors.js';
import { hashedValues } from '../helpers/hashed-values.js';

const golden = JSON.parse(
  readFileSync(new URL('../fixtures/linear-algebra/golden.json', import.meta.url), 'utf8'),
) as { eigenpairs: { size: number; values: number[]; vectors: number[] }[] };

function symmetric(name: string, size: number): Float64Array {
  const half = hashedValues(name, size * size);
  return Float64Array.from({ length: size * size }, (_, i) => {
    return half[i]! + half[(i % size) * size + Math.floor(i / size)]!;
  });
}

/** V diag(values) Vᵀ, with orthogonal V from another matrix. */
function withEigenvalues(values: readonly number[]): Float64Array {
  const size = values.length;
  const { vectors } = largestEigenpairs(symmetric('basis', size), size, size);
  const matrix = new Float64Array(size * size);
  for (const [k, value] of values.entries()) {
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        matrix[i * size + j]! += value * vectors[k * size + i]! * vectors[k * size + j]!;
      }
    }
  }
  return matrix;
}

/** The largest element of A v - λ v, and of V Vᵀ - I. */
function errors(matrix: Float64Array, size: number, { values, vectors }: Eigenpairs) {
  let [residual, skewness] = [0, 0];
  const row = (k: number) => vectors.subarray(k * size, (k + 1) * size);
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  for (const [k, value] of values.entries()) {
    for (let i = 0; i < size; i++) {
      const product = dot(matrix.subarray(i * size, (i + 1) * size), row(k));
      residual = Math.max(residual, Math.abs(product - value * row(k)[i]!));
    }
    for (let j = 0; j <= k; j++)
      skewness = Math.max(skewness, Math.abs(dot(row(k), row(j)) - (j === k ? 1 : 0)));
  }
  return { residual, skewness };
}

describe('largestEigenpairs', () => {
  it.each(golden.eigenpairs)("gives NumPy's for a matrix of $size", ({ size, values, vectors }) => {
    const matrix = symmetric(`eigen/${size}`, size);
    const before = matrix.slice();
    const count = vectors.length / size;
    const found = largestEigenpairs(matrix, size, count);
    expect(matrix).toEqual(before);
    for (const [i, value] of found.values.entries()) expect(value).toBeCloseTo(values[i]!, 6);
    for (const [i, value] of found.vectors.entries()) expect(value).toBeCloseTo(vectors[i]!, 6);
  });

  it.each([
    ['equal ones', [3, 3, 3, 3, 1, 1, 1, 0, 0, 0, 0, 0]],
    ['nearly equal ones', [2, 2 - 1e-15, 2 - 2e-15, 1, 1 - 1e-13, 1 - 2e-13, 1e-9, 2e-9, 0, -1]],
    ['all equal', [5, 5, 5, 5, 5]],
    ['one that is not 0', [1, 0, 0, 0, 0, 0]],
    ['many magnitudes', Array.from({ length: 30 }, (_, i) => 10 ** (3 - i / 3))],
  ])('has orthogonal vectors where eigenvalues are %s', (_, values) => {
    const size = values.length;
    const matrix = withEigenvalues(values);
    const found = largestEigenpairs(matrix, size, size);
    const largest = Math.abs(values[0]!);
    const { residual, skewness } = errors(matrix, size, found);
    expect(residual).toBeLessThan(1e-13 * largest * size);
    expect(skewness).toBeLessThan(1e-13 * size);
    for (const [i, value] of [...values].sort((a, b) => b - a).entries()) {
      expect(Math.abs(found.values[i]! - value)).toBeLessThan(1e-13 * largest * size);
    }
  });

  it('keeps blocks apart that have nothing to do with each other', () => {
    const size = 6;
    const matrix = new Float64Array(size * size);
    // Twice the same block of 3: every eigenvalue is there twice, and the tridiagonal form falls apart.
    const block = [4, 1, 0, 1, 3, 1, 0, 1, 2];
    for (const start of [0, 3]) {
      for (let i = 0; i < 9; i++) matrix[(start + Math.floor(i / 3)) * size + start + (i % 3)] = block[i]!;
    }
    const { residual, skewness } = errors(matrix, size, largestEigenpairs(matrix, size, size));
    expect(residual).toBeLessThan(1e-13);
    expect(skewness).toBeLessThan(1e-13);
  });

  it('is right at a few hundred, and has the eigenvalues that symmetricEigenvalues has', () => {
    const size = 200;
    const matrix = symmetric('large', size);
    const found = largestEigenpairs(matrix, size, 90);
    expect([...found.values]).toEqual([...symmetricEigenvalues(matrix, size).subarray(0, 90)]);
    const { residual, skewness } = errors(matrix, size, found);
    expect(residual).toBeLessThan(1e-11);
    expect(skewness).toBeLessThan(1e-12);
  });

  it('gives unit vectors for a matrix of zeros, and nothing where nothing is asked', () => {
    const { values, vectors } = largestEigenpairs(new Float64Array(9), 3, 2);
    expect([...values]).toEqual([0, 0]);
    expect([...vectors]).toEqual([1, 0, 0, 0, 1, 0]);
    expect(largestEigenpairs(symmetric('any', 4), 4, 0)).toEqual({
      values: new Float64Array(0),
      vectors: new Float64Array(0),
    });
  });
});

describe('lowRankEigenpairs', () => {
  it.each([
    ['different', [9, 4, 2, 1, 0.5]],
    ['equal', [3, 3, 3, 1, 1]],
    ['far apart', [1e6, 1, 1e-3]],
    ['one', [7]],
  ])('gives those of the whole matrix where eigenvalues are %s', (_, values) => {
    const size = 24;
    const matrix = withEigenvalues([...values, ...Array(size - values.length).fill(0)]);
    // Its rank may be smaller than the limit; rounding errors are no direction.
    const found = lowRankEigenpairs(matrix, size, 10, 10);
    const count = found.values.filter((value) => value > 1e-12 * values[0]!).length;
    expect(count).toBe(values.length);
    const kept = { values: found.values.slice(0, count), vectors: found.vectors.slice(0, count * size) };
    const whole = largestEigenpairs(matrix, size, count);
    const { residual, skewness } = errors(matrix, size, kept);
    expect(residual).toBeLessThan(1e-12 * values[0]!);
    expect(skewness).toBeLessThan(1e-6);
    for (const [i, value] of kept.values.entries()) {
      expect(Math.abs(value - whole.values[i]!)).toBeLessThan(1e-12 * values[0]!);
    }
    if (new Set(values).size < values.length) return; // their vectors may turn among themselves
    for (const [i, value] of kept.vectors.entries()) expect(value).toBeCloseTo(whole.vectors[i]!, 6);
  });

  it('gives no more than was asked, and nothing of zeros', () => {
    const matrix = withEigenvalues([4, 3, 2, 1, 0, 0, 0, 0, 0, 0]);
    expect([...lowRankEigenpairs(matrix, 10, 2, 4).values].map((value) => value.toFixed(9))).toEqual([
      '4.000000000',
      '3.000000000',
    ]);
    expect(lowRankEigenpairs(new Float64Array(100), 10, 3, 4).values).toHaveLength(0);
  });
});
