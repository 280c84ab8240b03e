import {
  avgPool,
  getBackend,
  grad,
  maxPool,
  mul,
  setBackend,
  sum,
  type Tensor,
  type Tensor4D,
  tensor4d,
  tidy,
} from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { useBackend } from '../helpers/backend.js';
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { onBoth } from './backends.js';

const before = getBackend();
beforeAll(() => useBackend('wasm'));
afterAll(() => setBackend(before));

const pools = fc.record({
  shape: fc.tuple(
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 4, max: 9 }),
    fc.integer({ min: 4, max: 9 }),
    fc.constantFrom(1, 3, 4, 7, 16),
  ),
  size: fc.constantFrom<[number, number]>([2, 2], [3, 3], [3, 2], [4, 4]),
  strides: fc.constantFrom<[number, number]>([1, 1], [2, 2], [2, 1], [3, 3]),
});

it("the gradient of avgPool is the cpu backend's where no window passes the border", async () => {
  await expectTensors(0, () =>
    fc.assert(
      fc.asyncProperty(pools, async ({ shape, size, strides }) => {
        const [expected, actual] = await onBoth(() => {
          const x = tensor4d(hashedValues('x', shape[0] * shape[1] * shape[2] * shape[3]), shape);
          const y = avgPool(x, size, strides, 'valid');
          const dy = tensor4d(hashedValues('dy', y.size), y.shape);
          return grad((a: Tensor) => avgPool(a as Tensor4D, size, strides, 'valid'))(x, dy);
        });
        expectClose(actual[0]!, expected[0]!, { absolute: 1e-6 });
      }),
      { numRuns: 60, seed: 13 },
    ),
  );
});

it('the gradient at the border is that of finite differences', async () => {
  await setBackend('wasm');
  const shape: [number, number, number, number] = [1, 5, 4, 1];
  const values = hashedValues('x', 20);
  const weights = hashedValues('w', 6);
  const loss = (x: Tensor) =>
    tidy(() => sum(mul(avgPool(x as Tensor4D, 3, 2, 'same'), tensor4d(weights, [1, 3, 2, 1]))));
  const x = tensor4d(values, shape);
  const gradient = grad(loss)(x);
  const expected = values.map((_, index) => {
    const at = (shift: number) => {
      const moved = Float32Array.from(values);
      moved[index]! += shift;
      return tidy(() => loss(tensor4d(moved, shape)).dataSync()[0]!);
    };
    return at(0.5) - at(-0.5);
  });
  expectClose(await gradient.data(), expected, { absolute: 1e-5 });
  expect(gradient.shape).toEqual(shape);
  x.dispose();
  gradient.dispose();
});

it.each(['average', 'maximum'] as const)('%s: a window larger than the maps leaves nothing', async (kind) => {
  const x = tensor4d(hashedValues('small', 2 * 2 * 3 * 4), [2, 2, 3, 4]);
  const beside = tensor4d(hashedValues('beside', 2 * 2 * 3 * 4), [2, 2, 3, 4]);
  await expectTensors(0, () => {
    tidy(() => {
      const pool = kind === 'average' ? avgPool : maxPool;
      expect(pool(x, 4, 4, 'valid').shape).toEqual([2, 0, 0, 4]);
      expect(pool(x, [2, 4], 2, 'valid').dataSync()).toHaveLength(0);
    });
  });
  // Memory beside it is as it was.
  expectClose(beside.dataSync(), hashedValues('beside', 2 * 2 * 3 * 4), { relative: 1e-7 });
  x.dispose();
  beside.dispose();
});
