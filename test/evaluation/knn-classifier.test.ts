import { memory, Tensor } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { InvalidOptionError } from '../../src/errors/index.js';
import { knnClassifier, nearestNeighbors } from '../../src/evaluation/index.js';
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { embeddings, golden, test, testLabels, train, trainLabels } from './golden.js';

describe('knnClassifier', () => {
  it.each(golden.knn)(
    "agrees with scikit-learn's votes: $neighbors neighbors, $weighting $temperature",
    async (expected) => {
      const { neighbors, weighting, temperature = 0.1 } = expected;
      const knn = await knnClassifier(
        { embeddings: train, labels: trainLabels },
        { neighbors, weighting, temperature },
      );
      const probabilities = await knn.probabilities(test);
      expect(probabilities.shape).toEqual([100, 10]);
      expectClose(probabilities.data, expected.scores, { absolute: 2e-5 });
      const result = await knn.evaluate(test, testLabels);
      expect(result.accuracy).toBeCloseTo(expected.accuracy, 10);
      expect(result.correct).toBe(Math.round(expected.accuracy * 100));
      expect(result.predictions).toEqual(await knn.predict(test));
    },
  );

  it('settles equal votes by the lower class number and equal similarities by the lower row', async () => {
    const references = embeddings([1, 0, 0, 1, 2, 0], 2);
    const twoVotes = await knnClassifier(
      { embeddings: references, labels: Uint8Array.of(2, 1, 0) },
      { neighbors: 2, weighting: 'uniform' },
    );
    expect(await twoVotes.predict(embeddings([1, 0], 2))).toEqual(Int32Array.of(0));
    const oneVote = await knnClassifier(
      { embeddings: references, labels: Uint8Array.of(2, 1, 0) },
      { neighbors: 1 },
    );
    expect(await oneVote.predict(embeddings([3, 0], 2))).toEqual(Int32Array.of(2));
  });

  it('stays finite with zero rows and with a tiny temperature', async () => {
    const knn = await knnClassifier(
      { embeddings: embeddings([0, 0, 1, 0, -1, 0], 2), labels: Uint8Array.of(0, 1, 2) },
      { neighbors: 3, temperature: 1e-4 },
    );
    const { data } = await knn.probabilities(embeddings([0, 0, 1, 0], 2));
    expectClose(data, [1 / 3, 1 / 3, 1 / 3, 0, 1, 0], { absolute: 1e-6 });
  });

  it('leaves out top-5 accuracy below six classes, and counts no class without votes above', async () => {
    const six = embeddings(hashedValues('six', 12), 2);
    const knn = await knnClassifier(
      { embeddings: six, labels: Uint8Array.of(0, 1, 2, 3, 4, 5) },
      { neighbors: 1 },
    );
    // One vote a query: whoever has none is not "among the first five", whatever its number.
    expect((await knn.evaluate(six, Uint8Array.of(0, 1, 2, 5, 3, 4))).top5Accuracy).toBeCloseTo(0.5, 10);
    const two = await knnClassifier(
      { embeddings: six, labels: Uint8Array.of(0, 1, 0, 1, 0, 1) },
      { neighbors: 1 },
    );
    expect(await two.evaluate(six, Uint8Array.of(0, 1, 0, 1, 0, 1))).not.toHaveProperty('top5Accuracy');
  });

  it('holds blocks of bounded size on the device, however many references there are', async () => {
    // The bytes at the time of each product of a block: its factors and itself, not all 20,000 references.
    const dim = 16;
    const largest: number[] = [];
    for (const count of [5000, 20_000]) {
      const references = embeddings(hashedValues('many', count * dim), dim);
      const labels = Uint8Array.from({ length: count }, (_, row) => row % 2);
      const queries = embeddings(hashedValues('asked', 1500 * dim), dim);
      const knn = await knnClassifier({ embeddings: references, labels });
      const before = memory().numBytes;
      let most = 0;
      const data = vi.spyOn(Tensor.prototype, 'data').mockImplementation(async function (this: Tensor) {
        most = Math.max(most, memory().numBytes - before);
        return this.dataSync();
      } as never);
      try {
        await knn.predict(queries);
      } finally {
        data.mockRestore();
      }
      largest.push(most);
      expect(memory().numBytes).toBe(before);
    }
    const bound = 4 * (1024 * 4096 + 4096 * dim); // similarities and references; a block of queries is gone by then
    expect(largest).toEqual([bound, bound]);
  });

  it('leaves no tensors', async () => {
    await expectTensors(0, async () => {
      const knn = await knnClassifier({ embeddings: train, labels: trainLabels });
      await knn.evaluate(test, testLabels);
    });
  });

  it.each([
    [
      { neighbors: 201 },
      /neighbors must be at most the number of references. Received: neighbors=201, references=200/,
    ],
    [{ neighbors: 0 }, /neighbors must be an integer >= 1/],
    [{ temperature: 0 }, /temperature must be a finite number > 0/],
    [{ weighting: 'euclidean' as 'uniform' }, /weighting must be one of "cosine-exponential", "uniform"/],
  ])('refuses %j', async (options, message) => {
    const fit = knnClassifier({ embeddings: train, labels: trainLabels }, options);
    await expect(fit).rejects.toThrow(message);
    await expect(fit).rejects.toBeInstanceOf(InvalidOptionError);
  });
});

