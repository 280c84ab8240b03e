import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidOptionError, ShapeError, ValueRangeError } from '../../src/errors/index.js';
import { type LabeledSelection, selectLabeled } from '../../src/evaluation/index.js';

const labels = Uint8Array.from({ length: 1000 }, (_, row) => (row % 10 < 5 ? 0 : (row % 5) + 1));

function countsOf(rows: Uint32Array): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const row of rows) counts[labels[row]!] = (counts[labels[row]!] ?? 0) + 1;
  return counts;
}

describe('selectLabeled', () => {
  it('takes the same number, or the same share, of each class', () => {
    expect(countsOf(selectLabeled(labels, { perClass: 7 }))).toEqual({ 0: 7, 1: 7, 2: 7, 3: 7, 4: 7, 5: 7 });
    expect(countsOf(selectLabeled(labels, { share: 0.1 }))).toEqual({
      0: 50,
      1: 10,
      2: 10,
      3: 10,
      4: 10,
      5: 10,
    });
    expect(countsOf(selectLabeled(labels, { share: 0.001 }))).toEqual({ 0: 1, 1: 1, 2: 1, 3: 1, 4: 1, 5: 1 });
    expect(selectLabeled(labels, { share: 1 })).toEqual(Uint32Array.from(labels.keys()));
  });

  it('depends on the seed alone, is ascending and holds every smaller selection', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 49 }), (seed, perClass) => {
        const few = selectLabeled(labels, { perClass }, seed);
        const more = new Set(selectLabeled(labels, { perClass: perClass + 1 }, seed));
        expect(few).toEqual(selectLabeled(labels, { perClass }, seed));
        expect(few).toEqual(few.slice().sort());
        expect([...few].every((row) => more.has(row))).toBe(true);
      }),
      { numRuns: 20 },
    );
    expect(selectLabeled(labels, { perClass: 7 }, 1)).not.toEqual(selectLabeled(labels, { perClass: 7 }, 2));
  });

  it.each<[string, LabeledSelection, number, RegExp, typeof ShapeError]>([
    [
      'more than a class has',
      { perClass: 101 },
      0,
      /at least perClass=101 rows of each class. Received: 100/,
      ValueRangeError,
    ],
    ['a count of 0', { perClass: 0 }, 0, /perClass must be an integer >= 1/, InvalidOptionError],
    ['a share of 0', { share: 0 }, 0, /share must be a number above 0/, InvalidOptionError],
    ['both', { perClass: 1, share: 1 } as never, 0, /one of perClass and share/, InvalidOptionError],
    ['neither', {} as never, 0, /one of perClass and share/, InvalidOptionError],
    ['a seed below 0', { perClass: 1 }, -1, /seed must be an integer >= 0/, InvalidOptionError],
  ])('refuses %s', (_, selection, seed, message, kind) => {
    expect(() => selectLabeled(labels, selection, seed)).toThrow(message);
    expect(() => selectLabeled(labels, selection, seed)).toThrow(kind);
  });

  it('refuses missing labels', () => {
    expect(() => selectLabeled(undefined as never, { perClass: 1 })).toThrow(ShapeError);
    expect(() => selectLabeled(new Uint8Array(0), { perClass: 1 })).toThrow(/must not be empty/);
    expect(() => selectLabeled(Int32Array.of(0, -1), { perClass: 1 })).toThrow(ValueRangeError);
  });
});
