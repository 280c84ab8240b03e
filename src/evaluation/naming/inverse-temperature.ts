/** Scores of rows whose class is known. */
export interface ScoredRows {
  /** `[rows, classes]`. */
  scores: Float64Array;
  classes: number;
  /** The class of each row. */
  targets: Int32Array;
  /** The rows that count. */
  used: readonly number[];
}

const least = 1e-3;
const most = 1e4;

/** Probabilities softmax(factor * scores) of a row, into `out`. Returns the logarithm of their common divisor. */
function softmax(scores: Float64Array, start: number, classes: number, factor: number, out: Float64Array) {
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < classes; k++) largest = Math.max(largest, factor * scores[start + k]!);
  let sum = 0;
  for (let k = 0; k < classes; k++) {
    out[k] = Math.exp(factor * scores[start + k]! - largest);
    sum += out[k]!;
  }
  for (let k = 0; k < classes; k++) out[k] = out[k]! / sum;
  return largest + Math.log(sum);
}

/**
 * The factor on scores that makes softmax(factor * scores) most probable: 1 / temperature. The targets are smoothed as if
 * one more row had been seen with another class, so that scores without a mistake do not ask for an infinite factor.
 *
 * @returns The factor, from 0.001 to 10,000, and the mean loss with it, in nats.
 * @see Guo et al. 2017, arXiv:1706.04599 (temperature scaling); Platt 1999, section 2.2 (smoothed targets).
 */
export function fitInverseTemperature({ scores, classes, targets, used }: ScoredRows): {
  factor: number;
  loss: number;
} {
  const wrong = 1 / (used.length + 2);
  const targetOf = (row: number, k: number) => (targets[row] === k ? 1 - wrong : wrong / (classes - 1));
  const probabilities = new Float64Array(classes);
  const evaluate = (factor: number) => {
    let [slope, loss] = [0, 0];
    for (const row of used) {
      const start = row * classes;
      loss += softmax(scores, start, classes, factor, probabilities);
      for (let k = 0; k < classes; k++) {
        const target = targetOf(row, k);
        slope += (probabilities[k]! - target) * scores[start + k]!;
        loss -= target * factor * scores[start + k]!;
      }
    }
    return { slope, loss: loss / used.length };
  };
  // The loss is convex: bisection for a slope of 0, by ratios.
  let [low, high] = [least, most];
  while (high / low > 1 + 1e-9) {
    const middle = Math.sqrt(low * high);
    if (evaluate(middle).slope > 0) high = middle;
    else low = middle;
  }
  return { factor: low, loss: evaluate(low).loss };
}
