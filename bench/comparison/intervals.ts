import { mean as meanOf } from '../statistics.js';

/** An estimate with its 95 % confidence interval. */
export interface Estimate {
  mean: number;
  low: number;
  high: number;
}

// 97.5 % points of Student's t distribution for 1 to 30 degrees of freedom (scipy.stats.t.ppf).
const tQuantiles = [
  12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281, 2.201, 2.1788, 2.1604,
  2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.093, 2.086, 2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555,
  2.0518, 2.0484, 2.0452, 2.0423,
] as const;

/** The 97.5 % point of Student's t distribution; between integer degrees of freedom, that of the lower one. */
function tQuantile(degreesOfFreedom: number): number {
  const place = Math.min(Math.floor(degreesOfFreedom + 1e-9), tQuantiles.length);
  return tQuantiles[place - 1]!;
}

/** Unbiased variance over the number of values: the squared standard error of the mean. */
function squaredError(values: readonly number[]): number {
  const mean = meanOf(values);
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1) / values.length;
}

/** The mean over seeds with its interval, by Student's t. Two values or more. */
export function meanInterval(values: readonly number[]): Estimate {
  const mean = meanOf(values);
  const half = tQuantile(values.length - 1) * Math.sqrt(squaredError(values));
  return { mean, low: mean - half, high: mean + half };
}

/**
 * Difference of two means, without assuming equal variances (Welch). Two values or more each.
 *
 * @see Welch 1947, "The generalization of 'Student's' problem when several different population variances are
 * involved".
 */
export function differenceOfMeans(first: readonly number[], second: readonly number[]): Estimate {
  const mean = meanOf(first) - meanOf(second);
  const [a, b] = [squaredError(first), squaredError(second)];
  if (a + b === 0) return { mean, low: mean, high: mean };
  const degreesOfFreedom = (a + b) ** 2 / (a ** 2 / (first.length - 1) + b ** 2 / (second.length - 1));
  const half = tQuantile(degreesOfFreedom) * Math.sqrt(a + b);
  return { mean, low: mean - half, high: mean + half };
}
