import { describe, expect, it } from 'vitest';
import { alignment, neighborOverlap, uniformity } from '../../src/evaluation/index.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { embeddings, test } from './golden.js';
import { blurred, similarity } from './similarity.js';

describe('alignment and uniformity', () => {
  it.each(similarity.hypersphere)(
    "agree with lightly's HypersphereLoss: alpha $alpha, t $t",
    async ({ alpha, t, ...expected }) => {
      expect(await alignment(test, blurred, { alpha })).toBeCloseTo(expected.alignment, 6);
      expect(await expectTensors(0, () => uniformity(test, { t }))).toBeCloseTo(expected.uniformity, 6);
    },
  );

  it('have the paper as their default', async () => {
    const { alignment: aligned, uniformity: uniform } = similarity.hypersphere[0]!;
    expect(await alignment(test, blurred)).toBeCloseTo(aligned, 6);
    expect(await uniformity(test)).toBeCloseTo(uniform, 6);
  });

  it('counts each pair once across the borders of blocks', async () => {
    // Two points, 2,500 and 2,000 rows of each: three blocks of queries and two of references are cut.
    const rows = 4500;
    const two = embeddings(
      Float32Array.from({ length: 2 * rows }, (_, i) => ((i >> 1) % 9 < 5 === (i % 2 === 0) ? 1 : 0)),
      2,
    );
    const same = (2500 * 2499 + 2000 * 1999) / 2;
    const all = (rows * (rows - 1)) / 2;
    expect(await uniformity(two)).toBeCloseTo(Math.log((same + (all - same) * Math.exp(-4)) / all), 6);
  });

  it('takes a row of zeros as the middle of the sphere', async () => {
    expect(await uniformity(embeddings([0, 0, 3, 4], 2))).toBeCloseTo(-2, 6);
    expect(await alignment(embeddings([0, 0], 2), embeddings([3, 4], 2))).toBeCloseTo(1, 6);
  });

  it.each([
    [() => alignment(test, embeddings([1, 2], 2)), /same number of columns/],
    [() => alignment(test, embeddings(new Float32Array(64), 64)), /same number of rows/],
    [() => alignment(test, blurred, { alpha: 0 }), /alpha must be a finite number > 0/],
    [() => uniformity(test, { t: -1 }), /t must be a finite number > 0/],
    [() => uniformity(embeddings([1, 2], 2)), /at least 2 rows/],
    [() => uniformity(embeddings([1, Number.NaN], 1)), /must be finite/],
  ])('refuse what makes no sense: %s', async (call, message) => {
    await expect(call()).rejects.toThrow(message);
  });
});

describe('neighborOverlap', () => {
  it.each(similarity.overlap)(
    "agrees with scikit-learn's neighbors: $neighbors",
    async ({ neighbors, value }) => {
      const overlap = await expectTensors(0, () => neighborOverlap(test, blurred, neighbors));
      expect(overlap).toBeCloseTo(value, 10);
      if (neighbors === 10) expect(await neighborOverlap(test, blurred)).toBe(overlap);
    },
  );

  it('does not let a twin displace a row from its own list', async () => {
    const twins = embeddings([1, 0, 1, 0, 0, 1, 0, 1], 2);
    expect(await neighborOverlap(twins, embeddings([5, 5, 6, 6, 7, -7, 8, -8], 2), 1)).toBe(1);
  });

  it('is near chance for unrelated embeddings, of any number of columns', async () => {
    const a = embeddings(hashedValues('a', 200 * 8), 8);
    const b = embeddings(hashedValues('b', 200 * 5), 5);
    expect(Math.abs((await neighborOverlap(a, b, 20)) - 20 / 199)).toBeLessThan(0.02);
  });

  it.each([
    [() => neighborOverlap(test, embeddings([1, 2], 2)), /same number of rows/],
    [() => neighborOverlap(test, blurred, 100), /neighbors must be at most/],
    [() => neighborOverlap(test, blurred, 0), /neighbors must be an integer >= 1/],
  ])('refuses what makes no sense: %s', async (call, message) => {
    await expect(call()).rejects.toThrow(message);
  });
});
