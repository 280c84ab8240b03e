import type { Covariance } from './covariance.js';
import { lowRankEigenpairs } from './low-rank.js';
import { largestEigenpairs } from './symmetric-eigenvectors.js';

/** Directions of the largest variance, and how to scale them. */
export interface PrincipalComponents {
  /** Variance along each direction, in descending order; as many as there are directions. */
  variances: Float64Array;
  /** One direction of length 1 per row, `[variances.length, dim]`. */
  vectors: Float64Array;
  /** Share of the total variance that the directions have, from 0 to 1. */
  explainedVariance: number;
}

/**
 * Along a direction that the rows span, their standard deviation is above this share of their length. Below it, there is
 * nothing but rounding errors of the float32 network that made the rows.
 */
const leastDeviation = 3e-6;

/** Variance of columns `first ... end - 1` together; 0 where it is no more than rounding errors. */
export function totalVariance({ mean, covariance }: Covariance, first = 0, end = mean.length): number {
  let [variance, squaredLength] = [0, 0];
  for (let i = first; i < end; i++) {
    variance += covariance[i * mean.length + i]!;
    squaredLength += mean[i]! ** 2;
  }
  return variance > leastDeviation ** 2 * (variance + squaredLength) ? variance : 0;
}

/**
 * Principal components of rows with a covariance.
 *
 * @param count - The most components. There are fewer where the rows span fewer dimensions; none where they are equal.
 */
export function principalComponents(rows: Covariance, count: number): PrincipalComponents {
  const { mean, covariance } = rows;
  const variance = totalVariance(rows);
  if (variance === 0) {
    return { variances: new Float64Array(0), vectors: new Float64Array(0), explainedVariance: 0 };
  }
  const size = mean.length;
  const rankLimit = rows.rows - 1; // the mean takes one
  const { values, vectors } =
    rankLimit < size / 2
      ? lowRankEigenpairs(covariance, size, Math.min(count, rankLimit), rankLimit)
      : largestEigenpairs(covariance, size, Math.min(count, size));
  const squaredLength = mean.reduce((sum, value) => sum + value ** 2, 0);
  const rank = values.findIndex((value) => value <= leastDeviation ** 2 * (variance + squaredLength));
  const kept = rank < 0 ? values.length : rank;
  const variances = values.slice(0, kept);
  const explained = variances.reduce((sum, value) => sum + value, 0) / variance;
  return {
    variances,
    vectors: vectors.slice(0, kept * mean.length),
    explainedVariance: Math.min(1, explained),
  };
}
