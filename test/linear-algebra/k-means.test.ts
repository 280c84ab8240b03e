import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { kMeans, type Points, spreadCenters } from '../../src/linear-algebra/k-means.js';
import { randomGenerator } from '../../src/random/index.js';
import { sloped } from './sloped.js';

interface Golden {
  rows: number;
  dim: number;
  clusters: number;
  inertia: number;
  centers: number[];
  sizes: number[];
}
const golden = JSON.parse(
  readFileSync(new URL('../fixtures/linear-algebra/golden.json', import.meta.url), 'utf8'),
) as { kMeans: Golden[] };

const sizesOf = (assignments: Int32Array, clusters: number) =>
  Array.from({ length: clusters }, (_, c) => assignments.filter((cluster) => cluster === c).length);

/** 40 points around each of three places. */
function planted(): { points: Points; places: number[][] } {
  const random = randomGenerator(3);
  const places = [
    [10, 0, 0],
    [0, -7, 5],
    [-4, 4, -9],
  ];
  const rows = Array.from({ length: 120 }, (_, i) => places[i % 3]!.map((at) => at + 0.3 * random.normal()));
  return { points: { data: Float64Array.from(rows.flat()), count: 120, dim: 3 }, places };
}

describe('kMeans', () => {
  it.each(golden.kMeans)(
    "is scikit-learn's for $clusters clusters from the same centers",
    async (expected) => {
      const { rows, dim, clusters } = expected;
      const data = Float64Array.from(sloped(`k-means/${rows}x${dim}`, rows, dim));
      const found = await kMeans({ data, count: rows, dim }, data.slice(0, clusters * dim), 300);
      expect(found.reseeded).toBe(0);
      expect(sizesOf(found.assignments, clusters)).toEqual(expected.sizes);
      expect(found.inertia.at(-1)! / expected.inertia).toBeCloseTo(1, 6);
      for (const [i, value] of found.centers.entries()) expect(value).toBeCloseTo(expected.centers[i]!, 5);
      for (let i = 1; i < found.inertia.length; i++) {
        expect(found.inertia[i]).toBeLessThanOrEqual(found.inertia[i - 1]! * (1 + 1e-12));
      }
      expect(found.inertia.length).toBeGreaterThan(4);
    },
  );

  it('finds planted clusters from spread centers, whatever the seed', async () => {
    const { points, places } = planted();
    for (let seed = 0; seed < 10; seed++) {
      const random = randomGenerator(seed);
      const { centers } = await kMeans(
        points,
        spreadCenters(points, 3, () => random.uniform()),
        50,
      );
      for (const place of places) {
        const distances = [0, 1, 2].map((c) => Math.hypot(...place.map((at, i) => at - centers[c * 3 + i]!)));
        expect(Math.min(...distances)).toBeLessThan(0.3);
      }
    }
  });

  it('moves clusters without points to the points farthest from their centers', async () => {
    const { points } = planted();
    const far = Float64Array.of(10, 0, 0, 1e3, 1e3, 1e3, -1e3, 1e3, 1e3);
    const { assignments, reseeded, inertia } = await kMeans(points, far, 50);
    expect(reseeded).toBe(2);
    expect(Math.min(...sizesOf(assignments, 3))).toBeGreaterThan(0);
    expect(inertia.at(-1)).toBeLessThan(0.5 * inertia[0]!);
    for (let i = 1; i < inertia.length; i++) expect(inertia[i]).toBeLessThanOrEqual(inertia[i - 1]!);
  });

  it('stops after the rounds it is given', async () => {
    const { points } = planted();
    expect((await kMeans(points, points.data.slice(0, 12), 1)).inertia).toHaveLength(2);
  });

  it('takes points that are equal', async () => {
    const points = { data: new Float64Array(20).fill(2), count: 10, dim: 2 };
    const start = spreadCenters(points, 3, () => 0.5);
    const { centers, inertia } = await kMeans(points, start, 5);
    expect([...centers]).toEqual([2, 2, 2, 2, 2, 2]);
    expect(inertia.at(-1)).toBe(0);
  });
});
