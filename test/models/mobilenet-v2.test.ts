import { getBackend, mul, sum, type Tensor2D, type Variable, variableGrads } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, test } from 'vitest';
import { InvalidOptionError } from '../../src/errors/index.js';
import {
  getTorchvisionWeights,
  type MobileNetV2Options,
  mobileNetV2,
  setTorchvisionWeights,
  torchvisionWeights,
} from '../../src/models/index.js';
import fixture from '../fixtures/models/mobilenet.json' with { type: 'json' };
import { expectTensors } from '../helpers/leaks.js';
import { tidyAsync } from '../helpers/tidy-async.js';
import { expectGradient, expectTorchvision, parametersOf } from './compare.js';
import { filled, hashedWeight, pictures } from './fill.js';

const small: MobileNetV2Options = { inputShape: [16, 16, 3], widthMultiplier: 0.1 };
let models: LayersModel[] = [];

function made(model: LayersModel): LayersModel {
  models.push(model);
  return model;
}

afterEach(() => {
  for (const model of models) model.dispose();
  models = [];
});

type Case = (typeof fixture.narrow)[number] | (typeof fixture.full)[number];

function build({ size, width, stem }: Case): LayersModel {
  const model = made(
    mobileNetV2({ inputShape: [size, size, 3], widthMultiplier: width, stem: stem as 'imagenet' }),
  );
  setTorchvisionWeights(model, hashedWeight);
  return model;
}

const compare = async (item: Case) => expectTorchvision(build(item), item);

const label = 'width $width, $stem stem, $size pixels';

describe('MobileNetV2', () => {
  test.each(fixture.narrow)(`${label}: as torchvision`, compare);

  // Slow on the cpu backend, which has the narrow ones.
  const full = getBackend() === 'cpu' ? [] : fixture.full;
  if (full.length > 0) test.each(full)(`${label}: as torchvision`, compare);

  test.each(fixture.narrow)(`${label}: the names of torchvision's state dict`, ({ names, ...item }) => {
    const weights = torchvisionWeights(build({ names, ...item } as Case));
    expect(weights.map(({ name }) => name).sort()).toEqual([...names].sort());
  });

  test('gradients as PyTorch, without a leak', async () => {
    const item = fixture.narrow.find(({ gradients }) => gradients !== undefined)!;
    const model = build(item);
    const trained = torchvisionWeights(model).filter(({ trainable }) => trainable);
    const variables = model.layers
      .flatMap((layer) => layer.weights)
      .filter((weight) => weight.trainable)
      .map((weight) => weight.read() as Variable);
    const x = pictures(item.size);
    await expectTensors(0, async () =>
      tidyAsync(async () => {
        const { grads } = variableGrads(() => {
          const h = model.apply(x, { training: true }) as Tensor2D;
          return sum(mul(h, filled('dh', h.shape)));
        }, variables);
        expect(Object.keys(grads)).toHaveLength(variables.length);
        let compared = 0;
        for (const [index, weight] of trained.entries()) {
          const expected = item.gradients![weight.name as keyof typeof item.gradients];
          if (expected === undefined) continue;
          await expectGradient(grads[variables[index]!.name]!, weight, expected);
          compared++;
        }
        expect(compared).toBe(Object.keys(item.gradients!).length);
      }),
    );
    x.dispose();
  });

  test('documented sizes', () => {
    const model = made(mobileNetV2());
    expect(parametersOf(model)).toBe(2_223_872);
    expect(model.countParams()).toBe(2_223_872 + 34_112);
    expect(model.inputs[0]!.shape).toEqual([null, 96, 96, 3]);
    expect(model.outputs[0]!.shape).toEqual([null, 1280]);
    expect(made(mobileNetV2({ widthMultiplier: 1.4 })).outputs[0]!.shape).toEqual([null, 1792]);
    expect(made(mobileNetV2({ widthMultiplier: 0.35 })).outputs[0]!.shape).toEqual([null, 1280]);
  });

  test('stems: sizes before the mean', () => {
    const sizeBefore = (stem?: 'imagenet' | 'small') => {
      const options = { ...small, inputShape: [64, 32, 3], ...(stem && { stem }) } as const;
      const last = made(mobileNetV2(options)).getLayer('avgpool').input as { shape: unknown[] };
      return last.shape.slice(1, 3);
    };
    expect(sizeBefore()).toEqual([2, 1]);
    expect(sizeBefore('small')).toEqual([8, 4]);
  });

  test('a seed decides the weights; every layer draws its own, with the variance of its kind', async () => {
    const weightsOf = (options: MobileNetV2Options) =>
      getTorchvisionWeights(made(mobileNetV2({ ...small, ...options })));
    const [first, named, other, google] = await Promise.all([
      weightsOf({}),
      weightsOf({ name: 'teacher' }),
      weightsOf({ seed: 1 }),
      weightsOf({ widthMultiplier: 1, initializer: 'google' }),
    ]);
    expect(named).toEqual(first);
    expect(other!.get('features.0.0.weight')).not.toEqual(first!.get('features.0.0.weight'));
    const depthwise = (block: number) => `features.${block}.conv.1.0.weight`;
    expect(first!.get(depthwise(3))).not.toEqual(first!.get(depthwise(5)));
    const wide = await weightsOf({ widthMultiplier: 1 });
    const deviation = (values: Float32Array) =>
      Math.sqrt(values.reduce((total, value) => total + value * value, 0) / values.length);
    // Of 960 channels: PyTorch's fan-out counts the outputs of all groups, Google's fan-in is that of one.
    expect(deviation(wide.get(depthwise(17))!) / Math.sqrt(2 / (9 * 960))).toBeCloseTo(1, 1);
    expect(deviation(google!.get(depthwise(17))!) / Math.sqrt(1 / 9)).toBeCloseTo(1, 1);
  });

  test('a name is the prefix of every layer', () => {
    const model = made(mobileNetV2({ ...small, name: 'teacher' }));
    expect(model.name).toBe('teacher');
    for (const { name } of model.layers) expect(name).toMatch(/^teacher\./);
    expect(torchvisionWeights(model)[0]!.name).toBe('features.0.0.weight');
  });

  test('refuses options outside their domain', () => {
    const refused: [MobileNetV2Options, RegExp][] = [
      [{ widthMultiplier: 0 }, /mobileNetV2: widthMultiplier must be a finite number > 0/],
      [{ widthMultiplier: Number.NaN }, /widthMultiplier/],
      [{ stem: 'tiny' as never }, /mobileNetV2: stem must be one of "imagenet", "small"/],
      [{ width: 64 } as never, /options must have no other fields than .*widthMultiplier/],
      [{ inputShape: [96, 96] as never }, /inputShape must be \[height, width, channels\]/],
      [{ seed: -1 }, /seed must be an integer >= 0/],
      [{ batchNormalization: { momentum: 2 } }, /batchNormalization.momentum/],
    ];
    for (const [options, message] of refused) {
      expect(() => mobileNetV2(options)).toThrow(InvalidOptionError);
      expect(() => mobileNetV2(options)).toThrow(message);
    }
  });
});
