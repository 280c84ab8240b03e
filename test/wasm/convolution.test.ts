import {
  cast,
  conv2d,
  gather,
  getBackend,
  grads,
  oneHot,
  randomUniform,
  setBackend,
  type Tensor,
  type Tensor4D,
  tensor1d,
  tensor4d,
} from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../helpers/backend.js';
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';

const before = getBackend();
beforeAll(() => useBackend('wasm'));
afterAll(() => setBackend(before));

interface Convolution {
  input: [number, number, number, number];
  filter: [number, number, number, number];
  strides: [number, number];
  pad: 'same' | 'valid' | number;
}

const convolutions: fc.Arbitrary<Convolution> = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    height: fc.integer({ min: 7, max: 11 }),
    width: fc.integer({ min: 7, max: 11 }),
    channels: fc.integer({ min: 1, max: 5 }),
    outputs: fc.integer({ min: 1, max: 5 }),
    kernel: fc.constantFrom([1, 1], [3, 3], [5, 5], [7, 7], [3, 1], [2, 4]),
    strides: fc.constantFrom<[number, number]>([1, 1], [2, 2], [3, 3], [2, 1]),
    pad: fc.constantFrom<'same' | 'valid' | number>('same', 'valid', 0, 1, 2, 3),
  })
  // With a number as padding tfjs-core computes the output's shape from the height's kernel and stride alone, and
  // stock wasm corrupts its memory when the padding reaches the kernel's size.
  .filter(
    ({ kernel, strides, pad }) =>
      typeof pad === 'string' || (kernel[0] === kernel[1] && strides[0] === strides[1] && pad < kernel[0]!),
  )
  .map(({ batch, height, width, channels, outputs, kernel, strides, pad }) => ({
    input: [batch, height, width, channels],
    filter: [kernel[0]!, kernel[1]!, channels, outputs],
    strides,
    pad,
  }));

/** Values of a convolution and of its gradients for input and filter on a backend, with fixed pictures. */
async function valuesOn(
  backend: string,
  { input, filter, strides, pad }: Convolution,
): Promise<Float32Array[]> {
  await setBackend(backend);
  const size = (shape: number[]) => shape.reduce((product, value) => product * value, 1);
  const x = tensor4d(hashedValues('x', size(input)), input);
  const w = tensor4d(hashedValues('w', size(filter)), filter);
  const y = conv2d(x, w, strides, pad);
  const dy = tensor4d(hashedValues('dy', y.size), y.shape);
  const tensors: Tensor[] = grads((a: Tensor, b: Tensor) =>
    conv2d(a as Tensor4D, b as Tensor4D, strides, pad),
  )([x, w], dy);
  const values = (await Promise.all([y, ...tensors].map((tensor) => tensor.data()))) as Float32Array[];
  for (const tensor of [x, w, y, dy, ...tensors]) tensor.dispose();
  return values;
}

describe('conv2d and its gradients on wasm', () => {
  it("are the cpu backend's over generated shapes, strides and paddings, and leak nothing", async () => {
    await expectTensors(0, () =>
      fc.assert(
        fc.asyncProperty(convolutions, async (convolution) => {
          const expected = await valuesOn('cpu', convolution);
          const actual = await valuesOn('wasm', convolution);
          for (const [index, values] of actual.entries())
            expectClose(values, expected[index]!, { relative: 1e-5 });
        }),
        { numRuns: 150, seed: 1 },
      ),
    );
  });

  // Channels of whole vectors and a 3x3 filter at stride 1: what Winograd's algorithm takes.
  const wide: fc.Arbitrary<Convolution> = fc
    .record({
      batch: fc.integer({ min: 1, max: 3 }),
      height: fc.integer({ min: 3, max: 10 }),
      width: fc.integer({ min: 3, max: 10 }),
      channels: fc.constantFrom(16, 24, 64),
      outputs: fc.constantFrom(16, 32, 40),
      pad: fc.constantFrom<'same' | 'valid' | number>('same', 'valid', 1, 2),
    })
    .map(({ batch, height, width, channels, outputs, pad }) => ({
      input: [batch, height, width, channels],
      filter: [3, 3, channels, outputs],
      strides: [1, 1],
      pad,
    }));

  it("are the cpu backend's by Winograd's algorithm", async () => {
    await expectTensors(0, () =>
      fc.assert(
        fc.asyncProperty(wide, async (convolution) => {
          const expected = await valuesOn('cpu', convolution);
          const actual = await valuesOn('wasm', convolution);
          for (const [index, values] of actual.entries()) {
            expectClose(values, expected[index]!, { relative: 2e-5 });
          }
        }),
        { numRuns: 40, seed: 3 },
      ),
    );
  });

  // Of small pictures most taps lie beyond the border: the products leave these out.
  const small: fc.Arbitrary<Convolution> = fc
    .record({
      batch: fc.integer({ min: 62, max: 70 }),
      height: fc.integer({ min: 1, max: 4 }),
      width: fc.integer({ min: 1, max: 4 }),
      channels: fc.constantFrom(1, 16, 19),
      outputs: fc.constantFrom(1, 6, 9),
      kernel: fc.constantFrom<[number, number]>([1, 1], [3, 3], [5, 5], [1, 3]),
      stride: fc.constantFrom(1, 2, 3),
      pad: fc.constantFrom<'same' | number>('same', 1, 2),
    })
    .filter(
      ({ kernel, pad, height, width }) =>
        typeof pad === 'string' ||
        (kernel[0] === kernel[1] && pad < kernel[0] && Math.min(height, width) + 2 * pad >= kernel[0]),
    )
    .map(({ batch, height, width, channels, outputs, kernel, stride, pad }) => ({
      input: [batch, height, width, channels],
      filter: [kernel[0], kernel[1], channels, outputs],
      strides: [stride, stride],
      pad,
    }));

  it("are the cpu backend's where most taps lie beyond the border", async () => {
    await expectTensors(0, () =>
      fc.assert(
        fc.asyncProperty(small, async (convolution) => {
          const expected = await valuesOn('cpu', convolution);
          const actual = await valuesOn('wasm', convolution);
          for (const [index, values] of actual.entries()) {
            expectClose(values, expected[index]!, { relative: 1e-5 });
          }
        }),
        { numRuns: 80, seed: 5 },
      ),
    );
  });

  it('propagate NaN', async () => {
    await setBackend('wasm');
    const x = randomUniform([1, 4, 4, 1]) as Tensor4D;
    const w = randomUniform([3, 3, 1, 1]) as Tensor4D;
    const dy = tensor4d(new Float32Array(16).fill(Number.NaN), [1, 4, 4, 1]);
    const both = grads((a: Tensor, b: Tensor) => conv2d(a as Tensor4D, b as Tensor4D, 1, 'same'))([x, w], dy);
    for (const gradient of both) expect([...(await gradient.data())].every(Number.isNaN)).toBe(true);
  });
});

describe('gradient of gather on wasm', () => {
  it('sums the rows that were taken more than once', async () => {
    await setBackend('wasm');
    const x = randomUniform([4, 3]);
    const dy = cast(oneHot(tensor1d([0, 1, 2, 1, 0], 'int32'), 3), 'float32');
    const indices = tensor1d([3, 0, 3, 1, 3], 'int32');
    const [gradient] = grads((a: Tensor) => gather(a, indices))([x], dy);
    expectClose(await gradient!.data(), [0, 1, 0, 0, 1, 0, 0, 0, 0, 2, 0, 1], {});
  });
});
