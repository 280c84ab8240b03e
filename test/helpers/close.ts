import { expect } from 'vitest';
import { largestDifference } from '../../src/tensors/largest-difference.js';
import { backendTolerance } from './tolerance.js';

export interface Tolerance {
  /** Largest allowed |actual - expected|, absolute. */
  absolute?: number;
  /** Added: this times the largest |expected|. */
  relative?: number;
}

/**
 * Asserts that two arrays have the same length and agree within a tolerance, at least that of the backend; reports
 * where they differ most. NaN is close to nothing, not to NaN either; an infinity only to itself.
 */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { absolute = 0, relative = 0 }: Tolerance,
): void {
  expect(actual.length, 'length').toBe(expected.length);
  const { index, error, scale } = largestDifference(actual, expected);
  const limit = Math.max(absolute + relative * scale, backendTolerance() * scale);
  if (!(error <= limit)) {
    expect.fail(
      `differs by ${error} (allowed ${limit}) at ${index}: actual ${actual[index]}, expected ${expected[index]}`,
    );
  }
}
