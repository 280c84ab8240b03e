/** Where two arrays differ most. */
export interface LargestDifference {
  /** Index of the largest error; of several equal ones, the first. -1 if nothing differs. */
  index: number;
  /** |actual - expected| there, >= 0. `Infinity` where either is NaN, or one is an infinity that the other is not. */
  error: number;
  /** Largest finite |expected|, the scale of a relative tolerance. */
  scale: number;
}

/**
 * Compares two arrays of the same length value by value. A NaN in either one counts as the largest possible error,
 * because every comparison with NaN is false and a plain search for the largest difference would miss it.
 * Equal infinities do not differ.
 *
 * The result is safe to compare: `error <= limit` is false for NaN and for infinities that are not equal.
 */
export function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): LargestDifference {
  let [index, error, scale] = [-1, 0, 0];
  for (let i = 0; i < expected.length; i++) {
    const [value, right] = [actual[i]!, expected[i]!];
    if (Number.isFinite(right)) scale = Math.max(scale, Math.abs(right));
    if (Object.is(value, right) && !Number.isNaN(value)) continue;
    const difference = Math.abs(value - right);
    const size = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
    if (size > error) [index, error] = [i, size];
  }
  return { index, error, scale };
}
