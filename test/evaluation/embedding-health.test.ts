import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { embeddingHealth } from '../../src/evaluation/index.js';
import { symmetricEigenvalues } from '../../src/linear-algebra/symmetric-eigenvalues.js';
import { randomGenerator } from '../../src/random/index.js';
import { expectClose } from '../helpers/close.js';
import { embeddings, golden, train } from './golden.js';

describe('embeddingHealth', () => {
  it.each([
    ['more rows than columns', train, golden.health.all],
    ['fewer rows than columns', embeddings(train.data.subarray(0, 30 * 64), 64), golden.health.wide],
  ])("agrees with NumPy's singular values: %s", async (_, input, expected) => {
    const health = await embeddingHealth(input);
    // Singular values that are exactly 0 come out as the root of a rounding error.
    expectClose(health.singularValues, expected.singularValues, { relative: 1e-7 });
    expect(health.effectiveRank).toBeCloseTo(expected.effectiveRank, 3);
    expect(health.std).toBeCloseTo(expected.std, 8);
    expect(health.expectedStd).toBe(1 / 8);
    expect(health.meanSimilarity).toBeCloseTo(expected.meanSimilarity, 6);
    expect(health.deadDimensions).toEqual(expected.deadDimensions);
    expect(health.collapsed).toBe(false);
  });

  const random = randomGenerator(3);
  const noise = Float32Array.from({ length: 400 * 16 }, () => random.normal());

  it('finds directions spread over the sphere healthy', async () => {
    const health = await embeddingHealth(embeddings(noise, 16));
    expect(health.std).toBeCloseTo(health.expectedStd, 2);
    expect(health.meanSimilarity).toBeCloseTo(0, 2);
    expect(health.effectiveRank).toBeGreaterThan(15);
    expect(health.collapsed).toBe(false);
  });

  it.each([
    ['one point', noise.map((value, i) => 1 + (i % 16) + 1e-3 * value)],
    ['one axis, both ways', noise.map((value, i) => noise[i - (i % 16)]! * (1 + (i % 16)) + 1e-4 * value)],
    ['all zeros', new Float32Array(noise.length)],
  ])('calls %s a collapse', async (_, data) => {
    const health = await embeddingHealth(embeddings(data, 16));
    expect(health.collapsed).toBe(true);
    expect(health.effectiveRank).toBeLessThan(1.5);
    expect(health.effectiveRank).toBeGreaterThanOrEqual(1);
  });

  it('lists dimensions that never change', async () => {
    const data = noise.map((value, i) => (i % 16 === 3 ? 0.1 : i % 16 === 9 ? 0 : value));
    expect((await embeddingHealth(embeddings(data, 16))).deadDimensions).toEqual([3, 9]);
  });

  it('needs two rows', async () => {
    await expect(embeddingHealth(embeddings([1, 2], 2))).rejects.toThrow(
      'embeddingHealth: embeddings must have at least 2 rows. Received: embeddings=[1,2].',
    );
  });
});

describe('symmetricEigenvalues', () => {
  it('finds the known eigenvalues of the second difference', () => {
    const size = 9;
    const matrix = new Float64Array(size * size);
    for (let i = 0; i < size; i++) {
      matrix[i * size + i] = 2;
      if (i > 0) matrix[i * size + i - 1] = -1;
      if (i < size - 1) matrix[i * size + i + 1] = -1;
    }
    const expected = Array.from(
      { length: size },
      (_, k) => 2 + 2 * Math.cos(((k + 1) * Math.PI) / (size + 1)),
    );
    expectClose(symmetricEigenvalues(matrix, size), expected, { absolute: 1e-14 });
  });

  it('keeps trace and Frobenius norm, and repeats multiple eigenvalues', () => {
    const entries = fc.integer({ min: 1, max: 7 }).chain((size) =>
      fc.array(fc.double({ min: -10, max: 10, noNaN: true }), {
        minLength: size * size,
        maxLength: size * size,
      }),
    );
    fc.assert(
      fc.property(entries, (values) => {
        const size = Math.sqrt(values.length);
        const matrix = Float64Array.from(values, (_, i) => {
          const [row, column] = [Math.floor(i / size), i % size];
          return values[row * size + column]! + values[column * size + row]!;
        });
        const found = symmetricEigenvalues(matrix, size);
        const trace = Array.from({ length: size }, (_, i) => matrix[i * size + i]!).reduce(
          (a, b) => a + b,
          0,
        );
        const squares = matrix.reduce((sum, value) => sum + value * value, 0);
        expect(found.reduce((a, b) => a + b, 0)).toBeCloseTo(trace, 9);
        expect(Math.sqrt(found.reduce((sum, value) => sum + value * value, 0))).toBeCloseTo(
          Math.sqrt(squares),
          9,
        );
        expect([...found].sort((a, b) => b - a)).toEqual([...found]);
      }),
    );
    const identity = Float64Array.of(3, 0, 0, 0, 3, 0, 0, 0, 3);
    expectClose(symmetricEigenvalues(identity, 3), [3, 3, 3], { absolute: 1e-14 });
  });
});
