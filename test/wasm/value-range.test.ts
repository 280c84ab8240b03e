import { getBackend, profile, scalar, setBackend, tensor4d } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkImageValues, imagesToTensor } from '../../src/data/index.js';
import { useBackend } from '../helpers/backend.js';
import { expectTensors } from '../helpers/leaks.js';

const before = getBackend();
beforeAll(() => useBackend('wasm'));
afterAll(() => setBackend(before));

/** The kernels that a check runs. */
async function kernelsOf(check: () => Promise<void>): Promise<string[]> {
  const { kernelNames } = await profile(async () => {
    await check();
    return scalar(0);
  });
  return kernelNames;
}

it('finds a value outside [0, 1] wherever it is, and what it is', async () => {
  const sizes = fc.constantFrom(1, 2, 3, 4, 5, 63, 16_383, 16_384, 16_385, 40_007);
  const wrong = fc.constantFrom<[number, RegExp]>(
    [-0.5, /from -0.5 to/],
    [1.5, /to 1.5\./],
    [Number.NaN, /with NaN/],
    [Number.POSITIVE_INFINITY, /to Infinity/],
    [Number.NEGATIVE_INFINITY, /from -Infinity/],
  );
  await expectTensors(0, () =>
    fc.assert(
      fc.asyncProperty(sizes, fc.nat(), wrong, async (size, place, [value, message]) => {
        const values = Float32Array.from({ length: size }, (_, i) => (i % 100) / 99);
        const right = tensor4d(values, [1, 1, size, 1]);
        await checkImageValues('fit', 'images', right);
        right.dispose();
        values[place % size] = value;
        const images = tensor4d(values, [1, 1, size, 1]);
        await expect(checkImageValues('fit', 'images', images)).rejects.toThrow(message);
        images.dispose();
      }),
      { numRuns: 100, seed: 9 },
    ),
  );
});

it('is one kernel for a tensor, and none for what was checked or made of bytes', async () => {
  await setBackend('wasm');
  const given = tensor4d(new Float32Array(12).fill(0.5), [1, 2, 2, 3]);
  const check = (images: typeof given) => kernelsOf(() => checkImageValues('fit', 'images', images));
  expect(await check(given)).toEqual(['SimCLRValueRange']);
  expect(await check(given)).toEqual([]);
  const bytes = imagesToTensor({ data: new Uint8Array(12).fill(9), shape: [1, 2, 2, 3] });
  const floats = imagesToTensor({ data: new Float32Array(12), shape: [1, 2, 2, 3] });
  expect(await check(bytes)).toEqual([]);
  expect(await check(floats)).toEqual([]);
  for (const images of [given, bytes, floats]) images.dispose();
});
