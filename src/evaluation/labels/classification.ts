import { ShapeError } from '../../errors/errors.js';
import { type ConfidenceInterval, confidenceInterval } from './confidence-interval.js';
import { checkLabels, type Labels } from './labels.js';

/** The probability of each class for each row, row-major. */
export interface ClassProbabilities {
  /** `rows * classes` probabilities from 0 to 1; each row sums to 1. */
  data: Float32Array;
  /** `[rows, classes]`. */
  shape: readonly [number, number];
}

/** How well predictions agree with labels. */
export interface ClassificationResult {
  /** Share of rows whose class was predicted correctly, from 0 to 1. */
  accuracy: number;
  /** Number of rows whose class was predicted correctly. */
  correct: number;
  /** Number of rows. */
  count: number;
  /** 95 % interval of the accuracy, see {@link confidenceInterval}. */
  interval: ConfidenceInterval;
  /** Share of rows whose class is among the five most probable ones; only with more than 5 classes. */
  top5Accuracy?: number;
  /** The predicted class of each row. */
  predictions: Int32Array;
}

/** The most probable class of each row; of equally probable ones the lowest number. */
export function mostProbableClass({ data, shape: [rows, classes] }: ClassProbabilities): Int32Array {
  const highest = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    let best = 0;
    for (let k = 1; k < classes; k++) if (data[row * classes + k]! > data[row * classes + best]!) best = k;
    highest[row] = best;
  }
  return highest;
}

/** Share of rows whose label has a probability above 0 and at most four classes before it; lower numbers win ties. */
function top5(probabilities: ClassProbabilities, labels: Labels): number {
  const [rows, classes] = probabilities.shape;
  let hits = 0;
  for (let row = 0; row < rows; row++) {
    const label = labels[row]!;
    const own = probabilities.data[row * classes + label]!;
    let before = 0;
    for (let k = 0; k < classes; k++) {
      const other = probabilities.data[row * classes + k]!;
      if (other > own || (other === own && k < label)) before++;
    }
    if (own > 0 && before < 5) hits++;
  }
  return hits / rows;
}

/** Compares predictions with checked labels. */
export function classificationResult(
  probabilities: ClassProbabilities,
  labels: Labels,
): ClassificationResult {
  const predictions = mostProbableClass(probabilities);
  const count = predictions.length;
  let correct = 0;
  for (let row = 0; row < count; row++) if (predictions[row] === labels[row]) correct++;
  const accuracy = correct / count;
  return {
    accuracy,
    correct,
    count,
    interval: confidenceInterval(accuracy, count),
    ...(probabilities.shape[1] > 5 ? { top5Accuracy: top5(probabilities, labels) } : {}),
    predictions,
  };
}

/**
 * Counts how often each class was predicted as each class.
 *
 * @param actual - True class numbers.
 * @param predicted - Predicted class numbers, one per row of `actual`.
 * @param classes - Number of classes. Default: the largest class number that occurs + 1.
 * @returns `matrix[a][p]`: how many rows of class `a` were predicted as class `p`.
 * @throws {@link ShapeError} when the two differ in length, are empty or are not arrays.
 * @throws {@link ValueRangeError} when a value is not an integer from 0 to `classes - 1`.
 * @throws {@link InvalidOptionError} when `classes` is not an integer >= 2.
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
