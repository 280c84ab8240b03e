import {
  engine,
  getBackend,
  grad,
  keep,
  mul,
  setBackend,
  sum,
  type Tensor,
  tensor,
  tidy,
  tile,
  type Variable,
} from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkBackend } from '../../src/training/index.js';
import { useBackend } from '../helpers/backend.js';
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { onBoth } from './backends.js';

const before = getBackend();
beforeAll(() => useBackend('wasm'));
afterAll(() => setBackend(before));

type Layer = InstanceType<typeof layers.Layer>;

interface Case {
  /** What the layer is called on, for a batch and a length of each spatial axis. */
  shapes(batch: number, size: number): number[][];
  make(): Layer;
  integers?: boolean;
  /** Whether it goes through the second axis step by step. */
  isSequential?: boolean;
  /** Whether it draws. */
  isRandom?: boolean;
  /** Whether the cpu backend's gradient is wrong from the second picture on. */
  isWrongOnCPU?: boolean;
}

/** Instead of the orthogonal one, which needs the chained operations of tfjs. */
const recurrentInitializer = 'glorotUniform';

const pictures =
  (channels = 4) =>
  (batch: number, size: number) => [[batch, size, size, channels]];
const series =
  (channels = 4) =>
  (batch: number, size: number) => [[batch, size, channels]];
const volumes =
  (channels = 2) =>
  (batch: number, size: number) => [[batch, size, size, size, channels]];
const vectors =
  (width = 6) =>
  (batch: number) => [[batch, width]];
const pairs = (batch: number, size: number) => [0, 1].map(() => [batch, size, size, 4]);

