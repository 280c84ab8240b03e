import { memory } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

/** Runs `body` and asserts that exactly `kept` new tensors remain. */
export async function expectTensors<T>(kept: number, body: () => T | Promise<T>): Promise<T> {
  const before = memory().numTensors;
  const result = await body();
  expect(memory().numTensors - before, 'tensors left behind').toBe(kept);
  return result;
}
