import { nearestNeighbors, neighborSearch } from 'simclr-ts/evaluation';
import { expect, it } from 'vitest';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';

const matrix = (name: string, rows: number, dim: number) => {
  return { data: Float32Array.from(hashedValues(name, rows * dim)), shape: [rows, dim] as [number, number] };
};

it.each([1, 4, 5, 40])('gives what nearestNeighbors gives, for %i queries', async (count) => {
  await expectTensors(0, async () => {
    const references = matrix('references', 17_000, 7); // more than a block
    const queries = matrix('queries', count, 7);
    queries.data.set(references.data.subarray(7 * 16_500, 7 * 16_501)); // the same values, in the last block
    references.data.fill(0, 0, 7);
    const expected = await nearestNeighbors(queries, references, 6);
    const search = await neighborSearch(references);
    const actual = await search.search(queries, 6);
    expect(actual.neighbors).toBe(6);
    expect([actual.indices[0], actual.similarities[0]]).toEqual([16_500, 1]);
    for (const [i, value] of expected.similarities.entries()) {
      expect(actual.similarities[i]).toBeCloseTo(value, 5);
      // Rounding may change places only between neighbors that are equally near.
      const isTied = [i - 1, i + 1].some((j) => Math.abs(expected.similarities[j]! - value) < 1e-5);
      if (!isTied) expect(actual.indices[i]).toBe(expected.indices[i]);
    }
    search.dispose();
    search.dispose();
  });
});

it('gives rows of equal values in their order, and zero to zeros', async () => {
  const references = {
    data: Float32Array.of(0, 0, 0.1, 0.7, 3, 3, 0.1, 0.7),
    shape: [4, 2] as [number, number],
  };
  const search = await neighborSearch(references);
  const asked = { data: Float32Array.of(0.1, 0.7), shape: [1, 2] as [number, number] };
  const { indices, similarities } = await search.search(asked, 4);
  expect(Array.from(indices)).toEqual([1, 3, 2, 0]);
  expect(similarities[0]).toBe(1);
  expect(similarities[1]).toBe(1);
  expect(similarities[3]).toBe(0);
  search.dispose();
});

it('refuses what it cannot search', async () => {
  await expectTensors(0, async () => {
    const references = matrix('references', 3, 2);
    const search = await neighborSearch(references);
    await expect(search.search(matrix('queries', 1, 3), 1)).rejects.toThrow(
      'NeighborSearch.search: queries and references must have the same number of columns. Received: queries=[1,3], references=[3,2].',
    );
    await expect(search.search(matrix('queries', 1, 2), 4)).rejects.toThrow(/neighbors must be at most/);
    search.dispose();
    await expect(search.search(matrix('queries', 1, 2), 1)).rejects.toThrow(
      'NeighborSearch.search: the search must not be disposed. Received: a call after dispose.',
    );
    await expect(neighborSearch({ data: Float32Array.of(1, Number.NaN), shape: [1, 2] })).rejects.toThrow(
      /finite/,
    );
  });
});
