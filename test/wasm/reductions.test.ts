import { getBackend, mean, reshape, setBackend, sum, tensor1d, tidy } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { reducedSizes } from '../../src/wasm/kernels/reductions.js';
import { useBackend } from '../helpers/backend.js';
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { onBoth } from './backends.js';

const before = getBackend();
beforeAll(() => useBackend('wasm'));
afterAll(() => setBackend(before));

const axes = fc.array(fc.record({ size: fc.constantFrom<number>(1, 2, 5, 17, 64), reduced: fc.boolean() }), {
  minLength: 1,
  maxLength: 4,
});

it("sums and means are the cpu backend's over generated shapes and axes", async () => {
  await expectTensors(0, () =>
    fc.assert(
      fc.asyncProperty(axes, fc.boolean(), async (shape, keepDims) => {
        const sizes = shape.map(({ size }) => size);
        const reduced = [...shape.keys()].filter((axis) => shape[axis]!.reduced);
        const values = hashedValues(
          'x',
          sizes.reduce((product, size) => product * size, 1),
        );
        const [expected, actual] = await onBoth(() => {
          const x = reshape(tensor1d(values), sizes);
          return [sum(x, reduced, keepDims), mean(x, reduced, keepDims)];
        });
        for (const [index, result] of actual.entries()) {
          expectClose(result, expected[index]!, { relative: 1e-5, absolute: 1e-4 });
        }
      }),
      { numRuns: 150, seed: 12 },
    ),
  );
});

it('finds the axes that lie side by side', () => {
  expect(reducedSizes([2, 3, 4, 5], [1, 2])).toEqual([2, 12, 5]);
  expect(reducedSizes([2, 1, 4], [0, 2])).toEqual([1, 8, 1]);
  expect(reducedSizes([2, 3, 4], [0, 2])).toBeUndefined();
  expect(reducedSizes([2, 3], [])).toEqual([6, 1, 1]);
});

it('adds a million values without losing the small ones', async () => {
  await setBackend('wasm');
  const [total] = tidy(() => [
    sum(reshape(tensor1d(new Float32Array(1 << 20).fill(0.1)), [1 << 10, 1 << 10])),
  ]);
  expect((await total!.data())[0]).toBeCloseTo((1 << 20) * Math.fround(0.1), 0);
  total!.dispose();
});

it('keeps NaN and infinity', async () => {
  const [expected, actual] = await onBoth(() => [
    sum(tensor1d([1, Number.NaN, 2])),
    sum(tensor1d([1, Number.POSITIVE_INFINITY, 2])),
    mean(tensor1d([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])),
  ]);
  expect(actual).toEqual(expected);
});
