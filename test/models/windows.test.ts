import {
  add,
  conv2d,
  grads,
  keep,
  mul,
  pad,
  reshape,
  sum,
  type Tensor,
  type Tensor4D,
  tensor,
} from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidOptionError, ShapeError } from '../../src/errors/index.js';
import {
  PaddedConv2D,
  PaddedDepthwiseConv2D,
  PaddedMaxPooling2D,
  type Padding,
} from '../../src/models/index.js';
import { outputSize, planPadding, samePadding, usedPadding } from '../../src/models/layers/padding.js';
import fixture from '../fixtures/models/windows.json' with { type: 'json' };
import { expectClose } from '../helpers/close.js';
import { expectTensors } from '../helpers/leaks.js';
import { tidyAsync } from '../helpers/tidy-async.js';
import { filled } from './fill.js';

const tolerance = { relative: 1e-5, absolute: 1e-6 };

describe('PaddedConv2D', () => {
  test.each(fixture.convolutions)('$name: forward and backward as PyTorch', async (item) => {
    await expectTensors(0, async () =>
      tidyAsync(async () => {
        const layer = new PaddedConv2D({
          filters: 3,
          kernelSize: item.kernelSize,
          strides: item.strides,
          padding: item.padding as Padding,
        });
        const x = filled<Tensor4D>(`${item.name}/x`, [1, ...item.size, 2]);
        layer.apply(x); // makes the weights
        const kernel = layer.weights[0]!;
        kernel.write(filled(`${item.name}/kernel`, kernel.shape as number[]));
        expect(layer.computeOutputShape([null, ...item.size, 2])).toEqual([null, ...item.shape.slice(1)]);
        const dy = filled(`${item.name}/dy`, item.shape);
        // The layer reads the variable itself, so that is what the second gradient is asked of.
        let output: Tensor | undefined;
        const [dx, dkernel] = grads((input: Tensor, _kernel: Tensor) => {
          output = keep(layer.apply(input) as Tensor);
          return sum(mul(output, dy));
        })([x, kernel.read()]);
        expectClose(await output!.data(), item.output, tolerance);
        output!.dispose();
        expectClose(await dx!.data(), item.dx, tolerance);
        expectClose(await dkernel!.data(), item.dkernel, tolerance);
        layer.dispose();
      }),
    );
  });

  test('default padding is (kernelSize - 1) / 2, the odd line at the end', async () => {
    await tidyAsync(async () => {
      for (const kernelSize of [1, 2, 3, 4, 7]) {
        const layer = new PaddedConv2D({ filters: 2, kernelSize, strides: 2 });
        const x = filled<Tensor4D>('x', [1, 8, 9, 2]);
        const output = layer.apply(x) as Tensor4D;
        const [before, after] = [Math.floor((kernelSize - 1) / 2), Math.ceil((kernelSize - 1) / 2)];
        const sides: [number, number] = [before, after];
        const padded = pad(x, [[0, 0], sides, sides, [0, 0]]);
        const expected = conv2d(padded, layer.weights[0]!.read() as Tensor4D, 2, 'valid');
        expect(output.shape).toEqual(expected.shape);
        expectClose(await output.data(), await expected.data(), { relative: 1e-6 });
        layer.dispose();
      }
    });
  });

  test('a bias is added to every channel', async () => {
    await tidyAsync(async () => {
      const layer = new PaddedConv2D({ filters: 2, kernelSize: 1, useBias: true });
      const x = filled<Tensor4D>('x', [1, 2, 2, 3]);
      const before = await (layer.apply(x) as Tensor).data();
      layer.weights[1]!.write(filled('bias', [2]));
      const bias = await layer.weights[1]!.read().data();
      const after = await (layer.apply(x) as Tensor).data();
      expectClose(
        after,
        before.map((value, index) => value + bias[index % 2]!),
        { absolute: 1e-6 },
      );
      layer.dispose();
    });
  });

  test('refuses options outside their domain and inputs of another rank', () => {
    expect(() => new PaddedConv2D({ filters: 0, kernelSize: 3 })).toThrow(InvalidOptionError);
    expect(() => new PaddedConv2D({ filters: 1, kernelSize: 2.5 })).toThrow(/kernelSize must be an integer/);
    expect(() => new PaddedConv2D({ filters: 1, kernelSize: 3, strides: 0 })).toThrow(/strides must be/);
    expect(() => new PaddedConv2D({ filters: 1, kernelSize: 3, padding: -1 })).toThrow(/padding must be/);
    expect(() => new PaddedConv2D({ filters: 1, kernelSize: 3, padding: [1, 1] as never })).toThrow(
      /padding must be an integer >= 0 or \[top, bottom, left, right\]/,
    );
    expect(() => new PaddedConv2D({ filters: 1, kernelSize: 3 }).build([null, 4])).toThrow(ShapeError);
  });
});

