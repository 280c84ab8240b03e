import { getBackend, mul, sum, type Tensor2D, type Variable, variableGrads } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, test } from 'vitest';
import { InvalidOptionError } from '../../src/errors/index.js';
import {
  getTorchvisionWeights,
  type ResNetOptions,
  resnet18,
  resnet34,
  resnet50,
  setTorchvisionWeights,
  torchvisionWeights,
} from '../../src/models/index.js';
import fixture from '../fixtures/models/resnet.json' with { type: 'json' };
import { expectTensors } from '../helpers/leaks.js';
import { tidyAsync } from '../helpers/tidy-async.js';
import { expectGradient, expectTorchvision, parametersOf } from './compare.js';
import { filled, hashedWeight, pictures } from './fill.js';

const builders: Record<string, (options?: ResNetOptions) => LayersModel> = { resnet18, resnet34, resnet50 };
const small: ResNetOptions = { inputShape: [8, 8, 3], width: 2, stem: 'small' };
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

function build({ architecture, size, width, stem }: Case): LayersModel {
  const options = { inputShape: [size, size, 3], width, stem: stem as 'imagenet' } as const;
  const model = made(builders[architecture]!(options));
  setTorchvisionWeights(model, hashedWeight);
  return model;
}

const compare = async (item: Case) => expectTorchvision(build(item), item);

const label = '$architecture, width $width, $stem stem, $size pixels';

