import {
  engine,
  fill,
  getBackend,
  type NamedAttrMap,
  setBackend,
  type Tensor,
  tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fusedSoftmax } from '../../src/losses/contrastive/fused-softmax.js';
import { fusedUpdates } from '../../src/optimizers/fused-updates.js';
import { fusedKernels } from '../../src/tensors/fused-rows.js';
import { useBackend } from '../helpers/backend.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';

const before = getBackend();
beforeAll(() => useBackend('wasm'));
afterAll(() => setBackend(before));

interface Call {
  kernel: string;
  inputs: Record<string, number[]>;
  attributes?: object;
}

/** A call with one axis made zero in every shape that has it, and as it usually is. */
interface Case {
  axis: string;
  call: Call;
  usual: Call;
}

type Sizes = Record<string, number>;

function zeroed(usual: Sizes, make: (sizes: Sizes) => Call, axes = Object.keys(usual)): Case[] {
  return axes.map((axis) => ({ axis, call: make({ ...usual, [axis]: 0 }), usual: make(usual) }));
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1);

/** Inputs that are never negative. */
const squares = ['variance', 'meanSquare'];

/** Results of a kernel on a backend, with fixed inputs. */
async function run(backend: string, { kernel, inputs, attributes = {} }: Call) {
  await setBackend(backend);
  const results = tidy(() => {
    const tensors = Object.entries(inputs).map(([name, shape]) => {
      const isIndex = name === 'segmentIds';
      const values = isIndex
        ? new Int32Array(sizeOf(shape))
        : hashedValues(name, sizeOf(shape)).map((value) => (squares.includes(name) ? value ** 2 : value));
      return [name, tensor(values, shape, isIndex ? 'int32' : 'float32')] as const;
    });
    fill([4096], 7).dispose(); // memory that has been used: what is not written shows
    return [
      engine().runKernel(kernel, Object.fromEntries(tensors), attributes as NamedAttrMap),
    ].flat() as Tensor[];
  });
  const values = await Promise.all(results.map(async (result) => [...(await result.data())]));
  const read = results.map(({ shape }, index) => ({ shape, values: values[index]! }));
  for (const result of results) result.dispose();
  return read;
}

/** Runs it after a usual call, whose scratch it finds, and sees that usual calls still give what they gave. */
async function runBetween({ call, usual }: Case) {
  const first = await run('wasm', usual);
  const results = await expectTensors(0, () => run('wasm', call));
  expect(await run('wasm', usual)).toEqual(first);
  return results;
}

const named = (cases: Case[]) =>
  cases.map((item) => ({ ...item, kernel: item.call.kernel, shapes: JSON.stringify(item.call.inputs) }));

// With few channels, and with as many as Winograd's algorithm takes at stride 1.
const convolutions = [1, 2].flatMap((strides) =>
  [3, 16].flatMap((channels) => {
    const usual = { n: 2, h: 8, w: 8, c: channels, o: channels };
    const attributes = { strides, pad: 'same', dataFormat: 'NHWC', dilations: 1 };
    const input = ({ n, h, w, c }: Sizes) => [n!, h!, w!, c!];
    const output = ({ n, h, w, o }: Sizes) => [n!, Math.ceil(h! / strides), Math.ceil(w! / strides), o!];
    const filter = ({ c, o }: Sizes) => [3, 3, c!, o!];
    return [
      ...zeroed(usual, (sizes) => ({
        kernel: 'Conv2D',
        inputs: { x: input(sizes), filter: filter(sizes) },
        attributes,
      })),
      ...zeroed(usual, (sizes) => ({
        kernel: 'Conv2DBackpropInput',
        inputs: { dy: output(sizes), filter: filter(sizes) },
        attributes: { ...attributes, inputShape: input(sizes) },
      })),
      ...zeroed(usual, (sizes) => ({
        kernel: 'Conv2DBackpropFilter',
        inputs: { x: input(sizes), dy: output(sizes) },
        attributes: { ...attributes, filterShape: filter(sizes) },
      })),
    ];
  }),
);