describe('PaddedDepthwiseConv2D', () => {
  // A depthwise kernel as one of all channels: zeros where an output does not depend on an input.
  test('is the convolution whose kernel is zero between channels', async () => {
    await tidyAsync(async () => {
      const [channels, depthMultiplier] = [3, 2];
      const options = { kernelSize: 3, strides: 2, padding: [0, 2, 1, 1], useBias: true } as const;
      const layer = new PaddedDepthwiseConv2D({ ...options, depthMultiplier });
      const full = new PaddedConv2D({ ...options, filters: channels * depthMultiplier });
      const x = filled<Tensor4D>('x', [2, 7, 8, channels]);
      for (const each of [layer, full]) each.apply(x); // makes the weights
      expect(layer.computeOutputShape([null, 7, 8, channels])).toEqual([null, 4, 4, 6]);
      const kernel = filled('kernel', [3, 3, channels, depthMultiplier]);
      layer.weights[0]!.write(kernel);
      const mask = Array.from({ length: channels * 6 }, (_, i) =>
        (i % 6) >> 1 === Math.floor(i / 6) ? 1 : 0,
      );
      const spread = mul(reshape(kernel, [3, 3, 1, 6]), tensor(mask, [1, 1, channels, 6]));
      full.weights[0]!.write(spread);
      for (const each of [layer, full]) each.weights[1]!.write(filled('bias', [6]));
      const [actual, expected] = [layer, full].map((each) => each.apply(x) as Tensor);
      expect(actual!.shape).toEqual([2, 4, 4, 6]);
      expectClose(await actual!.data(), await expected!.data(), tolerance);
      layer.dispose();
      full.dispose();
    });
  });

  test('refuses options outside their domain and inputs of another rank', () => {
    expect(() => new PaddedDepthwiseConv2D({ kernelSize: 0 })).toThrow(InvalidOptionError);
    expect(() => new PaddedDepthwiseConv2D({ kernelSize: 3, depthMultiplier: 0 })).toThrow(
      /PaddedDepthwiseConv2D: depthMultiplier must be an integer/,
    );
    expect(() => new PaddedDepthwiseConv2D({ kernelSize: 3, filters: 2 } as never)).toThrow(
      /no other fields/,
    );
    expect(() => new PaddedDepthwiseConv2D({ kernelSize: 3 }).build([null, 4])).toThrow(ShapeError);
  });
});

describe('PaddedMaxPooling2D', () => {
  test.each(fixture.poolings)('$name: forward and backward as PyTorch', async (item) => {
    await expectTensors(0, async () =>
      tidyAsync(async () => {
        const { kernelSize, strides, padding } = item;
        const layer = new PaddedMaxPooling2D({ kernelSize, strides, padding });
        const x = filled<Tensor4D>(`${item.name}/x`, [2, ...item.size, 2], 1, -2);
        expect(layer.computeOutputShape([null, ...item.size, 2])).toEqual([null, ...item.shape.slice(1)]);
        expectClose(await (layer.apply(x) as Tensor).data(), item.output, tolerance);
        const dy = filled(`${item.name}/dy`, item.shape);
        // The places of the maxima do not move with an offset, and the gradient kernel of tfjs's wasm backend passes
        // nothing to a maximum below zero.
        const [dx] = grads((input: Tensor) => sum(mul(layer.apply(input) as Tensor, dy)))([add(x, 4)]);
        expectClose(await dx!.data(), item.dx, tolerance);
      }),
    );
  });

  test('refuses options outside their domain and inputs of another rank', () => {
    expect(() => new PaddedMaxPooling2D({ kernelSize: 0 })).toThrow(InvalidOptionError);
    expect(() => new PaddedMaxPooling2D({ kernelSize: 2, strides: -1 })).toThrow(/strides must be/);
    expect(() => new PaddedMaxPooling2D({ kernelSize: 2, padding: 2 })).toThrow(
      /padding must be smaller than kernelSize/,
    );
    expect(() => new PaddedMaxPooling2D({ kernelSize: 2 }).computeOutputShape([null, 4])).toThrow(ShapeError);
  });
});

describe('padding', () => {
  const cases = fc.record({
    size: fc.integer({ min: 7, max: 40 }),
    kernelSize: fc.integer({ min: 1, max: 7 }),
    stride: fc.integer({ min: 1, max: 3 }),
    before: fc.integer({ min: 0, max: 4 }),
    after: fc.integer({ min: 0, max: 4 }),
  });

  test('what no window reaches is dropped, the output size stays', () => {
    fc.assert(
      fc.property(cases, ({ size, kernelSize, stride, before, after }) => {
        const window = { kernelSize, stride };
        const used = usedPadding(size, window, [before, after]);
        expect(outputSize(size, window, used)).toBe(outputSize(size, window, [before, after]));
        expect(used[0]).toBe(before);
        expect(used[1]).toBeLessThanOrEqual(after);
      }),
    );
  });

  test("'same' is planned exactly where it gives the same sides and size", () => {
    fc.assert(
      fc.property(cases, ({ size, kernelSize, stride, before, after }) => {
        const window = { kernelSize, stride };
        const plan = planPadding(
          [size, size],
          [window, window],
          [
            [before, after],
            [before, after],
          ],
        );
        const expected = outputSize(size, window, [before, after]);
        if (plan.mode === 'same') {
          expect(expected).toBe(Math.ceil(size / stride));
          expect(usedPadding(size, window, [before, after])).toEqual(samePadding(size, window));
        } else {
          const sides = plan.pad?.[0] ?? [0, 0];
          expect(outputSize(size, window, sides)).toBe(expected);
          expect(sides[0]).toBe(before);
        }
      }),
    );
  });
});
