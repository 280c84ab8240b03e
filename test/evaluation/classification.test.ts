import { describe, expect, it } from 'vitest';
import { InvalidOptionError, ShapeError, ValueRangeError } from '../../src/errors/index.js';
import { accuracyDifference, confidenceInterval, confusionMatrix } from '../../src/evaluation/index.js';
import paired from '../fixtures/evaluation/paired.json' with { type: 'json' };
import { golden, testLabels } from './golden.js';

describe('confidenceInterval', () => {
  it.each(golden.wilson)(
    "agrees with SciPy's Wilson interval: $correct of $count",
    ({ correct, count, low, high }) => {
      const interval = confidenceInterval(correct / count, count);
      expect(interval.low).toBeCloseTo(low, 10);
      expect(interval.high).toBeCloseTo(high, 10);
    },
  );

  it('refuses what is neither a share nor a count', () => {
    expect(() => confidenceInterval(1.5, 10)).toThrow(
      /accuracy must be a number from 0 to 1. Received: accuracy=1.5/,
    );
    expect(() => confidenceInterval(0.5, 0)).toThrow(InvalidOptionError);
  });
});

describe('accuracyDifference', () => {
  it.each(paired.cases)("agrees with SciPy's interval of the paired gains", (one) => {
    const [first, second, labels] = [one.first, one.second, one.labels].map((row) => Int32Array.from(row));
    const actual = accuracyDifference(first!, second!, labels!);
    expect(actual.difference).toBeCloseTo(one.difference, 12);
    expect(actual.low).toBeCloseTo(one.low, 10);
    expect(actual.high).toBeCloseTo(one.high, 10);
  });

  it('refuses rows of different number', () => {
    expect(() => accuracyDifference(Int32Array.of(1), Int32Array.of(1, 0), Int32Array.of(1))).toThrow(
      'accuracyDifference: first, second and labels must have one class per row. Received: lengths 1, 2 and 1.',
    );
  });
});

describe('confusionMatrix', () => {
  it("agrees with scikit-learn's", () => {
    const predicted = Int32Array.from(golden.confusion.predicted);
    expect(confusionMatrix(testLabels, predicted, 10)).toEqual(golden.confusion.matrix);
  });

  it('takes as many classes as occur when told nothing', () => {
    expect(confusionMatrix(Uint8Array.of(0, 0, 1), Int32Array.of(0, 2, 1))).toEqual([
      [1, 0, 1],
      [0, 1, 0],
      [0, 0, 0],
    ]);
  });

  it.each([
    [
      'lengths differ',
      Uint8Array.of(0, 1),
      Uint8Array.of(0),
      2,
      ShapeError,
      /actual.length=2, predicted.length=1/,
    ],
    ['nothing came', Uint8Array.of(), Uint8Array.of(), 2, ShapeError, /must not be empty/],
    [
      'a number is no class',
      Uint8Array.of(0, 1),
      Uint8Array.of(0, 2),
      2,
      ValueRangeError,
      /predicted .* 0 to 1. Received: predicted\[1\]=2/,
    ],
    [
      'there are too few classes',
      Uint8Array.of(0),
      Uint8Array.of(0),
      1,
      InvalidOptionError,
      /classes must be an integer >= 2/,
    ],
  ])('refuses when %s', (_, actual, predicted, classes, kind, message) => {
    expect(() => confusionMatrix(actual, predicted, classes)).toThrow(kind);
    expect(() => confusionMatrix(actual, predicted, classes)).toThrow(message);
  });
});