const depthwise = [1, 2].flatMap((multiplier) => {
  const attributes = { strides: 2, pad: 'same', dataFormat: 'NHWC', dilations: 1 };
  const usual = { n: 2, h: 8, w: 8, c: 5 };
  const input = ({ n, h, w, c }: Sizes) => [n!, h!, w!, c!];
  const output = ({ n, h, w, c }: Sizes) => [n!, Math.ceil(h! / 2), Math.ceil(w! / 2), c! * multiplier];
  const filter = ({ c }: Sizes) => [3, 3, c!, multiplier];
  return [
    ...zeroed(usual, (sizes) => ({
      kernel: 'DepthwiseConv2dNative',
      inputs: { x: input(sizes), filter: filter(sizes) },
      attributes,
    })),
    ...zeroed(usual, (sizes) => ({
      kernel: 'DepthwiseConv2dNativeBackpropInput',
      inputs: { dy: output(sizes), filter: filter(sizes) },
      attributes: { ...attributes, inputShape: input(sizes) },
    })),
    ...zeroed(usual, (sizes) => ({
      kernel: 'DepthwiseConv2dNativeBackpropFilter',
      inputs: { x: input(sizes), dy: output(sizes) },
      attributes: { ...attributes, filterShape: filter(sizes) },
    })),
  ];
});

const products = [false, true].flatMap((transposeA) =>
  [false, true].flatMap((transposeB) =>
    zeroed({ batch: 2, rows: 7, depth: 9, columns: 10 }, ({ batch, rows, depth, columns }) => ({
      kernel: 'BatchMatMul',
      inputs: {
        a: [batch!, ...(transposeA ? [depth!, rows!] : [rows!, depth!])],
        b: [batch!, ...(transposeB ? [columns!, depth!] : [depth!, columns!])],
      },
      attributes: { transposeA, transposeB },
    })),
  ),
);

const pools = ['MaxPool', 'MaxPoolGrad', 'AvgPoolGrad'].flatMap((kernel) =>
  zeroed({ n: 2, h: 8, w: 8, c: 3 }, ({ n, h, w, c }) => {
    const input = [n!, h!, w!, c!];
    const output = [n!, h! / 2, w! / 2, c!];
    const gradient = { dy: output, input, ...(kernel === 'MaxPoolGrad' ? { output } : {}) };
    const inputs: Call['inputs'] = kernel === 'MaxPool' ? { x: input } : gradient;
    return { kernel, inputs, attributes: { filterSize: 2, strides: 2, pad: 'same' } };
  }),
);

const reductions = ['Sum', 'Mean'].flatMap((kernel) =>
  [[0], [1], [0, 1], [0, 2]].flatMap((axis) =>
    zeroed({ rows: 5, columns: 6 }, ({ rows, columns }) => ({
      kernel,
      inputs: { x: [rows!, columns!, 4] },
      attributes: { axis, keepDims: false },
    })),
  ),
);

const elementwise = ['Add', 'Sub', 'Multiply', 'RealDiv'].flatMap((kernel) =>
  zeroed({ rows: 5, columns: 20 }, ({ rows, columns }) => ({
    kernel,
    inputs: { a: [rows!, columns!], b: [columns!] },
  })),
);

const segments = (axes: string[]) =>
  zeroed(
    { rows: 5, columns: 20, segments: 4 },
    ({ rows, columns, segments }) => ({
      kernel: 'UnsortedSegmentSum',
      inputs: { x: [rows!, columns!], segmentIds: [rows!] },
      attributes: { numSegments: segments! },
    }),
    axes,
  );

describe('kernels with an axis of no values', () => {
  const all = [
    ...convolutions,
    ...depthwise,
    ...products,
    ...pools,
    ...elementwise,
    ...segments(['rows', 'columns']),
  ];
  it.each(named(all))("give the cpu backend's: $axis of $kernel $shapes", async (item) => {
    expect(await runBetween(item)).toEqual(await run('cpu', item.call));
  });

  // tfjs's own mean over no values differs from backend to backend.
  it.each(named(reductions))('give the sum 0 and the mean NaN: $axis of $kernel $shapes', async (item) => {
    const [result] = await runBetween(item);
    const { axis } = item.call.attributes as { axis: number[] };
    expect(result!.shape).toEqual(item.call.inputs.x!.filter((_, place) => !axis.includes(place)));
    const expected = item.call.kernel === 'Sum' ? 0 : Number.NaN;
    expect(result!.values).toEqual(Array(sizeOf(result!.shape)).fill(expected));
  });

  it('give no rows for no segments', async () => {
    expect(await runBetween(segments(['segments'])[0]!)).toEqual([{ shape: [0, 20], values: [] }]);
  });

  // The output of a window that does not fit has no values.
  it.each([
    ['Conv2DBackpropInput', { dy: [2, 0, 0, 3], filter: [3, 3, 3, 3] }, { inputShape: [2, 2, 2, 3] }],
    ['Conv2DBackpropFilter', { x: [2, 2, 2, 3], dy: [2, 0, 0, 3] }, { filterShape: [3, 3, 3, 3] }],
    [
      'DepthwiseConv2dNativeBackpropInput',
      { dy: [2, 0, 0, 3], filter: [3, 3, 3, 1] },
      { inputShape: [2, 2, 2, 3] },
    ],
    [
      'DepthwiseConv2dNativeBackpropFilter',
      { x: [2, 2, 2, 3], dy: [2, 0, 0, 3] },
      { filterShape: [3, 3, 3, 1] },
    ],
    ['MaxPoolGrad', { dy: [2, 0, 0, 3], input: [2, 2, 2, 3], output: [2, 0, 0, 3] }, { filterSize: 3 }],
    ['AvgPoolGrad', { dy: [2, 0, 0, 3], input: [2, 2, 2, 3] }, { filterSize: 3 }],
  ])(
    'give a gradient of zeros where the window is larger than the picture: %s',
    async (kernel, inputs, own) => {
      const attributes = { strides: 1, pad: 'valid', dataFormat: 'NHWC', dilations: 1, ...own };
      const call: Call = { kernel, inputs: inputs as Call['inputs'], attributes };
      const [result] = await expectTensors(0, () => run('wasm', call));
      const { filterShape } = own as { filterShape?: number[] };
      const shape = filterShape ?? [2, 2, 2, 3];
      expect(result).toEqual({ shape, values: Array(sizeOf(shape)).fill(0) });
    },
  );
});

