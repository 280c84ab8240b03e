import { expect, it } from 'vitest';
import { BackendError } from '../../src/errors/index.js';
import { explainMemory } from '../../src/training/explain-memory.js';

it.each([
  'Requested texture size [40000x40000] greater than WebGL maximum on this browser / GPU [16384x16384].',
  'Out of memory',
])('says how large the step was and what to lower: %s', (message) => {
  const cause = new Error(message);
  const error = explainMemory(cause, 64) as Error;
  expect(error).toBeInstanceOf(BackendError);
  expect(error.cause).toBe(cause);
  expect(error.message).toMatch(/a step of 64 pictures, 64 at a time; set microBatchSize to a divisor of 64/);
  expect(error.message).toContain(message);
});

it('leaves other errors alone', () => {
  const error = new Error('the shapes differ');
  expect(explainMemory(error, 64)).toBe(error);
});
