import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CovarianceSums } from '../../src/linear-algebra/covariance.js';
import { principalComponents } from '../../src/linear-algebra/whitening.js';
import { sloped } from './sloped.js';

interface Golden {
  rows: number;
  dim: number;
  components: number;
  variances: number[];
  ratio: number;
  whitened: number[];
}
const golden = JSON.parse(
  readFileSync(new URL('../fixtures/linear-algebra/golden.json', import.meta.url), 'utf8'),
) as { whitening: Golden[] };

function covarianceOf(data: Float32Array, dim: number, batch = 7) {
  const sums = new CovarianceSums(dim);
  for (let start = 0; start < data.length; start += batch * dim) {
    sums.add(data.subarray(start, start + batch * dim));
  }
  return sums.result();
}

describe('principal components of rows in batches', () => {
  it.each(golden.whitening)("whiten as scikit-learn's do: $rows rows of $dim", (expected) => {
    const { rows, dim, components } = expected;
    const data = sloped(`pca/${rows}x${dim}`, rows, dim);
    const covariance = covarianceOf(data, dim);
    const found = principalComponents(covariance, components);
    expect(found.explainedVariance).toBeCloseTo(expected.ratio, 6);
    for (const [k, variance] of expected.variances.entries()) {
      expect(found.variances[k]! / variance).toBeCloseTo(1, 5);
    }
    for (const [i, value] of expected.whitened.entries()) {
      const [row, k] = [Math.floor(i / components), i % components];
      let sum = 0;
      for (let column = 0; column < dim; column++) {
        sum += (data[row * dim + column]! - covariance.mean[column]!) * found.vectors[k * dim + column]!;
      }
      expect(sum / Math.sqrt(found.variances[k]!)).toBeCloseTo(value, 4);
    }
  });

  it('do not depend on how rows are divided into batches', () => {
    const data = sloped('batches', 600, 5);
    const whole = covarianceOf(data, 5, 600);
    for (const batch of [1, 256, 257, 599]) {
      const { rows, mean, covariance } = covarianceOf(data, 5, batch);
      expect(rows).toBe(600);
      for (const [i, value] of mean.entries()) expect(value).toBeCloseTo(whole.mean[i]!, 7);
      for (const [i, value] of covariance.entries()) expect(value).toBeCloseTo(whole.covariance[i]!, 6);
    }
  });

  it('see a variance of a ten-thousandth of the mean', () => {
    const noise = sloped('noise', 400, 3);
    const data = Float32Array.from(noise, (value) => 1000 + 0.1 * value);
    const exact = covarianceOf(noise, 3);
    const found = covarianceOf(data, 3);
    // Beside 1000, float32 resolves 6e-5.
    for (const [i, value] of found.covariance.entries()) {
      expect(Math.abs(value - 0.01 * exact.covariance[i]!)).toBeLessThan(1e-5);
    }
  });

  it('are as many as the rows span, and none for equal rows', () => {
    const few = covarianceOf(sloped('few', 5, 12), 12);
    expect(principalComponents(few, 12).variances).toHaveLength(4);
    expect(principalComponents(few, 3).variances).toHaveLength(3);
    const row = sloped('equal', 1, 12);
    const equal = covarianceOf(
      Float32Array.from({ length: 120 }, (_, i) => row[i % 12]!),
      12,
    );
    expect(principalComponents(equal, 12).variances).toHaveLength(0);
    // The same columns twice.
    const half = sloped('half', 50, 4);
    const twice = Float32Array.from({ length: 400 }, (_, i) => half[Math.floor(i / 8) * 4 + (i % 4)]!);
    const { variances, explainedVariance } = principalComponents(covarianceOf(twice, 8), 8);
    expect(variances).toHaveLength(4);
    expect(explainedVariance).toBeCloseTo(1, 6);
  });
});
