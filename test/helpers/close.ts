import { expect } from 'vitest';
import { backendTolerance } from './tolerance.js';

export interface Tolerance {
  /** Largest allowed |actual - expected|, absolute. */
  absolute?: number;
  /** Added: this times the largest |expected|. */
  relative?: number;
}

/**
 * Asserts that two arrays have the same length and agree within a tolerance, at least that of the backend; says where
 * they differ most.
 */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { absolute = 0, relative = 0 }: Tolerance,
): void {
  expect(actual.length, 'length').toBe(expected.length);
  let worst = 0;
  let where = -1;
  let scale = 0;
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]!));
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (!(difference <= worst)) {
      worst = difference;
      where = i;
    }
  }
  const limit = Math.max(absolute + relative * scale, backendTolerance() * scale);
  if (!(worst <= limit)) {
    expect.fail(
      `differs by ${worst} (allowed ${limit}) at ${where}: actual ${actual[where]}, expected ${expected[where]}`,
    );
  }
}
