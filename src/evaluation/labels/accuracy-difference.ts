import { ShapeError } from '../../errors/errors.js';
import { checkLabels, type Labels } from './labels.js';

/** By how much one classifier is right more often than another, with its 95 % interval; all from -1 to 1. */
export interface AccuracyDifference {
  /** Accuracy of the first less that of the second. */
  difference: number;
  /** Lower end: above 0, the first is better beyond chance. */
  low: number;
  /** Upper end. */
  high: number;
}

/** The 97.5 % point of the standard normal distribution. */
const z = 1.959963984540054;

/**
 * Compares two classifiers on the same rows. Most rows are right or wrong for both; only those that one of them has
 * right count, so that the interval is narrower than the intervals of both accuracies suggest. With b rows that only the
 * first has right and c that only the second has, of n: (b - c) / n ± z √(b + c - (b - c)² / n) / n.
 *
 * @param first - Predicted class of each row by the first classifier.
 * @param second - By the second.
 * @param labels - The right classes.
 * @throws {@link ShapeError} when the three differ in length, are empty or are not integer arrays.
 * @throws `ValueRangeError` when a number is negative.
 * @example
 * const { difference, low, high } = accuracyDifference(trained.predictions, untrained.predictions, labels);
 * @see Newcombe 1998, "Improved confidence intervals for the difference between binomial proportions based on paired
 * data", method 1; McNemar 1947.
 */
export function accuracyDifference(first: Labels, second: Labels, labels: Labels): AccuracyDifference {
  const count = labels?.length ?? 0;
  if (count === 0 || first?.length !== count || second?.length !== count) {
    throw new ShapeError(
      `accuracyDifference: first, second and labels must have one class for each row. Received: lengths ${first?.length}, ${second?.length} and ${labels?.length}.`,
    );
  }
  for (const [argument, values] of Object.entries({ first, second, labels })) {
    checkLabels('accuracyDifference', argument, values, count, undefined);
  }
  let onlyFirst = 0;
  let onlySecond = 0;
  for (let row = 0; row < count; row++) {
    const [isFirst, isSecond] = [first[row] === labels[row], second[row] === labels[row]];
    if (isFirst && !isSecond) onlyFirst++;
    else if (isSecond && !isFirst) onlySecond++;
  }
  const excess = onlyFirst - onlySecond;
  const half = (z * Math.sqrt(onlyFirst + onlySecond - excess ** 2 / count)) / count;
  const difference = excess / count;
  return { difference, low: Math.max(-1, difference - half), high: Math.min(1, difference + half) };
}
