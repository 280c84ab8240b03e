import {
  type backend_util,
  depthwiseConv2d,
  engine,
  getBackend,
  grads,
  type NamedAttrMap,
  setBackend,
  type Tensor,
  type Tensor4D,
  tensor4d,
  tidy,
} from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../helpers/backend.js';
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { onBoth } from './backends.js';

const before = getBackend();
beforeAll(() => useBackend('wasm'));
afterAll(() => setBackend(before));

type Shape4D = [number, number, number, number];
type Pair = [number, number];

interface Depthwise {
  input: Shape4D;
  filter: Shape4D;
  strides: Pair;
  dilations: Pair;
  pad: 'same' | 'valid' | backend_util.ExplicitPadding;
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
const valuesOf = (name: string, shape: Shape4D) => tensor4d(hashedValues(name, sizeOf(shape)), shape);

const sizes = {
  batch: fc.integer({ min: 1, max: 3 }),
  height: fc.integer({ min: 5, max: 13 }),
  width: fc.integer({ min: 5, max: 13 }),
  // Around one and two vectors, and more than one part of the filter's gradient.
  channels: fc.constantFrom(1, 3, 4, 7, 8, 12, 19, 32, 67, 130),
  multiplier: fc.constantFrom(1, 1, 1, 2, 3),
  kernel: fc.constantFrom<Pair>([3, 3], [3, 3], [1, 1], [5, 5], [2, 4], [4, 1]),
};

const dense: fc.Arbitrary<Depthwise> = fc
  .record({
    ...sizes,
    stride: fc.constantFrom(1, 2, 3),
    pad: fc.constantFrom<'same' | 'valid'>('same', 'valid'),
  })
  .map(({ batch, height, width, channels, multiplier, kernel, stride, pad }) => ({
    input: [batch, height, width, channels],
    filter: [...kernel, channels, multiplier],
    strides: [stride, stride],
    dilations: [1, 1],
    pad,
  }));

/** With different strides, dilations and paddings of both axes, which tfjs's own operation does not differentiate. */
const general: fc.Arbitrary<Depthwise> = fc
  .record({
    ...sizes,
    strides: fc.constantFrom<Pair>([1, 1], [2, 2], [1, 3], [4, 2]),
    dilations: fc.constantFrom<Pair>([1, 1], [2, 2], [1, 2], [3, 1], [6, 4]),
    sides: fc.tuple(...[0, 1, 2, 3].map(() => fc.integer({ min: 0, max: 4 }))),
  })
  .map(({ batch, height, width, channels, multiplier, kernel, strides, dilations, sides }) => {
    const [top, bottom, left, right] = sides as Shape4D;
    const pad: backend_util.ExplicitPadding = [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ];
    return {
      input: [batch, height, width, channels] as Shape4D,
      filter: [...kernel, channels, multiplier] as Shape4D,
      strides,
      dilations,
      pad,
    };
  })
  .filter((convolution) => Math.min(...outputSize(convolution)) > 0);

function outputSize({ input, filter, strides, dilations, pad }: Depthwise): number[] {
  return [0, 1].map((axis) => {
    const [start, end] = (pad as backend_util.ExplicitPadding)[axis + 1]!;
    const reach = (filter[axis]! - 1) * dilations[axis]! + 1;
    return Math.floor((input[axis + 1]! + start + end - reach) / strides[axis]!) + 1;
  });
}

/** Output and gradients with explicit padding, from the definition, in float64. */
function definition(convolution: Depthwise): Float64Array[] {
  const { input, filter, strides, dilations, pad } = convolution;
  const [, height, width, channels] = input;
  const [filterHeight, filterWidth, , multiplier] = filter;
  const [[top], [left]] = (pad as backend_util.ExplicitPadding).slice(1, 3) as [Pair, Pair];
  const [outHeight, outWidth] = outputSize(convolution) as Pair;
  const outputs = channels * multiplier;
  const [x, w] = [hashedValues('x', sizeOf(input)), hashedValues('w', sizeOf(filter))];
  const y = new Float64Array(input[0] * outHeight * outWidth * outputs);
  const dy = hashedValues('dy', y.length);
  const [dx, dw] = [new Float64Array(x.length), new Float64Array(w.length)];
  for (let to = 0; to < y.length; to++) {
    const [output, pixel] = [to % outputs, Math.floor(to / outputs)];
    const [column, line] = [pixel % outWidth, Math.floor(pixel / outWidth) % outHeight];
    const picture = Math.floor(pixel / (outWidth * outHeight));
    for (let tap = 0; tap < filterHeight * filterWidth; tap++) {
      const row = line * strides[0] - top + Math.floor(tap / filterWidth) * dilations[0];
      const place = column * strides[1] - left + (tap % filterWidth) * dilations[1];
      if (row < 0 || row >= height || place < 0 || place >= width) continue;
      const channel = Math.floor(output / multiplier);
      const from = ((picture * height + row) * width + place) * channels + channel;
      const weight = tap * outputs + output;
      y[to]! += x[from]! * w[weight]!;
      dx[from]! += w[weight]! * dy[to]!;
      dw[weight]! += x[from]! * dy[to]!;
    }
  }
  return [y, dx, dw];
}

/** The three kernels on wasm. */
async function kernels(convolution: Depthwise): Promise<Float32Array[]> {
  const { input, filter, strides, dilations, pad } = convolution;
  await setBackend('wasm');
  const results = tidy(() => {
    const [x, w] = [valuesOf('x', input), valuesOf('w', filter)];
    const run = (kernel: string, inputs: Record<string, Tensor>, shapes = {}) => {
      const attributes = { strides, dilations, pad, dataFormat: 'NHWC', ...shapes };
      return engine().runKernel(kernel, inputs, attributes as unknown as NamedAttrMap) as Tensor;
    };
    const y = run('DepthwiseConv2dNative', { x, filter: w });
    const dy = valuesOf('dy', y.shape as Shape4D);
    return [
      y,
      run('DepthwiseConv2dNativeBackpropInput', { dy, filter: w }, { inputShape: input }),
      run('DepthwiseConv2dNativeBackpropFilter', { x, dy }, { filterShape: filter }),
    ];
  });
  const values = await Promise.all(results.map((result) => result.data()));
  for (const result of results) result.dispose();
  return values as Float32Array[];
}

function operation(
  { input, filter, strides, pad }: Depthwise,
  change?: (name: string, t: Tensor4D) => Tensor4D,
) {
  const made = (name: string, shape: Shape4D) =>
    change?.(name, valuesOf(name, shape)) ?? valuesOf(name, shape);
  const [x, w] = [made('x', input), made('w', filter)];
  const convolve = (a: Tensor, b: Tensor) => depthwiseConv2d(a as Tensor4D, b as Tensor4D, strides, pad);
  const y = convolve(x, w);
  return [y, ...grads(convolve)([x, w], made('dy', y.shape as Shape4D))];
}

describe('depthwiseConv2d and its gradients on wasm', () => {
  it("are the cpu backend's over generated shapes, and leak nothing", async () => {
    await expectTensors(0, () =>
      fc.assert(
        fc.asyncProperty(dense, async (convolution) => {
          const [expected, actual] = await onBoth(() => operation(convolution));
          for (const [index, values] of actual.entries()) {
            expectClose(values, expected[index]!, { relative: 1e-5 });
          }
        }),
        { numRuns: 120, seed: 1 },
      ),
    );
  });

  it('are those of the definition with any strides, dilations and paddings', async () => {
    await expectTensors(0, () =>
      fc.assert(
        fc.asyncProperty(general, async (convolution) => {
          const expected = definition(convolution);
          for (const [index, values] of (await kernels(convolution)).entries()) {
            expectClose(values, expected[index]!, { relative: 1e-5 });
          }
        }),
        { numRuns: 150, seed: 2 },
      ),
    );
  });

  // Rows of one picture in several tasks, and several blocks of the filter's gradient.
  it.each<Depthwise>([
    { input: [3, 70, 61, 24], filter: [3, 3, 24, 1], strides: [1, 1], dilations: [1, 1], pad: 'same' },
    { input: [2, 65, 64, 40], filter: [5, 5, 40, 1], strides: [2, 2], dilations: [1, 1], pad: 'same' },
  ])("are the cpu backend's for large pictures: $input", async (convolution) => {
    const [expected, actual] = await onBoth(() => operation(convolution));
    for (const [index, values] of actual.entries()) expectClose(values, expected[index]!, { relative: 2e-5 });
  });

  it.each([
    ['x', Number.NaN],
    ['x', Number.POSITIVE_INFINITY],
    ['w', Number.NaN],
    ['w', Number.NEGATIVE_INFINITY],
    ['dy', Number.NaN],
    ['dy', Number.POSITIVE_INFINITY],
  ])('have non-finite values where the cpu backend has them: %s with %d', async (changed, value) => {
    const convolution: Depthwise = {
      input: [2, 7, 9, 11],
      filter: [3, 3, 11, 1],
      strides: [1, 1],
      dilations: [1, 1],
      pad: 'same',
    };
    const [expected, actual] = await onBoth(() =>
      operation(convolution, (name, tensor) => {
        if (name !== changed) return tensor;
        const values = tensor.dataSync().slice();
        for (const place of [0, 5, 40]) values[place] = value;
        return tensor4d(values, tensor.shape);
      }),
    );
    const kinds = (all: Float32Array[]) =>
      all.map((values) => [...values].map((v) => (Number.isFinite(v) ? 0 : v)));
    expect(kinds(actual)).toEqual(kinds(expected));
    expect(
      kinds(actual)
        .flat()
        .some((kind) => Object.is(kind, value)),
    ).toBe(true);
  });
});
