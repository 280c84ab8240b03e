import {
  conv2d,
  depthwiseConv2d,
  grads,
  maxPool,
  pad,
  type Tensor,
  type Tensor4D,
  tensor4d,
  tidy,
} from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { paddedConv2d, paddedDepthwiseConv2d, paddedMaxPool } from '../../src/tensors/index.js';
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { generatedRuns, testSetting } from '../helpers/setting.js';

const windows = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    height: fc.integer({ min: 2, max: 9 }),
    width: fc.integer({ min: 2, max: 9 }),
    channels: fc.constantFrom(1, 3, 4, 16),
    size: fc.constantFrom(2, 3, 5),
    strides: fc.constantFrom(1, 2),
    top: fc.integer({ min: 0, max: 2 }),
    left: fc.integer({ min: 0, max: 2 }),
    lines: fc.integer({ min: 0, max: 2 }),
    columns: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ top, left, lines, columns, ...window }) => {
    // Padding at the end as the windows reach it, never as far as a window that would hold nothing else.
    const reach = (size: number, before: number, more: number) => {
      const beyond = Math.min(before, window.size - 1);
      const least = (Math.ceil((size + beyond - window.size) / window.strides) + (more % 2)) * window.strides;
      return [beyond, Math.max(0, Math.max(least, 0) + window.size - size - beyond)] as const;
    };
    const padding = [reach(window.height, top, lines), reach(window.width, left, columns)] as const;
    return { ...window, padding };
  })
  .filter(({ size, padding }) => padding.flat().every((side) => side < size));

/** Values of `compute` and its gradients for hashed inputs. */
async function valuesOf(compute: (...inputs: Tensor4D[]) => Tensor4D, ...shapes: number[][]) {
  const sizes = shapes.map((shape) => shape.reduce((product, size) => product * size, 1));
  const inputs = shapes.map((shape, index) =>
    tensor4d(hashedValues(`input ${index}`, sizes[index]!), shape as [number, number, number, number]),
  );
  const output = tidy(() => compute(...inputs));
  const upstream = tensor4d(hashedValues('upstream', output.size), output.shape);
  const gradients = grads((...values: Tensor[]) => compute(...(values as Tensor4D[])))(inputs, upstream);
  const results = await Promise.all([output, ...gradients].map((tensor) => tensor.data()));
  for (const tensor of [...inputs, output, upstream, ...gradients]) tensor.dispose();
  return results;
}

const sides = (padding: ReadonlyArray<readonly [number, number]>): Array<[number, number]> => [
  [0, 0],
  ...padding.map(([before, after]): [number, number] => [before, after]),
  [0, 0],
];

it.each<{
  name: string;
  padded: typeof paddedConv2d;
  plain: (x: Tensor4D, filter: Tensor4D, strides: number, mode: 'valid') => Tensor4D;
  outputs: number;
}>([
  { name: 'paddedConv2d', padded: paddedConv2d, plain: conv2d, outputs: 4 },
  { name: 'paddedDepthwiseConv2d', padded: paddedDepthwiseConv2d, plain: depthwiseConv2d, outputs: 1 },
  { name: 'paddedDepthwiseConv2d', padded: paddedDepthwiseConv2d, plain: depthwiseConv2d, outputs: 3 },
])('$name is a convolution of the padded pictures, with its gradients: $outputs', async (operation) => {
  await expectTensors(0, () =>
    fc.assert(
      fc.asyncProperty(windows, async ({ batch, height, width, channels, size, strides, padding }) => {
        const shapes = [
          [batch, height, width, channels],
          [size, size, channels, operation.outputs],
        ];
        const actual = await valuesOf((x, w) => operation.padded(x!, w!, { strides, padding }), ...shapes);
        const plain = (x: Tensor4D, w: Tensor4D) =>
          operation.plain(pad(x, sides(padding)) as Tensor4D, w, strides, 'valid');
        const expected = await valuesOf((x, w) => plain(x!, w!), ...shapes);
        for (const [index, values] of actual.entries()) {
          expectClose(values, expected[index]!, { relative: 1e-5, absolute: 1e-5 });
        }
      }),
      { numRuns: generatedRuns(60), seed: 7 },
    ),
  );
});

it('paddedMaxPool is the maximum over the pictures alone, with its gradient', async () => {
  await expectTensors(0, () =>
    fc.assert(
      fc.asyncProperty(windows, async ({ batch, height, width, channels, size, strides, padding }) => {
        const shape = [batch, height, width, channels];
        const actual = await valuesOf((x) => paddedMaxPool(x!, size, { strides, padding }), shape);
        const plain = (x: Tensor4D) =>
          maxPool(pad(x, sides(padding), -1e30) as Tensor4D, size, strides, 'valid');
        const expected = await valuesOf((x) => plain(x!), shape);
        for (const [index, values] of actual.entries()) {
          expectClose(values, expected[index]!, { absolute: 1e-6 });
        }
      }),
      { numRuns: generatedRuns(60), seed: 8 },
    ),
  );
});

const hasKernel = testSetting('BACKEND') === 'wasm';
const why = hasKernel ? '' : " (left out: tfjs's own maximum pool ignores NaN)";

it.skipIf(!hasKernel)(`paddedMaxPool does not swallow NaN${why}`, async () => {
  const x = tensor4d([Number.NaN, 1, 2, 3], [1, 2, 2, 1]);
  const y = paddedMaxPool(x, 3, {
    strides: 2,
    padding: [
      [1, 0],
      [1, 0],
    ],
  });
  expect([...(await y.data())]).toEqual([Number.NaN]);
  x.dispose();
  y.dispose();
});