const cases: Record<string, Case> = {
  elu: { shapes: pictures(), make: () => layers.elu() },
  reLU: { shapes: pictures(), make: () => layers.reLU({ maxValue: 0.5 }) },
  leakyReLU: { shapes: pictures(), make: () => layers.leakyReLU() },
  prelu: { shapes: pictures(), make: () => layers.prelu({ sharedAxes: [1, 2] }) as Layer },
  softmax: { shapes: pictures(), make: () => layers.softmax({ axis: 3 }) },
  conv1d: { shapes: series(), make: () => layers.conv1d({ filters: 3, kernelSize: 3, padding: 'same' }) },
  conv2d: {
    shapes: pictures(),
    make: () => layers.conv2d({ filters: 3, kernelSize: 3, activation: 'relu' }),
  },
  conv2dTranspose: {
    shapes: pictures(),
    make: () => layers.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2 }),
  },
  conv3d: { shapes: volumes(), make: () => layers.conv3d({ filters: 3, kernelSize: 2 }) },
  // Names of further settings have a colon.
  'conv3d: strides': {
    shapes: volumes(),
    make: () => layers.conv3d({ filters: 2, kernelSize: [3, 2, 1], strides: [2, 1, 3], padding: 'same' }),
  },
  'conv3d: strides longer than the filter': {
    shapes: volumes(),
    make: () => layers.conv3d({ filters: 2, kernelSize: [1, 2, 3], strides: [3, 2, 2] }),
  },
  'separableConv2d: strides': {
    shapes: pictures(),
    make: () =>
      layers.separableConv2d({
        filters: 3,
        kernelSize: 3,
        strides: 2,
        depthMultiplier: 2,
        padding: 'same',
      }) as Layer,
  },
  separableConv2d: {
    shapes: pictures(),
    make: () => layers.separableConv2d({ filters: 3, kernelSize: 3 }) as Layer,
  },
  cropping2D: {
    shapes: pictures(),
    make: () =>
      layers.cropping2D({
        cropping: [
          [1, 0],
          [0, 1],
        ],
      }),
  },
  upSampling2d: { shapes: pictures(), make: () => layers.upSampling2d({ size: [2, 2] }), isWrongOnCPU: true },
  depthwiseConv2d: {
    shapes: pictures(),
    make: () => layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2 }),
  },
  activation: { shapes: pictures(), make: () => layers.activation({ activation: 'selu' }) },
  dense: { shapes: series(), make: () => layers.dense({ units: 3 }) },
  dropout: { shapes: pictures(), make: () => layers.dropout({ rate: 0.5, seed: 1 }), isRandom: true },
  spatialDropout1d: {
    shapes: series(),
    make: () => layers.spatialDropout1d({ rate: 0.5, seed: 1 }),
    isRandom: true,
  },
  flatten: { shapes: pictures(), make: () => layers.flatten() },
  repeatVector: { shapes: vectors(), make: () => layers.repeatVector({ n: 5 }) },
  reshape: { shapes: vectors(), make: () => layers.reshape({ targetShape: [2, 3] }) },
  permute: { shapes: pictures(), make: () => layers.permute({ dims: [3, 1, 2] }) },
  embedding: {
    shapes: vectors(),
    make: () => layers.embedding({ inputDim: 5, outputDim: 4 }),
    integers: true,
  },
  add: { shapes: pairs, make: () => layers.add() },
  average: { shapes: pairs, make: () => layers.average() },
  concatenate: { shapes: pairs, make: () => layers.concatenate() },
  maximum: { shapes: pairs, make: () => layers.maximum() },
  minimum: { shapes: pairs, make: () => layers.minimum() },
  multiply: { shapes: pairs, make: () => layers.multiply() },
  dot: {
    shapes: (batch, size) => [
      [batch, size, 4],
      [batch, size, 4],
    ],
    make: () => layers.dot({ axes: 2 }) as Layer,
  },
  batchNormalization: { shapes: pictures(), make: () => layers.batchNormalization() },
  layerNormalization: { shapes: pictures(), make: () => layers.layerNormalization() },
  zeroPadding2d: { shapes: pictures(), make: () => layers.zeroPadding2d() },
  averagePooling1d: { shapes: series(), make: () => layers.averagePooling1d({ poolSize: 2 }) as Layer },
  averagePooling2d: { shapes: pictures(), make: () => layers.averagePooling2d({ poolSize: 2 }) },
  averagePooling3d: { shapes: volumes(), make: () => layers.averagePooling3d({ poolSize: 2 }) },
  globalAveragePooling1d: { shapes: series(), make: () => layers.globalAveragePooling1d({}) },
  globalAveragePooling2d: { shapes: pictures(), make: () => layers.globalAveragePooling2d({}) },
  globalMaxPooling1d: { shapes: series(), make: () => layers.globalMaxPooling1d({}) },
  globalMaxPooling2d: { shapes: pictures(), make: () => layers.globalMaxPooling2d({}) },
  maxPooling1d: { shapes: series(), make: () => layers.maxPooling1d({ poolSize: 2 }) as Layer },
  maxPooling2d: { shapes: pictures(), make: () => layers.maxPooling2d({ poolSize: 2 }) },
  maxPooling3d: { shapes: volumes(), make: () => layers.maxPooling3d({ poolSize: 2 }) },
  gru: { shapes: series(), make: () => layers.gru({ units: 3, recurrentInitializer }), isSequential: true },
  lstm: { shapes: series(), make: () => layers.lstm({ units: 3, recurrentInitializer }), isSequential: true },
  simpleRNN: {
    shapes: series(),
    make: () => layers.simpleRNN({ units: 3, recurrentInitializer }),
    isSequential: true,
  },
  convLstm2d: {
    shapes: (batch, size) => [[batch, 3, size, size, 2]],
    make: () => layers.convLstm2d({ filters: 2, kernelSize: 3, recurrentInitializer }) as Layer,
  },
  bidirectional: {
    shapes: series(),
    make: () => layers.bidirectional({ layer: layers.lstm({ units: 3, recurrentInitializer }) as never }),
    isSequential: true,
  },
  timeDistributed: {
    shapes: series(),
    make: () => layers.timeDistributed({ layer: layers.dense({ units: 3 }) }),
    isSequential: true,
  },
  gaussianNoise: { shapes: pictures(), make: () => layers.gaussianNoise({ stddev: 0.1 }), isRandom: true },
  gaussianDropout: { shapes: pictures(), make: () => layers.gaussianDropout({ rate: 0.5 }), isRandom: true },
  alphaDropout: { shapes: pictures(), make: () => layers.alphaDropout({ rate: 0.5 }), isRandom: true },
  rescaling: { shapes: pictures(), make: () => layers.rescaling({ scale: 2, offset: 1 }) as Layer },
  resizing: { shapes: pictures(), make: () => layers.resizing({ height: 5, width: 3 }) as Layer },
};

