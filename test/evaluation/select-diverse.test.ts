import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidOptionError, ShapeError, ValueRangeError } from '../../src/errors/index.js';
import { type EmbeddingArray, selectDiverse } from '../../src/evaluation/index.js';
import golden from '../fixtures/evaluation/selection.json' with { type: 'json' };
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { embeddings } from './golden.js';

/** The vectors of make_selection.py. */
const vectors: EmbeddingArray = embeddings(
  hashedValues('selection', golden.rows * golden.dim).map(
    (value, i) => value + (i % golden.dim === 0 ? 0.4 : 0),
  ),
  golden.dim,
);
const count = golden.facilityLocation.length;

const vectorOf = ({ data, shape: [, dim] }: EmbeddingArray, row: number) =>
  Array.from(data.subarray(row * dim, (row + 1) * dim));

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** Cosine similarities of all pairs of rows. */
function similaritiesOf(rows: EmbeddingArray): number[][] {
  const all = Array.from({ length: rows.shape[0] }, (_, row) => vectorOf(rows, row));
  return all.map((a) => all.map((b) => cosine(a, b)));
}

/** What facility location maximizes. */
const coverageOf = (similarities: number[][], chosen: readonly number[]) =>
  similarities.reduce((sum, row) => sum + Math.max(0, ...chosen.map((column) => row[column]!)), 0);

/** Distance of points on the sphere, which is a metric, from the selection: of the one that is farthest. */
const radiusOf = (similarities: number[][], chosen: readonly number[]) =>
  Math.max(
    ...similarities.map((row) =>
      Math.sqrt(Math.max(0, 2 - 2 * Math.max(...chosen.map((column) => row[column]!)))),
    ),
  );

function* combinations(rows: number, size: number, first = 0): Generator<number[]> {
  if (size === 0) yield [];
  else
    for (let row = first; row <= rows - size; row++)
      for (const rest of combinations(rows, size - 1, row + 1)) yield [row, ...rest];
}

/** Small sets of vectors that are not all alike. */
const smallSets = fc
  .array(
    fc.tuple(
      fc.integer({ min: -5, max: 5 }),
      fc.integer({ min: -5, max: 5 }),
      fc.integer({ min: 1, max: 5 }),
    ),
    {
      minLength: 4,
      maxLength: 9,
    },
  )
  .map((points) => embeddings(points.flat(), 3));

describe('selectDiverse by facility location', () => {
  it('selects the rows that apricot selects, and covers as well', async () => {
    const { rows, coverage } = await expectTensors(0, () => selectDiverse(vectors, { count }));
    expect([...rows]).toEqual(golden.facilityLocation);
    expectClose([coverage.mean, coverage.lowest], [golden.coverage.mean, golden.coverage.lowest], {
      absolute: 1e-6,
    });
  });

  it('reaches 1 - 1/e of the best coverage, which grows with each row', async () => {
    await fc.assert(
      fc.asyncProperty(smallSets, async (points) => {
        const similarities = similaritiesOf(points);
        const { rows } = await selectDiverse(points, { count: 3 });
        const best = Math.max(
          ...[...combinations(points.shape[0], 3)].map((chosen) => coverageOf(similarities, chosen)),
        );
        const reached = [1, 2, 3].map((size) => coverageOf(similarities, [...rows].slice(0, size)));
        expect(reached[2]).toBeGreaterThanOrEqual((1 - 1 / Math.E) * best - 1e-6);
        expect(reached).toEqual([...reached].sort((a, b) => a - b));
      }),
      { numRuns: 30 },
    );
  });

  it('selects from more rows than it measures the coverage of', async () => {
    // 40 directions; the rows of one follow each other, so that an even spread meets all of them.
    const [rows, dim] = [4500, 40];
    const data = new Float32Array(rows * dim);
    const noise = hashedValues('noise of directions', rows * dim);
    for (let i = 0; i < data.length; i++) data[i] = 0.02 * noise[i]!;
    for (let row = 0; row < rows; row++) data[row * dim + Math.floor((row * 40) / rows)] = 1;
    const selected = await selectDiverse({ data, shape: [rows, dim] }, { count: 40 });
    expect(new Set(Array.from(selected.rows, (row) => Math.floor((row * 40) / rows))).size).toBe(40);
    expect(selected.coverage.lowest).toBeGreaterThan(0.98);
  });
});

describe('selectDiverse by farthest point', () => {
  const method = 'farthest-point';

  it('selects the rows that NumPy selects from the definition', async () => {
    const { rows, similarities } = await expectTensors(0, () => selectDiverse(vectors, { count, method }));
    expect([...rows]).toEqual(golden.farthestPoint);
    expect(similarities[0]).toBeNaN();
    expectClose(similarities.subarray(1), golden.similarities.slice(1) as number[], { absolute: 1e-6 });
  });

  it('goes on from rows that count as selected before', async () => {
    const unlike = embeddings(hashedValues('selected before', 4 * golden.dim), golden.dim);
    const { rows, similarities } = await selectDiverse(vectors, { count, method, unlike });
    expect([...rows]).toEqual(golden.unlike);
    const first = vectorOf(vectors, rows[0]!);
    const expected = Math.max(...[0, 1, 2, 3].map((row) => cosine(first, vectorOf(unlike, row))));
    expect(similarities[0]).toBeCloseTo(expected, 5);
  });

  it('is at most twice as far from the worst covered row as the best selection', async () => {
    await fc.assert(
      fc.asyncProperty(smallSets, fc.integer({ min: 0, max: 100 }), async (points, seed) => {
        const similarities = similaritiesOf(points);
        const { rows, coverage } = await selectDiverse(points, { count: 3, method, seed });
        const best = Math.min(
          ...[...combinations(points.shape[0], 3)].map((chosen) => radiusOf(similarities, chosen)),
        );
        const radius = radiusOf(similarities, [...rows]);
        expect(radius).toBeLessThanOrEqual(2 * best + 1e-3);
        expect(Math.sqrt(Math.max(0, 2 - 2 * coverage.lowest))).toBeCloseTo(radius, 2);
      }),
      { numRuns: 30 },
    );
  });

  it('starts at a drawn row with a seed', async () => {
    const first = async (seed: number) => (await selectDiverse(vectors, { count: 1, method, seed })).rows[0]!;
    const drawn = await Promise.all([...Array(20).keys()].map(first));
    expect(new Set(drawn).size).toBeGreaterThan(10);
    expect(await first(7)).toBe(drawn[7]);
  });
});

