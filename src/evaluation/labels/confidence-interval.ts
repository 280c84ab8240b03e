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
 * Wilson's score interval of 95 % for a share of right answers: with p the share among n and z = 1.96,
 * (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n). It stays inside [0, 1] and holds for shares near 0 and 1.
 *
 * @param accuracy - Share of right answers, from 0 to 1.
 * @param count - How many answers there were, whole number >= 1.
 * @throws {@link InvalidOptionError} when `accuracy` is outside [0, 1] or `count` is no whole number >= 1.
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
  // At 0 and 1 the exact ends are 0 and 1; rounding may leave them by one unit in the last place.
  return {
    low: accuracy === 0 ? 0 : Math.max(0, (center - half) / (1 + square)),
    high: accuracy === 1 ? 1 : Math.min(1, (center + half) / (1 + square)),
  };
}
