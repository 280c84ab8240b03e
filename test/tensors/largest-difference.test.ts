import { describe, expect, it } from 'vitest';
import { largestDifference } from '../../src/tensors/largest-difference.js';
import { expectClose } from '../helpers/close.js';

const plain = [1, -4, 2];
const places = [0, 1, 2];
const operands = ['actual', 'expected'] as const;
const cases = places.flatMap((place) => operands.map((operand) => ({ place, operand })));

/** A pair of arrays that agree, but for one value of one of them. */
function withValue(value: number, { place, operand }: (typeof cases)[number]) {
  const changed = plain.map((usual, i) => (i === place ? value : usual));
  return operand === 'actual' ? ([changed, plain] as const) : ([plain, changed] as const);
}

describe('largestDifference', () => {
  it('is that of the place that is farthest off, with the largest value that is expected', () => {
    expect(largestDifference([1, -4.5, 2.25], plain)).toEqual({ index: 1, error: 0.5, scale: 4 });
    expect(largestDifference(plain, plain)).toEqual({ index: -1, error: 0, scale: 4 });
    expect(largestDifference([], [])).toEqual({ index: -1, error: 0, scale: 0 });
  });

  it.each(cases)('finds NaN at place $place of $operand', (item) => {
    const [actual, expected] = withValue(Number.NaN, item);
    expect(largestDifference(actual, expected)).toMatchObject({
      index: item.place,
      error: Number.POSITIVE_INFINITY,
    });
  });

  it.each(cases)('finds an infinity at place $place of $operand', (item) => {
    for (const infinity of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const [actual, expected] = withValue(infinity, item);
      const { index, error, scale } = largestDifference(actual, expected);
      expect([index, error]).toEqual([item.place, Number.POSITIVE_INFINITY]);
      expect(scale).toBeLessThanOrEqual(4);
    }
  });

  it('takes equal infinities for equal, and NaN for no equal of NaN', () => {
    const [plus, minus] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    expect(largestDifference([plus, minus, 1], [plus, minus, 1])).toEqual({ index: -1, error: 0, scale: 1 });
    expect(largestDifference([plus], [minus]).error).toBe(plus);
    expect(largestDifference([Number.NaN], [Number.NaN]).error).toBe(plus);
  });
});

describe('expectClose', () => {
  const tolerance = { absolute: 1e-3, relative: 1e-3 };

  it('takes what lies within the tolerance', () => {
    expectClose([1, -4.001, 2], plain, tolerance);
    expectClose([Number.POSITIVE_INFINITY, 1], [Number.POSITIVE_INFINITY, 1], tolerance);
  });

  it('refuses a larger error before smaller ones, and another length', () => {
    expect(() => expectClose([9, -4, 2], plain, tolerance)).toThrow(
      /differs by 8 .* at 0: actual 9, expected 1/,
    );
    expect(() => expectClose([1, -4], plain, tolerance)).toThrow(/length/);
  });

  it.each(cases)('refuses NaN and infinities at place $place of $operand, at any tolerance', (item) => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(() => expectClose(...withValue(value, item), tolerance)).toThrow(/differs by/);
    }
    // What is far from its other half does not hide behind the scale of an infinity.
    const far = withValue(Number.POSITIVE_INFINITY, item).map((values) => [...values, 7]) as [
      number[],
      number[],
    ];
    far[0][3] = 9;
    expect(() => expectClose(...far, tolerance)).toThrow(/differs by/);
  });
});