describe.each(['facility-location', 'farthest-point'] as const)('selectDiverse by %s', (method) => {
  it('selects each row once, and the same first rows of a larger selection', async () => {
    const all = await selectDiverse(vectors, { count: golden.rows, method });
    expect([...all.rows].sort((a, b) => a - b)).toEqual([...Array(golden.rows).keys()]);
    const some = await selectDiverse(vectors, { count: 40, method });
    expect([...some.rows]).toEqual([...all.rows.subarray(0, 40)]);
    expect(all.coverage).toEqual({ mean: 1, lowest: 1 });
  });

  it('balances groups, as far as they have rows', async () => {
    const groups = Array.from({ length: golden.rows }, (_, row) => (row < 4 ? 7 : row < 100 ? 0 : 3));
    const { rows } = await selectDiverse(vectors, { count: 30, method, groups });
    const sizes = (chosen: Int32Array) =>
      [7, 0, 3].map((group) => [...chosen].filter((row) => groups[row] === group).length);
    expect(sizes(rows)).toEqual([4, 13, 13]);
    expect(sizes(rows.subarray(0, 9))).toEqual([3, 3, 3]);
  });

  it('selects among the rows that are most like an example', async () => {
    const near = embeddings(vectorOf(vectors, 11), golden.dim);
    const similarities = similaritiesOf(vectors)[11]!;
    const order = [...Array(golden.rows).keys()].sort((a, b) => similarities[b]! - similarities[a]!);
    const { rows } = await selectDiverse(vectors, { count: 5, method, near, pool: 20 });
    const places = Array.from(rows, (row) => order.indexOf(row));
    expect(Math.max(...places)).toBeLessThan(20);
    expect(Math.max(...places)).toBeGreaterThan(5);
    const exact = await selectDiverse(vectors, { count: 5, method, near, pool: 5 });
    expect([...exact.rows].sort((a, b) => a - b)).toEqual(order.slice(0, 5).sort((a, b) => a - b));
    const usual = await selectDiverse(vectors, { count: 5, method, near });
    expect(Math.max(...Array.from(usual.rows, (row) => order.indexOf(row)))).toBeLessThan(50);
  });

  it('avoids what is like the given rows', async () => {
    // Three directions; the first is there already.
    const points = embeddings([1, 0, 0, 0.9, 0.1, 0, 0, 1, 0, 0, 1, 0.1, 0, 0, 1], 3);
    const { rows } = await selectDiverse(points, { count: 2, method, unlike: embeddings([2, 0.1, 0], 3) });
    const directions = Array.from(rows, (row) => (row < 2 ? 0 : row < 4 ? 1 : 2));
    expect(directions.sort()).toEqual([1, 2]);
  });

  it('copes with equal rows and rows of zeros', async () => {
    const { rows, similarities } = await selectDiverse(embeddings([1, 0, 1, 0, 0, 0, 0, 1], 2), {
      count: 4,
      method,
    });
    expect([...rows].sort()).toEqual([0, 1, 2, 3]);
    expect(Math.max(...similarities.subarray(1))).toBe(1);
  });
});

describe('selectDiverse', () => {
  const points = embeddings([1, 0, 0, 1, 1, 1], 2);

  it.each<[string, Parameters<typeof selectDiverse>, RegExp, typeof ShapeError]>([
    [
      'more rows than there are',
      [points, { count: 4 }],
      /at most the number of embeddings\. Received: count=4, embeddings=3/,
      InvalidOptionError,
    ],
    ['no rows', [points, { count: 0 }], /count must be an integer >= 1/, InvalidOptionError],
    ['a pool without an example', [points, { count: 1, pool: 2 }], /near left out/, InvalidOptionError],
    [
      'a pool that is too small',
      [points, { count: 2, pool: 1, near: points }],
      /pool=1, count=2/,
      InvalidOptionError,
    ],
    [
      'another method',
      [points, { count: 1, method: 'random' as never }],
      /method must be one of/,
      InvalidOptionError,
    ],
    ['groups of other rows', [points, { count: 1, groups: [0, 1] }], /2 labels for 3 rows/, ShapeError],
    ['a group below 0', [points, { count: 1, groups: [0, 1, -1] }], /groups\[2\]=-1/, ValueRangeError],
    [
      'examples of another length',
      [points, { count: 1, near: embeddings([1, 2, 3], 3) }],
      /near=\[1,3\]/,
      ShapeError,
    ],
    ['NaN', [embeddings([1, Number.NaN], 2), { count: 1 }], /must be finite/, ValueRangeError],
  ])('refuses %s', async (_, parameters, message, kind) => {
    const call = selectDiverse(...parameters);
    await expect(call).rejects.toThrow(message);
    await expect(call).rejects.toBeInstanceOf(kind);
  });
});
