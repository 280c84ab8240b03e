import { InvalidOptionError, ShapeError, ValueRangeError } from 'simclr-ts/errors';
import { calibrateThreshold, type EmbeddingArray } from 'simclr-ts/evaluation';
import { randomGenerator } from 'simclr-ts/random';
import { describe, expect, it } from 'vitest';
import { expectTensors } from '../helpers/leaks.js';

/** Normal rows; `shared` is added to all of them, so that their cosines are high. */
function pictures(count: number, dim: number, shared = 0, seed = 1): EmbeddingArray {
  const random = randomGenerator(seed);
  const data = Float32Array.from({ length: count * dim }, () => random.normal() + shared);
  return { data, shape: [count, dim] };
}

/** Rows with noise: copies of them. */
function changed({ data, shape: [, dim] }: EmbeddingArray, rows: readonly number[], noise: number, seed = 2) {
  const random = randomGenerator(seed);
  const copies = Float32Array.from({ length: rows.length * dim }, (_, i) => {
    return data[rows[Math.floor(i / dim)]! * dim + (i % dim)]! + noise * random.normal();
  });
  return { embeddings: { data: copies, shape: [rows.length, dim] as const }, originals: rows };
}

function joined(a: EmbeddingArray, b: EmbeddingArray): EmbeddingArray {
  const data = new Float32Array(a.data.length + b.data.length);
  data.set(a.data);
  data.set(b.data, a.data.length);
  return { data, shape: [a.shape[0] + b.shape[0], a.shape[1]] };
}

const first = (count: number) => [...Array(count).keys()];

/** Pairs at or above a threshold, by the definition. */
function pairsAbove({ data, shape: [rows, dim] }: EmbeddingArray, threshold: number): [number, number][] {
  const lengths = first(rows).map((row) => Math.hypot(...data.subarray(row * dim, (row + 1) * dim)));
  const found: [number, number][] = [];
  for (let a = 0; a < rows; a++) {
    for (let b = a + 1; b < rows; b++) {
      let sum = 0;
      for (let i = 0; i < dim; i++) sum += data[a * dim + i]! * data[b * dim + i]!;
      if (sum / (lengths[a]! * lengths[b]!) >= threshold) found.push([a, b]);
    }
  }
  return found;
}

