import {
  cast,
  conv2d,
  gather,
  getBackend,
  grads,
  oneHot,
  randomUniform,
  setBackend,
  slice4d,
  type Tensor,
  type Tensor4D,
  tensor1d,
  tensor4d,
} from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kernelModule, kinds } from '../../src/wasm/module/kernel-module.js';
import { useBackend } from '../helpers/backend.js';
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { remembered } from '../helpers/remembered.js';

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

/** {@link valuesOn} the cpu backend. */
const onCPU = (convolution: Convolution) =>
  remembered([valuesOn, hashedValues], convolution, () => valuesOn('cpu', convolution));

/** What {@link valuesOn} gives, with stride 1 and a number as padding, from the definition. */
function sumsInFloat64({ input, filter, pad }: Convolution): Float64Array[] {
  const [batch, height, width, channels] = input;
  const [filterHeight, filterWidth, , outputs] = filter;
  const [outHeight, outWidth] = [height, width].map((size) => size + 2 * Number(pad) - filterHeight + 1) as [
    number,
    number,
  ];
  const sizes = [batch * height * width * channels, filterHeight * filterWidth * channels * outputs];
  const x = hashedValues('x', sizes[0]!);
  const w = hashedValues('w', sizes[1]!);
  const y = new Float64Array(batch * outHeight * outWidth * outputs);
  const dy = hashedValues('dy', y.length);
  const [dx, dw] = sizes.map((size) => new Float64Array(size)) as [Float64Array, Float64Array];
  for (let pixel = 0; pixel < batch * outHeight * outWidth; pixel++) {
    const [column, line] = [pixel % outWidth, Math.floor(pixel / outWidth) % outHeight];
    const picture = Math.floor(pixel / (outWidth * outHeight));
    for (let tap = 0; tap < filterHeight * filterWidth; tap++) {
      const row = line - Number(pad) + Math.floor(tap / filterWidth);
      const place = column - Number(pad) + (tap % filterWidth);
      if (row < 0 || row >= height || place < 0 || place >= width) continue;
      for (let channel = 0; channel < channels; channel++) {
        const from = ((picture * height + row) * width + place) * channels + channel;
        const weights = (tap * channels + channel) * outputs;
        let gradient = 0;
        for (let output = 0; output < outputs; output++) {
          const to = pixel * outputs + output;
          y[to]! += x[from]! * w[weights + output]!;
          dw[weights + output]! += x[from]! * dy[to]!;
          gradient += w[weights + output]! * dy[to]!;
        }
        dx[from]! += gradient;
      }
    }
  }
  return [y, dx, dw];
}

describe('conv2d and its gradients on wasm', () => {
  it("are the cpu backend's over generated shapes, strides and paddings, and leak nothing", async () => {
    await expectTensors(0, () =>
      fc.assert(
        fc.asyncProperty(convolutions, async (convolution) => {
          const expected = await onCPU(convolution);
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
          const expected = await onCPU(convolution);
          const actual = await valuesOn('wasm', convolution);
          for (const [index, values] of actual.entries()) {
            expectClose(values, expected[index]!, { relative: 2e-5 });
          }
        }),
        { numRuns: 40, seed: 3 },
      ),
    );
  });

  // More tiles than are worked on at once: blocks and groups end within a picture, and the filter's gradient is summed.
  it.each<{ pad: 0 | 1; outputs: number; groups: number }>([
    { pad: 1, outputs: 16, groups: 3 },
    { pad: 0, outputs: 40, groups: 4 },
  ])(
    "are those of sums in float64 in $groups groups of Winograd's tiles",
    async ({ pad, outputs, groups }) => {
      const convolution: Convolution = {
        input: [5, 111, 108, 16],
        filter: [3, 3, 16, outputs],
        strides: [1, 1],
        pad,
      };
      await setBackend('wasm');
      const module = kernelModule();
      const dispatched: number[] = [];
      const { dispatch } = module;
      module.dispatch = (kind, ...rest) => {
        dispatched.push(kind);
        dispatch.call(module, kind, ...rest);
      };
      try {
        const actual = await valuesOn('wasm', convolution);
        const expected = await remembered([sumsInFloat64, hashedValues], convolution, () =>
          sumsInFloat64(convolution),
        );
        for (const [index, values] of actual.entries()) {
          // Of the four outputs of a tile the last has eight times the rounding of the first, along both axes.
          expectClose(values, expected[index]!, { relative: 5e-5 });
        }
      } finally {
        Reflect.deleteProperty(module, 'dispatch');
      }
      const times = (kind: number) => dispatched.filter((done) => done === kind).length;
      // Forward twice and for the input; for the filter.
      expect([times(kinds.convolveTiles), times(kinds.sumPositions)]).toEqual([3, groups]);
    },
  );

  it('gives a picture the same bits among few pictures, position by position, and among many, in blocks', async () => {
    await setBackend('wasm');
    const module = kernelModule();
    const dispatched = new Set<number>();
    const { dispatch } = module;
    module.dispatch = (kind, ...rest) => {
      dispatched.add(kind);
      dispatch.call(module, kind, ...rest);
    };
    const [many, few, values] = [400, 5, 8 * 8 * 16];
    const x = tensor4d(hashedValues('x', many * values), [many, 8, 8, 16]);
    const w = tensor4d(hashedValues('w', 9 * 16 * 24), [3, 3, 16, 24]);
    const start = slice4d(x, [0, 0, 0, 0], [few, 8, 8, 16]);
    const results: Tensor[] = [];
    const kindsOf: boolean[][] = [];
    try {
      for (const pictures of [x, start]) {
        dispatched.clear();
        results.push(conv2d(pictures, w, 1, 'same'));
        kindsOf.push([dispatched.has(kinds.convolveTiles), dispatched.has(kinds.multiplyPositions)]);
      }
    } finally {
      Reflect.deleteProperty(module, 'dispatch');
    }
    expect(kindsOf).toEqual([
      [true, false],
      [false, true],
    ]);
    const [all, alone] = await Promise.all(results.map((result) => result.data()));
    expect(all!.slice(0, alone!.length)).toEqual(alone);
    for (const tensor of [x, w, start, ...results]) tensor.dispose();
  });

  // The last tile's rows are multiplied six at a time: up to five beyond the last are read, and dropped.
  it("reads nothing beyond Winograd's working memory, however many channels there are", async () => {
    await setBackend('wasm');
    const module = kernelModule();
    const asked = new Map<string, number>();
    const { block } = module;
    module.block = (name, bytes) => {
      asked.set(name, bytes);
      return block.call(module, name, bytes);
    };
    const channels = 4096;
    try {
      await valuesOn('wasm', {
        input: [1, 8, 8, channels],
        filter: [3, 3, channels, 16],
        strides: [1, 1],
        pad: 'same',
      });
    } finally {
      Reflect.deleteProperty(module, 'block');
    }
    const [places, tiles, beyond] = [36, 4, 5];
    expect(asked.get('winogradLeft')).toBeGreaterThanOrEqual((places * tiles + beyond) * channels * 4);
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
          const expected = await onCPU(convolution);
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
