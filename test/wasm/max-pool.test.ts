import {
  getBackend,
  grad,
  maxPool,
  setBackend,
  type Tensor,
  type Tensor4D,
  tensor4d,
} from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { afterAll, beforeAll, it } from 'vitest';
import { useBackend } from '../helpers/backend.js';
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';

const before = getBackend();
beforeAll(() => useBackend('wasm'));
afterAll(() => setBackend(before));

const pools = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  height: fc.integer({ min: 4, max: 9 }),
  width: fc.integer({ min: 4, max: 9 }),
  channels: fc.constantFrom(1, 3, 4, 7, 16),
  size: fc.constantFrom<[number, number]>([2, 2], [3, 3], [3, 2]),
  strides: fc.constantFrom<[number, number]>([1, 1], [2, 2], [2, 1]),
  pad: fc.constantFrom<'same' | 'valid'>('same', 'valid'),
});

it("maxPool and its gradient are the cpu backend's, negative inputs and ties included", async () => {
  await expectTensors(0, () =>
    fc.assert(
      fc.asyncProperty(pools, async ({ batch, height, width, channels, size, strides, pad }) => {
        const shape: [number, number, number, number] = [batch, height, width, channels];
        const length = batch * height * width * channels;
        // Rounded to tenths: equal maxima in one window are common.
        const values = hashedValues('x', length).map((value) => Math.round(value * 10) / 10);
        const on = async (backend: string) => {
          await setBackend(backend);
          const x = tensor4d(values, shape);
          const y = maxPool(x, size, strides, pad);
          const dy = tensor4d(hashedValues('dy', y.size), y.shape);
          const dx = grad((a: Tensor) => maxPool(a as Tensor4D, size, strides, pad))(x, dy);
          const result = [...(await y.data()), ...(await dx.data())];
          for (const tensor of [x, y, dy, dx]) tensor.dispose();
          return result;
        };
        expectClose(await on('wasm'), await on('cpu'), { absolute: 1e-6 });
      }),
      { numRuns: 60, seed: 4 },
    ),
  );
});