describe('calibrateThreshold', () => {
  it('finds all copies where they are far from others, and counts as the definition does', async () => {
    const rows = pictures(400, 32);
    const copies = changed(rows, first(100), 0.2);
    const result = await expectTensors(0, () => calibrateThreshold(rows, copies));
    expect(result.recall).toBeGreaterThanOrEqual(0.98);
    expect(result.precision).toBeGreaterThan(0.999);
    expect(result.threshold).toBeGreaterThan(0.9);
    expect(result.matched).toBe(new Set(pairsAbove(rows, result.threshold).flat()).size);
    const atLeast = result.similarities.filter((value) => value >= result.threshold);
    expect(result.recall).toBeCloseTo(atLeast.length / 100, 10);
  });

  it.each([
    { dim: 6, noise: 0.3, shared: 0 },
    { dim: 12, noise: 0.5, shared: 0 },
    { dim: 24, noise: 0.9, shared: 0 },
    { dim: 24, noise: 0.5, shared: 4 }, // plain representations: all cosines are near 1
  ])('keeps the precision that was asked for: %o', async ({ dim, noise, shared }) => {
    const originals = pictures(600, dim, shared);
    const truth = changed(originals, first(60), noise, 7); // 60 true copies among 660
    const rows = joined(originals, truth.embeddings);
    const calibration = changed(
      originals,
      first(200).map((i) => 3 * i),
      noise,
      8,
    );
    for (const precision of [0.9, 0.99]) {
      const result = await calibrateThreshold(rows, calibration, { precision });
      const found = pairsAbove(rows, result.threshold);
      const wrong = found.filter(([a, b]) => b !== a + 600).length;
      // Of so few pairs, three times what was asked and two more are chance.
      expect(wrong).toBeLessThanOrEqual(3 * (1 - precision) * found.length + 2);
      expect(result.precision).toBeGreaterThanOrEqual(result.threshold === 1 ? 0 : precision);
      // What is found of the true copies is what was promised: four standard deviations of 60 draws.
      const right = found.length - wrong;
      expect(Math.abs(right / 60 - result.recall)).toBeLessThan(4 * Math.sqrt(0.25 / 60));
    }
  });

  it('does not take the copies that the pictures hold for others', async () => {
    const originals = pictures(300, 32);
    const without = await calibrateThreshold(originals, changed(originals, first(100), 0.4));
    // Half of all pictures have a copy: to count those pairs as wrong would leave no threshold.
    const rows = joined(originals, changed(originals, first(150), 0.4, 9).embeddings);
    const result = await calibrateThreshold(rows, changed(originals, first(100), 0.4));
    expect(result.threshold).toBeLessThan(without.threshold + 0.06);
    expect(result.recall).toBeGreaterThan(0.95);
    expect(result.matched).toBeGreaterThan(280);
    expect(result.falseMatches).toBeLessThan(10);
  });

  it('takes no family of pictures that differ by a hair for copies, where a limit says so', async () => {
    const originals = pictures(300, 32);
    const copied = joined(originals, changed(originals, first(150), 0.4, 9).embeddings);
    const rows = joined(copied, changed(originals, new Array<number>(40).fill(299), 0.4, 5).embeddings);
    const made = changed(originals, first(100), 0.4);
    // The pairs of the true copies hide it.
    const without = await calibrateThreshold(rows, made);
    expect(without.matched).toBeGreaterThan(330);
    const result = await calibrateThreshold(rows, made, { mostCopies: 4 });
    expect(result.threshold).toBeGreaterThan(without.threshold + 0.02);
    const matches = new Map<number, number>();
    for (const row of pairsAbove(rows, result.threshold).flat())
      matches.set(row, (matches.get(row) ?? 0) + 1);
    const crowded = [...matches.values()].filter((count) => count > 4).length;
    expect(crowded).toBeLessThanOrEqual(0.01 * result.matched);
    expect(result.precision).toBeGreaterThanOrEqual(0.99);
    // It does nothing where there is none.
    const plain = await calibrateThreshold(copied, made);
    expect(await calibrateThreshold(copied, made, { mostCopies: 4 })).toEqual(plain);
  });

  it('finds copies far from others that are changed more than the made ones', async () => {
    const originals = pictures(300, 40);
    // A fifth of all pictures, 60 of 330, have a copy. None is as little changed as a quarter of the made ones.
    const truth = [changed(originals, first(16), 0.15, 7), changed(originals, first(30).slice(16), 0.3, 8)];
    const rows = truth.map(({ embeddings }): EmbeddingArray => embeddings).reduce(joined, originals);
    const made = [0.1, 0.2, 0.25, 0.3].map((noise, i) =>
      changed(rows, first(200).slice(50 * i, 50 * (i + 1)), noise),
    );
    const copies = {
      embeddings: made.map(({ embeddings }): EmbeddingArray => embeddings).reduce(joined),
      originals: made.flatMap(({ originals: own }) => own),
    };
    const { threshold, precision, recall, matched } = await calibrateThreshold(rows, copies);
    expect(threshold).toBeLessThan(0.95);
    expect(precision).toBeGreaterThanOrEqual(0.99);
    expect(recall).toBeGreaterThan(0.95);
    expect(matched).toBe(60);
  });

  it('finds no threshold where copies are no nearer than others', async () => {
    const rows = pictures(300, 4);
    const result = await calibrateThreshold(rows, {
      embeddings: pictures(100, 4, 0, 5),
      originals: first(100),
    });
    expect(result.recall).toBeLessThan(0.05);
    expect(pairsAbove(rows, result.threshold).length).toBeLessThan(20);
  });

  it('takes few pictures, and those that are all alike', async () => {
    const two = pictures(2, 3);
    expect(await calibrateThreshold(two, changed(two, [0, 1], 0.1))).toMatchObject({
      matched: 0,
      falseMatches: 0,
    });
    const zeros = { data: new Float32Array(12), shape: [4, 3] as const };
    const { threshold, recall } = await calibrateThreshold(zeros, {
      embeddings: zeros,
      originals: [0, 1, 2, 3],
    });
    expect({ threshold, recall }).toEqual({ threshold: 1, recall: 0 });
  });

  it('asks for less similarity where less precision is asked', async () => {
    const rows = pictures(500, 8);
    const copies = changed(rows, first(200), 0.5);
    const thresholds: number[] = [];
    for (const precision of [0.5, 0.9, 0.99, 0.999]) {
      thresholds.push((await calibrateThreshold(rows, copies, { precision })).threshold);
    }
    expect(thresholds).toEqual([...thresholds].sort((a, b) => a - b));
    expect(thresholds[3]!).toBeGreaterThan(thresholds[0]!);
  });

  it('refuses what it cannot use', async () => {
    const rows = pictures(4, 3);
    const copies = changed(rows, [0, 1], 0.1);
    await expect(calibrateThreshold(rows, { ...copies, originals: [0] })).rejects.toThrow(ShapeError);
    await expect(calibrateThreshold(rows, { ...copies, originals: [0, 4] })).rejects.toThrow(ValueRangeError);
    await expect(calibrateThreshold(rows, { embeddings: pictures(2, 5), originals: [0, 1] })).rejects.toThrow(
      ShapeError,
    );
    for (const precision of [0, 1.1, Number.NaN]) {
      await expect(calibrateThreshold(rows, copies, { precision })).rejects.toThrow(InvalidOptionError);
    }
  });
});