describe('ResNet', () => {
  test.each(fixture.narrow)(`${label}: as torchvision`, compare);

  // Minutes each on the cpu backend, which has the narrow ones.
  const full = getBackend() === 'cpu' ? [] : fixture.full;
  if (full.length > 0) test.each(full)(`${label}: as torchvision`, compare);

  test.each(fixture.narrow)(`${label}: the names of torchvision's state dict`, ({ names, ...item }) => {
    const weights = torchvisionWeights(build({ names, ...item } as Case));
    expect(weights.map(({ name }) => name).sort()).toEqual([...names].sort());
  });

  const differentiated = fixture.narrow.filter((item) => item.gradients !== undefined);
  test.each(getBackend() === 'cpu' ? differentiated.slice(0, 1) : differentiated)(
    `${label}: gradients as PyTorch, for every trained weight, without a leak`,
    async (item) => {
      const model = build(item);
      const names = torchvisionWeights(model).filter(({ trainable }) => trainable);
      const variables = model.trainableWeights.map((weight) => weight.read());
      const byName = new Map(
        model.layers
          .flatMap((layer) => layer.weights)
          .filter((weight) => weight.trainable)
          .map((weight, index) => [names[index]!, (weight.read() as Variable).name] as const),
      );
      const x = pictures(item.size);
      await expectTensors(0, async () =>
        tidyAsync(async () => {
          const { grads } = variableGrads(() => {
            const h = model.apply(x, { training: true }) as Tensor2D;
            return sum(mul(h, filled('dh', h.shape)));
          }, variables as never);
          expect(Object.keys(grads)).toHaveLength(variables.length);
          for (const [weight, variableName] of byName) {
            const expected = item.gradients![weight.name as keyof typeof item.gradients];
            if (expected === undefined) continue;
            await expectGradient(grads[variableName]!, weight, expected);
          }
        }),
      );
      x.dispose();
    },
  );

  test('documented numbers of trained parameters', () => {
    const wide = { inputShape: [32, 32, 3] } as const;
    expect(parametersOf(made(resnet18(wide)))).toBe(11_176_512);
    expect(parametersOf(made(resnet18({ ...wide, stem: 'small' })))).toBe(11_168_832);
    expect(parametersOf(made(resnet18({ ...wide, projectionShortcut: 'always' })))).toBe(11_176_512 + 4_224);
  });

  test('stems: sizes in front of the first block', () => {
    const sizeAfter = (stem: ResNetOptions['stem']) => {
      const options = { inputShape: [32, 24, 3], width: 2 } as const;
      const model = made(resnet18({ ...options, ...(stem !== undefined && { stem }) }));
      return (model.getLayer('layer1.0.conv1').input as { shape: unknown }).shape;
    };
    expect(sizeAfter(undefined)).toEqual([null, 8, 6, 2]);
    expect(sizeAfter('small')).toEqual([null, 32, 24, 2]);
    expect(sizeAfter({ kernelSize: 7, strides: 2, pool: false })).toEqual([null, 16, 12, 2]);
    expect(sizeAfter({ kernelSize: 3, strides: 1, pool: true })).toEqual([null, 16, 12, 2]);
    expect(sizeAfter({ kernelSize: 3, strides: 1, pool: false, padding: 2 })).toEqual([null, 34, 26, 2]);
  });

  test('a seed decides the weights; every layer draws its own', async () => {
    const weightsOf = (options: ResNetOptions) =>
      getTorchvisionWeights(made(resnet18({ ...small, ...options })));
    const [first, again, named, other] = await Promise.all([
      weightsOf({}),
      weightsOf({ seed: 0 }),
      weightsOf({ name: 'teacher' }),
      weightsOf({ seed: 1 }),
    ]);
    expect(again).toEqual(first);
    expect(named).toEqual(first);
    expect(other!.get('conv1.weight')).not.toEqual(first!.get('conv1.weight'));
    expect(first!.get('layer1.0.conv1.weight')).not.toEqual(first!.get('layer1.0.conv2.weight'));
  });

  test('initializer: google draws less at kernels with many outputs', async () => {
    const deviation = async (options: ResNetOptions) => {
      const model = made(resnet18({ inputShape: [8, 8, 3], width: 16, stem: 'small', ...options }));
      const values = (await getTorchvisionWeights(model)).get('layer4.1.conv1.weight')!;
      return Math.sqrt(values.reduce((total, value) => total + value * value, 0) / values.length);
    };
    expect(await deviation({ initializer: 'google' })).toBeCloseTo(Math.sqrt(1 / (9 * 128)), 3);
    expect(await deviation({})).toBeCloseTo(Math.sqrt(2 / (9 * 128)), 3);
  });

  test('zeroInitResidual: gamma 0 at the end of every block, 1 elsewhere', async () => {
    const model = made(resnet50({ ...small, zeroInitResidual: true }));
    for (const [name, values] of await getTorchvisionWeights(model)) {
      const last = /bn3\.weight$/.test(name);
      if (/(bn\d|downsample\.1)\.weight$/.test(name)) {
        expect(
          values.every((value) => value === (last ? 0 : 1)),
          name,
        ).toBe(true);
      }
    }
  });

  test('name: two networks in one model, with disjoint weight names', () => {
    const [one, two] = [made(resnet18({ ...small, name: 'one' })), made(resnet18({ ...small, name: 'two' }))];
    const names = [...one.weights, ...two.weights].map((weight) => weight.originalName);
    expect(new Set(names).size).toBe(names.length);
    expect(names[0]).toBe('one.conv1/kernel');
    expect(one.name).toBe('one');
    expect(torchvisionWeights(one)[0]!.name).toBe('conv1.weight');
  });

  test('momentum, epsilon and groups reach every batch normalization', () => {
    const batchNormalization = { momentum: 0.5, epsilon: 1e-3, groups: 2 };
    const model = made(resnet18({ ...small, batchNormalization }));
    const configs = model.layers
      .filter((layer) => layer.getClassName() === 'SimCLRBatchNormalization')
      .map((layer) => layer.getConfig());
    expect(configs).toHaveLength(20);
    for (const config of configs) expect(config).toMatchObject(batchNormalization);
  });

  test('dispose frees every weight', async () => {
    await expectTensors(0, () => {
      resnet18(small).dispose();
    });
  });

  test('refuses options outside their domain', () => {
    expect(() => resnet18({ inputShape: [32, 32] as never })).toThrow(InvalidOptionError);
    expect(() => resnet18({ inputShape: [32, 32] as never })).toThrow(
      'resnet18: inputShape must be [height, width, channels], with null for any height or width. Received: inputShape=[32,32].',
    );
    expect(() => resnet34({ inputShape: [0, 32, 3] })).toThrow(/resnet34: inputShape/);
    expect(() => resnet18({ stem: 'cifar' as never })).toThrow(/stem must be one of "imagenet", "small"/);
    expect(() => resnet18({ stem: { kernelSize: 0, strides: 1, pool: false } })).toThrow(/stem.kernelSize/);
    const stem = { kernelSize: 3, strides: 1, pool: false };
    expect(() => resnet18({ stem: { ...stem, padding: -1 } })).toThrow(/stem.padding/);
    expect(() => resnet18({ stem: { ...stem, activation: 'tanh' as never } })).toThrow(
      /stem.activation must/,
    );
    expect(() => resnet50({ width: 1.5 })).toThrow(/resnet50: width/);
    expect(() => resnet18({ seed: -1 })).toThrow(/seed must be/);
    expect(() => resnet18({ initializer: 'keras' as never })).toThrow(/initializer must be one of/);
    expect(() => resnet18({ projectionShortcut: 'never' as never })).toThrow(/projectionShortcut must be/);
  });
});
