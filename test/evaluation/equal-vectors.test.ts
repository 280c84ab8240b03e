import { describe, expect, it } from 'vitest';
import {
  knnClassifier,
  nearestNeighbors,
  neighborOverlap,
  retrieval,
  uniformity,
} from '../../src/evaluation/index.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { embeddings } from './golden.js';

const [count, dim] = [300, 24];
const values = Array.from(hashedValues('vectors', count * dim), (value) => value - 0.3);
const times = (factor: number) => values.map((value) => factor * value);
const vectors = embeddings(values, dim);
const rows = Int32Array.from({ length: count }, (_, row) => row);
/** As many that point in the same directions, but differ; rounding leaves some a little nearer than the vectors themselves. */
const both = embeddings([...values, ...times(3)], dim);

describe('equal vectors', () => {
  it('have a similarity of exactly 1, and no vectors more', async () => {
    const { indices, similarities } = await nearestNeighbors(vectors, both, 2);
    for (const row of rows) {
      expect(indices[2 * row], `row ${row}`).toBe(row);
      expect(similarities[2 * row], `row ${row}`).toBe(1);
    }
    expect(Math.max(...similarities)).toBe(1);
    const opposite = await nearestNeighbors(vectors, embeddings(times(-1), dim), count);
    expect(Math.min(...opposite.similarities)).toBeGreaterThanOrEqual(-1);
  });

  it('are equal whatever the sign of a zero, on both sides of the borders of blocks', async () => {
    const references = embeddings(hashedValues('references', 4200 * 4), 4);
    for (const row of [0, 4095, 4096, 4199]) references.data.set([0.1, -0, 0.3, 0.7], 4 * row);
    const { indices, similarities } = await nearestNeighbors(
      embeddings([0.1, 0, 0.3, 0.7], 4),
      references,
      4,
    );
    expect(Array.from(indices)).toEqual([0, 4095, 4096, 4199]);
    expect(Array.from(similarities)).toEqual([1, 1, 1, 1]);
  });

  it('do not make a row of zeros alike to anything, itself included', async () => {
    const { similarities } = await nearestNeighbors(embeddings([0, 0], 2), embeddings([0, 0, 1, 2], 2), 2);
    expect(Array.from(similarities)).toEqual([0, 0]);
  });

  it('come first in kNN, retrieval and the overlap of neighbors', async () => {
    const labels = Uint8Array.from({ length: 2 * count }, (_, row) => Math.floor(row / count));
    const knn = await knnClassifier({ embeddings: both, labels }, { neighbors: 1 });
    expect(await knn.predict(vectors)).toEqual(new Int32Array(count));
    const pairs = Array.from(rows, (row) => [row, row] as const);
    const { recall } = await retrieval(vectors, pairs, { k: [1], gallery: { embeddings: both } });
    expect(recall[1]).toBe(1);
    const other = hashedValues('others', 2 * count * dim);
    const twins = (third: ArrayLike<number>, twin: ArrayLike<number>) =>
      embeddings([...Array.from(twin), ...Array.from(twin), ...Array.from(third)], dim);
    const overlap = await neighborOverlap(
      twins(times(3), values),
      twins(other.slice(count * dim), other.slice(0, count * dim)),
      1,
    );
    expect(overlap).toBeGreaterThanOrEqual(2 / 3);
  });

  it('lie in one point', async () => {
    const same = embeddings(Array.from({ length: 50 }, () => values.slice(0, dim)).flat(), dim);
    expect(Math.abs(await uniformity(same))).toBe(0);
  });
});
