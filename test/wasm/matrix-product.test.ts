import { getBackend, matMul, setBackend, type Tensor, tensor } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { useBackend } from '../helpers/backend.js';
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';

const before = getBackend();
beforeAll(() => useBackend('wasm'));
afterAll(() => setBackend(before));

const size = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(64, 100, 257));
const products = fc.record({
  rows: size,
  depth: size,
  columns: size,
  batchA: fc.constantFrom([], [1], [3]),
  batchB: fc.constantFrom([], [1], [3]),
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
});

it("matMul gives the cpu backend's values for every transposition and odd size", async () => {
  await expectTensors(0, () =>
    fc.assert(
      fc.asyncProperty(products, async ({ rows, depth, columns, batchA, batchB, transposeA, transposeB }) => {
        const shapeA = [...batchA, ...(transposeA ? [depth, rows] : [rows, depth])];
        const shapeB = [...batchB, ...(transposeB ? [columns, depth] : [depth, columns])];
        const on = async (backend: string) => {
          await setBackend(backend);
          const make = (name: string, shape: number[]): Tensor =>
            tensor(
              hashedValues(
                name,
                shape.reduce((product, length) => product * length, 1),
              ),
              shape,
            );
          const [a, b] = [make('a', shapeA), make('b', shapeB)];
          const product = matMul(a, b, transposeA, transposeB);
          const values = await product.data();
          for (const used of [a, b, product]) used.dispose();
          return { values, shape: product.shape };
        };
        const [expected, actual] = [await on('cpu'), await on('wasm')];
        expect(actual.shape).toEqual(expected.shape);
        expectClose(actual.values, expected.values, { absolute: 1e-6, relative: 1e-5 });
      }),
      { numRuns: 80, seed: 2 },
    ),
  );
});
