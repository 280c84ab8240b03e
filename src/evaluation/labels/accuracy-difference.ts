import { ShapeError } from '../../errors/errors.js';
import { checkLabels, type Labels } from './labels.js';

/** How much more accurate one classifier is than another, with its 95 % interval; all from -1 to 1. */
export interface AccuracyDifference {
  /** Accuracy of the first minus that of the second. */
  difference: number;
  /** Lower end. Above 0, the first classifier is significantly better. */
  low: number;
  /** Upper end. */
  high: number;
}

/** The 97.5 % point of the standard normal distribution. */
const z = 1.959963984540054;

/**
 * Compares two classifiers on the same rows. Only rows that exactly one of them predicts correctly count, so the interval
 * is narrower than those of the two accuracies suggest. Of n rows, let the first alone be right on b and the second alone
 * on c: (b - c) / n ± z √(b + c - (b - c)² / n) / n.
 *
 * @param first - Predicted class of each row by the first classifier.
 * @param second - Predicted class of each row by the second classifier.
 * @param labels - The true classes.
 * @throws {@link ShapeError} when the three differ in length or are empty.
 * @throws `ValueRangeError` when a value is not an integer >= 0.
 * @example
 * const { difference, low, high } = accuracyDifference(trained.predictions, untrained.predictions, labels);
 * @see Newcombe 1998, "Improved confidence intervals for the difference between binomial proportions based on paired
 * data", method 1; McNemar 1947.
 */
export function accuracyDifference(first: Labels, second: Labels, labels: Labels): AccuracyDifference {
  const count = labels?.length ?? 0;
  if (count === 0 || first?.length !== count || second?.length !== count) {
    throw new ShapeError(
      `accuracyDifference: first, second and labels must have one class per row. Received: lengths ${first?.length}, ${second?.length} and ${labels?.length}.`,
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