/** Layers whose operations tfjs does not differentiate on any backend, and what they are called on: 256 values. */
const refused: Record<string, { make(): Layer; shape: number[]; gradients: string[] }> = {
  thresholdedReLU: { make: () => layers.thresholdedReLU(), shape: [8, 8, 4], gradients: ['Greater'] },
  conv3dTranspose: {
    make: () => layers.conv3dTranspose({ filters: 3, kernelSize: 2 }),
    shape: [4, 4, 4, 4],
    gradients: ['Conv3DBackpropInputV2'],
  },
  masking: { make: () => layers.masking({ maskValue: 0 }), shape: [64, 4], gradients: ['Any', 'NotEqual'] },
  centerCrop: {
    make: () => layers.centerCrop({ height: 3, width: 3 }) as Layer,
    shape: [8, 8, 4],
    gradients: ['CropAndResize'],
  },
};

/** Other names of layers that are tried, parts of them, and what is applied before training. */
const notLayers = [
  ...['Layer', 'RNN', 'RNNCell', 'rnn', 'input', 'inputLayer'],
  ...['avgPool1d', 'avgPool2d', 'avgPool3d', 'avgPooling1d', 'avgPooling2d', 'avgPooling3d'],
  ...['globalMaxPool1d', 'globalMaxPool2d', 'maxPool1d', 'maxPool2d'],
  ...['convLstm2dCell', 'gruCell', 'lstmCell', 'simpleRNNCell', 'stackedRNNCells'],
  ...['categoryEncoding', 'randomWidth'],
];

/** Kernel calls while `body` runs. */
function callsOf(body: () => void): number {
  const target = engine();
  const run = target.runKernel;
  let calls = 0;
  target.runKernel = ((...call: Parameters<typeof run>) => {
    calls++;
    return run.apply(target, call);
  }) as typeof run;
  try {
    tidy(body);
  } finally {
    Reflect.deleteProperty(target, 'runKernel');
  }
  return calls;
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1);

/** A forward and backward pass of a layer: its kernel calls, its output and its gradients, in the caller's tidy. */
function pass({ shapes, make, integers = false }: Case, batch: number, size: number) {
  const layer = make();
  const inputs = shapes(batch, size).map((shape, index) => {
    const values = hashedValues(`x${index}`, sizeOf(shape));
    if (!integers) return tensor(values, shape);
    return tensor(
      Int32Array.from(values, (value) => Math.floor(2.5 * (value + 1))),
      shape,
      'int32',
    );
  });
  const argument = inputs.length > 1 ? inputs : inputs[0]!;
  tidy(() => void layer.apply(argument, { training: true })); // makes the weights
  const weights = layer.trainableWeights.map((weight) => weight.read() as Variable);
  for (const [index, weight] of weights.entries()) {
    weight.assign(tensor(hashedValues(`w${index}`, weight.size), weight.shape));
  }
  const results: Tensor[] = [];
  const calls = callsOf(() => {
    const { value, grads } = engine().gradients(() => {
      const y = layer.apply(argument, { training: true }) as Tensor;
      return sum(mul(y, y));
    }, [...(integers ? [] : inputs), ...weights]);
    results.push(...[value, ...grads].map((result) => keep(result)));
  });
  const values = results.map((result) => result.dataSync<'float32'>().slice());
  for (const result of results) result.dispose();
  layer.dispose();
  return { calls, values };
}

