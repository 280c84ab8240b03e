import { memory, tensor2d } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  nearestByProducts,
  nearestOnHost,
  type Points,
  productsOnBackend,
  withNearest,
} from '../../src/linear-algebra/nearest-centers.js';
import { randomGenerator } from '../../src/random/index.js';

const random = randomGenerator(5);
const draw = (length: number) => Float64Array.from({ length }, () => random.normal());

/** Points of which every fifth is as far from two centers as double precision can tell, or nearly. */
function drawn(count: number, dim: number, clusters: number): { points: Points; centers: Float64Array } {
  const data = draw(count * dim);
  const centers = draw(clusters * dim);
  for (let point = 0; point < count; point += 5) {
    const [a, b] = [random.integer(clusters), random.integer(clusters)];
    const share = 0.5 + [0, 1e-15, -1e-12, 1e-9][random.integer(4)]!;
    for (let i = 0; i < dim; i++) {
      data[point * dim + i] = share * centers[a * dim + i]! + (1 - share) * centers[b * dim + i]!;
    }
  }
  centers.copyWithin(dim, 0, dim); // the first of equal ones is the nearest
  return { points: { data, count, dim }, centers };
}

/** What the host finds, and what products of the backend find. */
async function found(
  points: Points,
  centers: Float64Array,
  change = (products: Float32Array) => products,
): Promise<{ host: Int32Array; backend: Int32Array }> {
  const [host, backend] = [new Int32Array(points.count), new Int32Array(points.count)];
  await nearestOnHost(points)(centers, host);
  const rows = tensor2d(Float32Array.from(points.data), [points.count, points.dim]);
  const multiply = productsOnBackend(rows);
  await nearestByProducts(points, async (some) => change(await multiply(some)))(centers, backend);
  rows.dispose();
  return { host, backend };
}

it.each([
  [700, 1, 3],
  [900, 7, 5],
  [1200, 147, 33],
])('%i points of %i dimensions have the same nearest of %i centers on the backend', async (...sizes) => {
  const { points, centers } = drawn(...sizes);
  const before = memory().numTensors;
  const { host, backend } = await found(points, centers);
  expect(backend).toEqual(host);
  expect(new Set(host).size).toBe(sizes[2] - 1);
  expect(memory().numTensors).toBe(before);
});

it('does not trust products of less precision', async () => {
  const { points, centers } = drawn(700, 20, 6);
  // As with 16 bits.
  const { host, backend } = await found(points, centers, (products) => products.map((value) => value * 1.01));
  expect(backend).toEqual(host);
});

it('finds the same in the way that is faster, and keeps nothing', async () => {
  const { points, centers } = drawn(2000, 60, 150);
  const before = memory().numTensors;
  const [here, fastest] = [new Int32Array(points.count), new Int32Array(points.count)];
  await nearestOnHost(points)(centers, here);
  await withNearest(points, centers, async (find) => find(centers, fastest));
  expect(fastest).toEqual(here);
  expect(memory().numTensors).toBe(before);
  await expect(withNearest(points, centers, () => Promise.reject(new Error('stop')))).rejects.toThrow('stop');
  expect(memory().numTensors).toBe(before);
});
