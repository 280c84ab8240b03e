import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidOptionError, ShapeError, ValueRangeError } from '../../src/errors/index.js';
import { type RelevantPairs, retrieval } from '../../src/evaluation/index.js';
import { ranksOfRelevant } from '../../src/evaluation/neighbors/retrieval-ranks.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { embeddings, test, testLabels, train, trainLabels } from './golden.js';
import { blurred, similarity } from './similarity.js';

const four = embeddings([1, 0, 1, 0.1, 0, 1, 0.1, 1], 2);
const pairsOf = (count: number): RelevantPairs => Array.from({ length: count }, (_, i) => [i, i] as const);

describe('retrieval', () => {
  it.each([
    ['among each other', 'among', testLabels, {}],
    ['in a gallery', 'gallery', testLabels, { gallery: { embeddings: train, labels: trainLabels } }],
    ['by pairs', 'pairs', pairsOf(100), { gallery: { embeddings: blurred } }],
  ] as const)('agrees with scikit-learn and pytorch-metric-learning %s', async (_, name, truth, options) => {
    const expected = similarity.retrieval[name];
    const result = await expectTensors(0, () => retrieval(test, truth, options));
    expect(Object.keys(result.recall)).toEqual(['1', '5', '10']);
    for (const [k, recall] of Object.entries(expected.recall)) {
      expect(result.recall[Number(k)]).toBeCloseTo(recall, 10);
    }
    // In float32 two rows of almost equal similarity may change places.
    expect(result.meanAveragePrecision).toBeCloseTo(expected.meanAveragePrecision, 5);
    if (expected.meanAveragePrecisionAtR !== undefined) {
      expect(result.meanAveragePrecisionAtR).toBeCloseTo(expected.meanAveragePrecisionAtR, 5);
    }
    expect(result).toMatchObject({ queries: expected.queries, skipped: 0 });
  });

  it('finds the same across the borders of its blocks', async () => {
    const references = embeddings(hashedValues('references', 4500 * 4), 4);
    const own = Int32Array.from({ length: 1100 }, (_, query) => (query * 2011) % 4500);
    const queries = embeddings(
      [...own].flatMap((row) =>
        [...references.data.subarray(row * 4, row * 4 + 4)].map((value) => 3 * value),
      ),
      4,
    );
    const truth = [...own].map((row, query) => [query, row] as const);
    const result = await retrieval(queries, truth, { k: [1], gallery: { embeddings: references } });
    expect(result).toEqual({
      recall: { 1: 1 },
      meanAveragePrecision: 1,
      meanAveragePrecisionAtR: 1,
      queries: 1100,
      skipped: 0,
    });
  });

  it('leaves out queries that have nothing to find', async () => {
    const result = await retrieval(four, Uint8Array.of(0, 0, 1, 2), { k: [1] });
    expect(result).toMatchObject({ recall: { 1: 1 }, queries: 2, skipped: 2 });
    const onePair = await retrieval(four, [[0, 3]], { k: [1, 3] });
    expect(onePair).toMatchObject({ recall: { 1: 0, 3: 1 }, queries: 1, skipped: 3 });
    expect(onePair.meanAveragePrecision).toBeCloseTo(1 / 2, 10); // row 3 (0.1) comes after row 1 and before row 2 (0)
  });

  it('asks by default for those k that are in range', async () => {
    expect(Object.keys((await retrieval(four, Uint8Array.of(0, 0, 1, 1))).recall)).toEqual(['1']);
  });

  it.each<[string, Parameters<typeof retrieval>, RegExp, typeof ShapeError]>([
    ['too few labels', [four, Uint8Array.of(0, 1)], /truth must hold one class number per row/, ShapeError],
    ['a negative label', [four, Int32Array.of(0, 0, -1, 0)], /truth must be integers >= 0/, ValueRangeError],
    ['no two of a class', [four, Uint8Array.of(0, 1, 2, 3)], /something to find/, ValueRangeError],
    ['a pair out of range', [four, [[0, 4]]], /truth\[0\]=\[0, 4\]/, ValueRangeError],
    ['a pair with itself', [four, [[1, 1]]], /another row/, ValueRangeError],
    ['no pairs', [four, []], /at least one pair/, ShapeError],
    ['k beyond the rows', [four, Uint8Array.of(0, 0, 1, 1), { k: [4] }], /k=4, rows=3/, InvalidOptionError],
    [
      'k of 0',
      [four, Uint8Array.of(0, 0, 1, 1), { k: [0] }],
      /k must be an integer >= 1/,
      InvalidOptionError,
    ],
    ['no list of k', [four, Uint8Array.of(0, 0, 1, 1), { k: [] }], /k must be a list/, InvalidOptionError],
    ['one row', [embeddings([1, 2], 2), Uint8Array.of(0)], /at least 2 rows/, ShapeError],
    [
      'a gallery without labels',
      [four, Uint8Array.of(0, 0, 1, 1), { gallery: { embeddings: four } }],
      /gallery.labels must be given/,
      InvalidOptionError,
    ],
    ['NaN', [embeddings([1, 0, Number.NaN, 1], 2), Uint8Array.of(0, 0)], /must be finite/, ValueRangeError],
  ])('refuses %s', async (_, parameters, message, kind) => {
    const call = retrieval(...parameters);
    await expect(call).rejects.toThrow(message);
    await expect(call).rejects.toBeInstanceOf(kind);
  });
});

describe('ranksOfRelevant', () => {
  it('is what sorting everything gives, equal similarities included', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ value: fc.integer({ min: 0, max: 4 }), relevant: fc.boolean() }), {
          minLength: 2,
        }),
        fc.nat(),
        (rows, pick) => {
          const self = pick % rows.length;
          const relevant = [...rows.keys()].filter((row) => rows[row]!.relevant && row !== self);
          fc.pre(relevant.length > 0);
          const order = [...rows.keys()]
            .filter((row) => row !== self)
            .sort((a, b) => rows[b]!.value - rows[a]!.value || a - b);
          const expected = relevant.map((row) => order.indexOf(row) + 1).sort((a, b) => a - b);
          const similarities = Float32Array.from(rows, ({ value }) => value / 4);
          expect([...ranksOfRelevant(similarities, relevant, self)]).toEqual(expected);
        },
      ),
    );
  });
});
