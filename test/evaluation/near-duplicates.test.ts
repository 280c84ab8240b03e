import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidOptionError, ShapeError, ValueRangeError } from '../../src/errors/index.js';
import { nearDuplicates } from '../../src/evaluation/index.js';
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { embeddings } from './golden.js';

/** Connected components by the definition: every pair, and labels that spread until none changes. */
function componentsOf(angles: readonly number[], degrees: number): number[][] {
  const labels = [...angles.keys()];
  for (let changed = true; changed; ) {
    changed = false;
    for (const a of angles.keys()) {
      for (const b of angles.keys()) {
        if (Math.abs(angles[a]! - angles[b]!) <= degrees && labels[a]! < labels[b]!) {
          labels[b] = labels[a]!;
          changed = true;
        }
      }
    }
  }
  return [...new Set(labels)]
    .sort((a, b) => a - b)
    .map((label) => [...angles.keys()].filter((row) => labels[row] === label))
    .filter(({ length }) => length > 1);
}

describe('nearDuplicates', () => {
  it('are the connected components of what is alike', async () => {
    // Whole degrees on a quarter of a circle, linked within 5: the threshold lies between 5 and 6.
    const threshold = Math.cos((5.5 * Math.PI) / 180);
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            degree: fc.integer({ min: 0, max: 89 }),
            length: fc.double({ min: 0.1, max: 50, noNaN: true }),
          }),
          {
            minLength: 1,
            maxLength: 30,
          },
        ),
        async (points) => {
          const angles = points.map(({ degree }) => degree);
          const values = points.flatMap(({ degree, length }) => [
            length * Math.cos((degree * Math.PI) / 180),
            length * Math.sin((degree * Math.PI) / 180),
          ]);
          const groups = await expectTensors(0, () => nearDuplicates(embeddings(values, 2), { threshold }));
          expect(groups.map(({ rows }) => rows)).toEqual(componentsOf(angles, 5));
          for (const { rows, similarity } of groups) {
            const linked = rows
              .flatMap((a, i) => rows.slice(i + 1).map((b) => Math.abs(angles[a]! - angles[b]!)))
              .filter((degrees) => degrees <= 5);
            const cosines = [Math.max(...linked), Math.min(...linked)].map((degrees) =>
              Math.cos((degrees * Math.PI) / 180),
            );
            expectClose([similarity.low, similarity.high], cosines, { absolute: 1e-6 });
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('of 12,000 rows, of which most are alike, take memory for the rows and not for their pairs', async () => {
    // One group of 10,800 points along the diagonal, ten of 120 along the diagonals of three axes: cosines up to 0.71.
    const [count, dim] = [12_000, 5];
    const threes = [...Array(2 ** dim).keys()].filter((axes) => axes.toString(2).split('1').length === 4);
    const noise = hashedValues('noise', count * dim);
    const data = new Float32Array(count * dim);
    const expected: number[][] = [[], ...threes.map(() => [])];
    for (let row = 0; row < count; row++) {
      const group = row % 10 === 3 ? 1 + (Math.floor(row / 10) % threes.length) : 0;
      const axes = group === 0 ? 2 ** dim - 1 : threes[group - 1]!;
      for (let i = 0; i < dim; i++) data[row * dim + i] = 0.001 * noise[row * dim + i]! + ((axes >> i) & 1);
      expected[group]!.push(row);
    }
    const groups = await nearDuplicates({ data, shape: [count, dim] }, { threshold: 0.99 });
    expect(groups.map(({ rows }) => rows)).toEqual(expected);
    for (const { similarity } of groups) {
      expect(similarity.low).toBeGreaterThan(0.999);
      expect(similarity.high).toBeLessThanOrEqual(1);
    }
  });

  it('at a threshold of 1 are the rows with the same values', async () => {
    const values = Array.from(hashedValues('vectors', 400 * 24), (value) => value - 0.3);
    const groups = await nearDuplicates(embeddings([...values, ...values], 24), { threshold: 1 });
    expect(groups).toEqual(
      Array.from({ length: 400 }, (_, row) => ({ rows: [row, 400 + row], similarity: { low: 1, high: 1 } })),
    );
  });

  it('takes 0.98 by default, and finds nothing in a single row or in zeros', async () => {
    const at = (cosine: number) => embeddings([1, 0, cosine, Math.sqrt(1 - cosine * cosine)], 2);
    expect(await nearDuplicates(at(0.981))).toHaveLength(1);
    expect(await nearDuplicates(at(0.979))).toEqual([]);
    expect(await nearDuplicates(embeddings([1, 2], 2))).toEqual([]);
    expect(await nearDuplicates(embeddings([0, 0, 0, 0], 2))).toEqual([]);
  });

  it.each<[string, Parameters<typeof nearDuplicates>, RegExp, typeof ShapeError]>([
    ['a threshold above 1', [embeddings([1, 2], 2), { threshold: 1.5 }], /threshold=1.5/, InvalidOptionError],
    [
      'NaN as threshold',
      [embeddings([1, 2], 2), { threshold: Number.NaN }],
      /from -1 to 1/,
      InvalidOptionError,
    ],
    ['NaN', [embeddings([1, Number.NaN], 2)], /must be finite/, ValueRangeError],
    ['no rows', [{ data: new Float32Array(0), shape: [0, 2] }], /at least one row/, ShapeError],
  ])('refuses %s', async (_, parameters, message, kind) => {
    const call = nearDuplicates(...parameters);
    await expect(call).rejects.toThrow(message);
    await expect(call).rejects.toBeInstanceOf(kind);
  });
});
