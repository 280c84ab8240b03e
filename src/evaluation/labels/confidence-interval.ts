import { checkInteger, checkProbability } from '../../errors/checks.js';

/** Two ends of a confidence interval, both from 0 to 1. */
export interface ConfidenceInterval {
  /** Lower end. */
  low: number;
  /** Upper end. */
  high: number;
}

/** The 97.5 % point of the standard normal distribution. */
const z = 1.959963984540054;

/**
 * Wilson's 95 % score interval of an accuracy. With accuracy p among n predictions and z = 1.96:
 * (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n). It stays inside [0, 1] and is valid for accuracies near 0 and 1.
 *
 * @param accuracy - Share of correct predictions, from 0 to 1.
 * @param count - Number of predictions, an integer >= 1.
 * @throws {@link InvalidOptionError} when `accuracy` is outside [0, 1] or `count` is not an integer >= 1.
 * @example
 * confidenceInterval(0.8, 100); // { low: 0.711..., high: 0.866... }
 * @see Wilson 1927, "Probable inference, the law of succession, and statistical inference".
 */
export function confidenceInterval(accuracy: number, count: number): ConfidenceInterval {
  checkProbability('confidenceInterval', 'accuracy', accuracy);
  checkInteger('confidenceInterval', 'count', count);
  const square = (z * z) / count;
  const center = accuracy + square / 2;
  const half = z * Math.sqrt((accuracy * (1 - accuracy)) / count + square / (4 * count));
  // The exact ends at 0 and 1 are 0 and 1; rounding can miss them by one unit in the last place.
  return {
    low: accuracy === 0 ? 0 : Math.max(0, (center - half) / (1 + square)),
    high: accuracy === 1 ? 1 : Math.min(1, (center + half) / (1 + square)),
  };
}