describe('nearestNeighbors', () => {
  it("agrees with scikit-learn's NearestNeighbors", async () => {
    const { indices, similarities, neighbors } = await nearestNeighbors(
      test,
      train,
      golden.nearest.neighbors,
    );
    expect(neighbors).toBe(3);
    expect([...indices]).toEqual(golden.nearest.indices);
    expectClose(similarities, golden.nearest.similarities, { absolute: 1e-6 });
  });

  it('finds the same across the borders of its blocks', async () => {
    // 4,500 references and 1,100 queries need two blocks each; a query is a multiple of its own reference.
    const references = embeddings(hashedValues('references', 4500 * 4), 4);
    const own = Int32Array.from({ length: 1100 }, (_, query) => (query * 2011) % 4500);
    const queries = embeddings(
      [...own].flatMap((row) =>
        [...references.data.subarray(row * 4, row * 4 + 4)].map((value) => 3 * value),
      ),
      4,
    );
    const { indices, similarities } = await expectTensors(0, () => nearestNeighbors(queries, references, 1));
    expect(indices).toEqual(own);
    expect(similarities.every((similarity) => similarity > 0.999999 && similarity <= 1)).toBe(true);
  });

  it('is what sorting all similarities gives, for any sizes', async () => {
    const sizes = fc.record({
      queries: fc.integer({ min: 1, max: 5 }),
      references: fc.integer({ min: 1, max: 12 }),
      dim: fc.integer({ min: 1, max: 5 }),
      name: fc.string(),
    });
    await fc.assert(
      fc.asyncProperty(sizes, async ({ queries, references, dim, name }) => {
        const from = embeddings(hashedValues(`q${name}`, queries * dim), dim);
        const among = embeddings(hashedValues(`r${name}`, references * dim), dim);
        const found = await nearestNeighbors(from, among, references);
        for (let query = 0; query < queries; query++) {
          const row = [...from.data.subarray(query * dim, (query + 1) * dim)];
          const cosines = Array.from({ length: references }, (_, reference) => {
            const other = among.data.subarray(reference * dim, (reference + 1) * dim);
            const product = row.reduce((sum, value, i) => sum + value * other[i]!, 0);
            return product / (Math.hypot(...row) * Math.hypot(...other));
          });
          const span = [query * references, (query + 1) * references] as const;
          expect([...found.indices.subarray(...span)].sort((a, b) => a - b)).toEqual([...cosines.keys()]);
          expectClose(
            found.similarities.subarray(...span),
            cosines.sort((a, b) => b - a),
            { absolute: 1e-6 },
          );
        }
      }),
      { numRuns: 25 },
    );
  });

  it('refuses columns that differ and more neighbors than references', async () => {
    await expect(nearestNeighbors(embeddings([1, 2, 3], 3), train, 1)).rejects.toThrow(
      'nearestNeighbors: queries and references must have the same number of columns. Received: queries=[1,3], references=[200,64].',
    );
    await expect(nearestNeighbors(test, train, 201)).rejects.toThrow(/at most the number of references/);
  });
});
