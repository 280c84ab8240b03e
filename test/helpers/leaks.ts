import { getBackend, memory } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

/**
 * Runs `body` and asserts that it leaves exactly `kept` tensors more than there were, and not more data than tensors: a
 * kernel can keep memory that no tensor refers to. TensorFlow.js's graphics backends do so on purpose, for sliced data.
 */
export async function expectTensors<T>(kept: number, body: () => T | Promise<T>): Promise<T> {
  const before = memory();
  const result = await body();
  const after = memory();
  expect(after.numTensors - before.numTensors, 'tensors left behind').toBe(kept);
  if (!['wasm', 'cpu'].includes(getBackend())) return result;
  const data = after.numDataBuffers - before.numDataBuffers;
  expect(data, 'data without a tensor').toBeLessThanOrEqual(Math.max(0, kept));
  return result;
}
