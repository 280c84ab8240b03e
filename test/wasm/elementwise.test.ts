import { add, div, getBackend, mul, reshape, setBackend, sub, tensor1d } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { useBackend } from '../helpers/backend.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { onBoth } from './backends.js';

const before = getBackend();
beforeAll(() => useBackend('wasm'));
afterAll(() => setBackend(before));

const operations = { add, sub, mul, div };

// Each axis: whole in both, or repeated in one of them.
const axes = fc.array(
  fc.record({ size: fc.constantFrom(1, 2, 3, 16, 37), repeated: fc.constantFrom('none', 'a', 'b') }),
  { minLength: 1, maxLength: 4 },
);

it("sums, differences, products and quotients are the cpu backend's over generated broadcasts", async () => {
  await expectTensors(0, () =>
    fc.assert(
      fc.asyncProperty(
        axes,
        fc.constantFrom<keyof typeof operations>('add', 'sub', 'mul', 'div'),
        fc.boolean(),
        async (shape, name, shorter) => {
          const shapeOf = (operand: string) =>
            shape.map(({ size, repeated }) => (repeated === operand ? 1 : size));
          const b = shapeOf('b');
          // A shape may leave out leading axes of size 1.
          while (shorter && b[0] === 1 && b.length > 1) b.shift();
          const make = (label: string, sizes: number[]) => {
            const length = sizes.reduce((product, size) => product * size, 1);
            return reshape(tensor1d(hashedValues(label, length)), sizes);
          };
          const [expected, actual] = await onBoth(() =>
            operations[name](make('a', shapeOf('a')), make('b', b)),
          );
          expect(actual[0]).toEqual(expected[0]);
        },
      ),
      { numRuns: 200, seed: 11 },
    ),
  );
});

it('goes through more than one task, with a length that is not a multiple of the vector width', async () => {
  const length = 3 * 16_384 + 5;
  const values = hashedValues('long', length);
  const [expected, actual] = await onBoth(() => add(tensor1d(values), tensor1d(values)));
  expect(actual[0]).toEqual(expected[0]);
});

it('keeps NaN and infinity', async () => {
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 1, -0];
  const [expected, actual] = await onBoth(() => [
    mul(tensor1d(values), 0),
    div(1, tensor1d(values)),
    add(tensor1d(values), Number.POSITIVE_INFINITY),
  ]);
  expect(actual).toEqual(expected);
});

it('leaves other types to the stock kernels', async () => {
  await setBackend('wasm');
  const a = tensor1d([1, 2, 3], 'int32');
  const sum = add(a, a);
  expect(sum.dtype).toBe('int32');
  expect([...(await sum.data())]).toEqual([2, 4, 6]);
  a.dispose();
  sum.dispose();
});
