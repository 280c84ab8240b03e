import { ShapeError } from '../../errors/errors.js';
import { type ConfidenceInterval, confidenceInterval } from './confidence-interval.js';
import { checkLabels, type Labels } from './labels.js';

/** One number for each row and class, row-major. */
export interface ClassProbabilities {
  /** `rows * classes` numbers from 0 to 1; each row sums to 1. */
  data: Float32Array;
  /** `[rows, classes]`. */
  shape: readonly [number, number];
}

/** How well predictions agree with labels. */
export interface ClassificationResult {
  /** Share of rows whose class was predicted, from 0 to 1. */
  accuracy: number;
  /** Number of rows whose class was predicted. */
  correct: number;
  /** Number of rows. */
  count: number;
  /** 95 % interval of the accuracy, see {@link confidenceInterval}. */
  interval: ConfidenceInterval;
  /** Share of rows whose class is among the five with the highest scores above 0; with more than 5 classes only. */
  top5Accuracy?: number;
  /** The predicted class of each row. */
  predictions: Int32Array;
}

/** The class with the highest score of each row; of equal ones the lowest class number. */
export function highestClass({ data, shape: [rows, classes] }: ClassProbabilities): Int32Array {
  const highest = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    let best = 0;
    for (let k = 1; k < classes; k++) if (data[row * classes + k]! > data[row * classes + best]!) best = k;
    highest[row] = best;
  }
  return highest;
}

/** Share of rows whose label has a score above 0 and at most four classes before it (lower numbers win ties). */
function top5(scores: ClassProbabilities, labels: Labels): number {
  const [rows, classes] = scores.shape;
  let hits = 0;
  for (let row = 0; row < rows; row++) {
    const label = labels[row]!;
    const own = scores.data[row * classes + label]!;
    let before = 0;
    for (let k = 0; k < classes; k++) {
      const score = scores.data[row * classes + k]!;
      if (score > own || (score === own && k < label)) before++;
    }
    if (own > 0 && before < 5) hits++;
  }
  return hits / rows;
}

/** Compares scores with checked labels. */
export function classificationResult(scores: ClassProbabilities, labels: Labels): ClassificationResult {
  const predictions = highestClass(scores);
  const count = predictions.length;
  let correct = 0;
  for (let row = 0; row < count; row++) if (predictions[row] === labels[row]) correct++;
  const accuracy = correct / count;
  return {
    accuracy,
    correct,
    count,
    interval: confidenceInterval(accuracy, count),
    ...(scores.shape[1] > 5 ? { top5Accuracy: top5(scores, labels) } : {}),
    predictions,
  };
}

/**
 * Counts how often each class was predicted as each other.
 *
 * @param actual - True class numbers.
 * @param predicted - Predicted class numbers, as many.
 * @param classes - Number of classes; all numbers must be below it. Default: the largest number that occurs + 1.
 * @returns `matrix[a][p]`: how many rows of class `a` were predicted as class `p`.
 * @throws {@link ShapeError} when the two differ in length, are empty or are no arrays of whole numbers.
 * @throws {@link ValueRangeError} when a number is no class.
 * @throws {@link InvalidOptionError} when `classes` is no whole number >= 2.
 * @example
 * confusionMatrix(Uint8Array.of(0, 0, 1), Int32Array.of(0, 1, 1)); // [[1, 1], [0, 1]]
 */
export function confusionMatrix(actual: Labels, predicted: Labels, classes?: number): number[][] {
  const caller = 'confusionMatrix';
  const size = Math.max(
    checkLabels(caller, 'actual', actual, undefined, classes),
    checkLabels(caller, 'predicted', predicted, undefined, classes),
  );
  if (actual.length !== predicted.length) {
    throw new ShapeError(
      `${caller}: actual and predicted must have the same length. Received: actual.length=${actual.length}, predicted.length=${predicted.length}.`,
    );
  }
  const matrix = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  for (let row = 0; row < actual.length; row++) matrix[actual[row]!]![predicted[row]!]!++;
  return matrix;
}
