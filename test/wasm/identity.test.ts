import { add, memory, setBackend, tensor1d } from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { useBackend } from '../helpers/backend.js';
import { expectClose } from '../helpers/close.js';

beforeAll(() => useBackend('wasm'));

it('clones without a copy, and the clone outlives its original', async () => {
  await setBackend('wasm');
  const x = tensor1d([1, 2, 3]);
  const before = memory();
  const y = x.clone();
  expect(memory().numDataBuffers).toBe(before.numDataBuffers);
  const sum = add(y, y);
  x.dispose();
  expectClose(await y.data(), [1, 2, 3], {});
  expectClose(await sum.data(), [2, 4, 6], {});
  y.dispose();
  sum.dispose();
  expect(memory().numDataBuffers).toBe(before.numDataBuffers - 1);
});