describe('kernels of this library with an axis of no values', () => {
  const rows = { groups: 2, rows: 3, channels: 5 };
  const attributes = { groups: 2, epsilon: 1e-5, relu: false, residual: false };
  const x = ({ groups, rows, channels }: Sizes) => [groups! * rows!, channels!];
  const statistics = ({ groups, channels }: Sizes) => [groups!, channels!];

  it.each(
    zeroed(rows, (sizes) => ({ kernel: fusedKernels.moments, inputs: { x: x(sizes) }, attributes }), [
      'rows',
      'channels',
    ]),
  )('moments: $axis', async (item) => {
    const shape = item.axis === 'rows' ? [2, 5] : [2, 0];
    const undefinedMoments = { shape, values: Array(sizeOf(shape)).fill(Number.NaN) };
    expect(await runBetween(item)).toEqual([undefinedMoments, undefinedMoments]);
  });

  it.each(
    zeroed(
      rows,
      (sizes) => ({
        kernel: fusedKernels.normalize,
        inputs: { x: x(sizes), mean: statistics(sizes), variance: statistics(sizes) },
        attributes,
      }),
      ['rows', 'channels'],
    ),
  )('normalize: $axis', async (item) => {
    expect(await runBetween(item)).toEqual([{ shape: item.call.inputs.x, values: [] }]);
  });

  it.each(
    zeroed(
      rows,
      (sizes) => ({
        kernel: fusedKernels.normalizeGradient,
        inputs: { dy: x(sizes), x: x(sizes), mean: statistics(sizes), variance: statistics(sizes) },
        attributes,
      }),
      ['rows', 'channels'],
    ),
  )('gradient of normalize: $axis', async (item) => {
    const channels = item.axis === 'channels' ? 0 : 5;
    const nothing = { shape: [channels], values: Array(channels).fill(0) };
    expect(await runBetween(item)).toEqual([{ shape: item.call.inputs.x, values: [] }, nothing, nothing]);
  });

  it.each(
    zeroed({ rows: 3, columns: 8 }, ({ rows, columns }) => ({
      kernel: fusedSoftmax,
      inputs: { logits: [rows!, columns!] },
      attributes: { start: 0, period: columns! },
    })),
  )('softmax: $axis', async (item) => {
    const count = item.axis === 'rows' ? 0 : 3;
    expect(await runBetween(item)).toEqual([
      { shape: item.call.inputs.logits, values: [] },
      { shape: [count, 1], values: Array(count).fill(Number.NEGATIVE_INFINITY) },
      { shape: [count, 1], values: Array(count).fill(0) },
    ]);
  });

  it.each([
    ...zeroed({ length: 5 }, ({ length }) => ({
      kernel: fusedUpdates.momentum,
      inputs: { value: [length!], gradient: [length!], velocity: [length!] },
      attributes: { learningRate: 0.1, momentum: 0.9, nesterov: false, weightDecay: 0, shrink: 1 },
    })),
    ...zeroed({ length: 5 }, ({ length }) => ({
      kernel: fusedUpdates.adam,
      inputs: { value: [length!], gradient: [length!], mean: [length!], meanSquare: [length!] },
      attributes: { rate: 0.1, beta1: 0.9, beta2: 1, rootScale: 1, epsilon: 2, shrink: 1 },
    })),
  ])('updates: $call.kernel', async ({ call }) => {
    for (const result of await run('wasm', call)) expect(result).toEqual({ shape: [0], values: [] });
  });
});