const tried = Object.entries(cases).map(([name, item]) => ({ name, ...item }));

describe('every layer of tfjs-layers', () => {
  it('is tried, or refused by tfjs itself', () => {
    const known = [...Object.keys(cases), ...Object.keys(refused), ...notLayers];
    expect(Object.keys(layers).filter((name) => !known.includes(name))).toEqual([]);
  });

  it.each(tried)(
    'takes as many kernel calls for a larger batch and for larger pictures: $name',
    async (item) => {
      await setBackend('wasm');
      await expectTensors(0, () =>
        tidy(() => {
          const callsFor = (batch: number, size: number) => pass(item, batch, size).calls;
          const calls = callsFor(2, 6);
          expect(callsFor(4, 6)).toBe(calls);
          const longer = callsFor(2, 12);
          if (!item.isSequential) expect(longer).toBe(calls);
          // As many more for six steps more, and not for every pair of steps.
          else expect(callsFor(2, 18) - longer).toBe(longer - calls);
        }),
      );
    },
  );

  it.each(tried.filter(({ isRandom }) => !isRandom))(
    "has the cpu backend's values and gradients: $name",
    async (item) => {
      await setBackend('cpu');
      const batch = item.isWrongOnCPU ? 1 : 3;
      const expected = tidy(() => pass(item, batch, 7).values);
      await setBackend('wasm');
      const actual = tidy(() => pass(item, batch, 7).values);
      expect(actual).toHaveLength(expected.length);
      for (const [index, values] of actual.entries()) {
        expectClose(values, expected[index]!, { relative: 2e-5, absolute: 1e-5 });
      }
    },
  );

  it.each(Object.entries(refused))(
    'the preflight names what tfjs cannot differentiate: %s',
    async (_, item) => {
      await setBackend('wasm');
      const first = layers.conv2d({ inputShape: [8, 8, 2], filters: 4, kernelSize: 1 });
      const shaped = layers.reshape({ targetShape: item.shape });
      const encoder = sequential({ layers: [first, shaped, item.make(), layers.flatten()] });
      const { ok, missingGradients } = await checkBackend({ encoder });
      expect({ ok, missingGradients }).toEqual({ ok: false, missingGradients: item.gradients });
      encoder.dispose();
    },
  );
});

describe('the gradient of tile on wasm', () => {
  const tiled = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 })), {
      minLength: 1,
      maxLength: 4,
    })
    .map((axes) => ({ shape: axes.map(([size]) => size), reps: axes.map(([, count]) => count) }));

  it("is TensorFlow.js's on the cpu backend", async () => {
    await expectTensors(0, () =>
      fc.assert(
        fc.asyncProperty(tiled, async ({ shape, reps }) => {
          const x = hashedValues('x', sizeOf(shape));
          const [[fromDefinition], [, actual]] = await onBoth(() => {
            const y = tile(tensor(x, shape), reps);
            const dy = tensor(hashedValues('dy', y.size), y.shape);
            return [dy, grad((a: Tensor) => tile(a, reps))(tensor(x, shape), dy)];
          });
          // Each place of the tiled tensor adds to the one that it was copied from.
          const expected = new Float64Array(x.length);
          const long = shape.map((size, axis) => size * reps[axis]!);
          for (const [index, value] of fromDefinition!.entries()) {
            let rest = index;
            let to = 0;
            let step = 1;
            for (let axis = shape.length - 1; axis >= 0; axis--) {
              to += ((rest % long[axis]!) % shape[axis]!) * step;
              rest = Math.floor(rest / long[axis]!);
              step *= shape[axis]!;
            }
            expected[to]! += value;
          }
          expectClose(actual!, expected, { absolute: 1e-5 });
        }),
        { numRuns: 60, seed: 1 },
      ),
    );
  });
});
