import { memory, randomNormal, type Tensor, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import {
  input,
  type LayersModel,
  layers,
  model,
  type SymbolicTensor,
  sequential,
} from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { BatchNormalization, mobileNetV2, PaddedConv2D, resnet18, resnet50 } from '../../src/models/index.js';
import { foldCalls } from '../../src/models/inference/fold-calls.js';
import { inferenceOf } from '../../src/models/inference/inference.js';
import { layerCalls } from '../../src/models/layer-graph.js';
import { expectClose } from '../helpers/close.js';
import { expectTensors } from '../helpers/leaks.js';
import { filled } from './fill.js';

/** Gives every weight values of its own, so that no scale is 1 and no offset 0. */
function fillWeights(network: LayersModel): void {
  for (const [index, weight] of network.weights.entries()) {
    tidy(() => {
      const spread = weight.name.includes('variance') ? 0.5 : 0.3;
      const offset = weight.name.includes('variance') ? 1 : weight.name.includes('gamma') ? 0.7 : 0;
      weight.write(filled(`weight${index}`, weight.shape as number[], spread, offset));
    });
  }
}

/** Names of the layers that a model's steps end with; those of folded ones in brackets. */
function stepsOf(network: LayersModel): string[] {
  return foldCalls(layerCalls('test', network), network.outputs[0]!).map(({ output, isFolded }) =>
    isFolded ? `[${output.sourceLayer.name}]` : output.sourceLayer.name,
  );
}

async function expectSameAsApply(network: LayersModel, relative = 2e-5): Promise<void> {
  const x = filled<Tensor4D>('x', [3, ...(network.inputs[0]!.shape.slice(1) as number[])]);
  const infer = inferenceOf(network);
  const expected = network.apply(x, { training: false }) as Tensor;
  for (let round = 0; round < 2; round++) {
    const actual = await expectTensors(1, () => infer(x));
    expect(actual.shape).toEqual(expected.shape);
    expectClose(await actual.data(), await expected.data(), { relative });
    actual.dispose();
  }
  x.dispose();
  expected.dispose();
}

describe('a model in inference mode', () => {
  test.each([
    ['resnet18', () => resnet18({ inputShape: [32, 32, 3], width: 8 }), 20],
    [
      'resnet18 with the small stem',
      () => resnet18({ inputShape: [16, 16, 3], width: 8, stem: 'small' }),
      20,
    ],
    ['mobileNetV2', () => mobileNetV2({ inputShape: [32, 32, 3], widthMultiplier: 0.25 }), 35],
    ['resnet50', () => resnet50({ inputShape: [32, 32, 3], width: 8 }), 53],
  ])('%s gives what apply gives, each convolution one operation', async (_, build, convolutions) => {
    await expectTensors(0, async () => {
      const network = build();
      fillWeights(network);
      const steps = stepsOf(network);
      expect(steps.filter((name) => name.startsWith('['))).toHaveLength(convolutions);

      await expectSameAsApply(network, 1e-4);
      network.dispose();
    });
  });

  test('of layers of tfjs-layers folds normalization, addition in either order, and ReLU', async () => {
    await expectTensors(0, async () => {
      const pictures = input({ shape: [9, 8, 3] });
      const conv = (name: string, options: object = {}) =>
        layers.conv2d({ name, filters: 16, kernelSize: 3, padding: 'same', ...options });
      const call = (layer: { apply(x: never): unknown }, x: SymbolicTensor | SymbolicTensor[]) =>
        layer.apply(x as never) as SymbolicTensor;
      let x = call(conv('conv1', { activation: 'relu', strides: 2 }), pictures);
      x = call(layers.batchNormalization({ name: 'bn1' }), x); // after the layer's own ReLU: not folded
      const y = call(layers.batchNormalization({ name: 'bn2' }), call(conv('conv2'), x));
      x = call(layers.reLU({ name: 'relu2' }), call(layers.add({ name: 'add2' }), [x, y]));
      const shortcut = call(conv('conv3', { kernelSize: 1, useBias: false }), x);
      const z = call(layers.batchNormalization({ name: 'bn4', scale: false }), call(conv('conv4'), x));
      x = call(layers.add({ name: 'add4' }), [z, shortcut]);
      x = call(layers.activation({ name: 'relu4', activation: 'relu' }), x);
      x = call(conv('conv5', { activation: 'tanh' }), x); // not folded
      const network = model({ inputs: pictures, outputs: call(layers.flatten({ name: 'flatten' }), x) });
      fillWeights(network);
      expect(stepsOf(network)).toEqual([
        '[conv1]',
        'bn1',
        '[relu2]',
        '[conv3]',
        '[relu4]',
        'conv5',
        'flatten',
      ]);
      await expectSameAsApply(network);
      network.dispose();
    });
  });

  test('folds nothing where a result is used elsewhere, or a layer computes something else', async () => {
    class Doubled extends PaddedConv2D {
      override call(inputs: Tensor | Tensor[], kwargs: never): Tensor {
        return tidy(() => super.call([inputs].flat()[0]!, kwargs));
      }
    }
    const pictures = input({ shape: [8, 8, 16] });
    const branch = new PaddedConv2D({ name: 'branch', filters: 16, kernelSize: 3 }).apply(
      pictures,
    ) as SymbolicTensor;
    const normalized = new BatchNormalization({ name: 'bn', activation: 'relu' }).apply([
      branch,
      pictures,
    ]) as SymbolicTensor;
    const both = layers.add({ name: 'both' }).apply([normalized, branch]) as SymbolicTensor;
    const doubled = new Doubled({ name: 'doubled', filters: 16, kernelSize: 1 }).apply(
      both,
    ) as SymbolicTensor;
    const twice = layers.add({ name: 'twice' }).apply([doubled, doubled]) as SymbolicTensor;
    const dilated = layers
      .conv2d({ name: 'dilated', filters: 4, kernelSize: 3, dilationRate: 2 })
      .apply(twice) as SymbolicTensor;
    const network = model({
      inputs: pictures,
      outputs: layers.reLU({ name: 'capped', maxValue: 0.5 }).apply(dilated) as SymbolicTensor,
    });
    fillWeights(network);
    expect(stepsOf(network)).toEqual(['[branch]', 'bn', 'both', 'doubled', 'twice', 'dilated', 'capped']);
    network.dispose();

    const shared = new PaddedConv2D({ name: 'shared', filters: 3, kernelSize: 3 });
    const start = input({ shape: [6, 6, 3] });
    const once = shared.apply(start) as SymbolicTensor;
    const again = shared.apply(new BatchNormalization({ name: 'n' }).apply(once)) as SymbolicTensor;
    const repeated = model({ inputs: start, outputs: again });
    fillWeights(repeated);
    expect(stepsOf(repeated)).toEqual(['[n]', '[shared]']);
    await expectSameAsApply(repeated);
    repeated.dispose();
  });

  test('runs a model without convolutions, or with dropout and nested models, as apply does', async () => {
    await expectTensors(0, async () => {
      const dense = sequential({ layers: [layers.dense({ units: 3, inputShape: [5] }), layers.reLU()] });
      await expectSameAsApply(dense);
      dense.dispose();
      const encoder = resnet18({ inputShape: [16, 16, 3], width: 8, stem: 'small' });
      const nested = sequential({
        layers: [
          layers.conv2d({ filters: 3, kernelSize: 1, inputShape: [16, 16, 3] }),
          layers.dropout({ rate: 0.5 }),
          encoder,
          layers.dense({ units: 4 }),
        ],
      });
      await expectSameAsApply(nested, 1e-4);
      nested.dispose();
      encoder.dispose();
    });
  });

  test('holds only the activations that are still needed', async () => {
    const network = sequential({
      layers: [0, 1, 2, 3, 4, 5].map((index) =>
        layers.conv2d({
          filters: 8,
          kernelSize: 3,
          padding: 'same',
          ...(index === 0 && { inputShape: [16, 16, 8] }),
        }),
      ),
    });
    const x = randomNormal([4, 16, 16, 8]) as Tensor4D;
    const bytes = 4 * x.size;
    const held: number[] = [];
    const steps = foldCalls(layerCalls('test', network), network.outputs[0]!);
    expect(steps).toHaveLength(6);
    const infer = inferenceOf(network);
    const before = memory().numBytes;
    const last = network.layers.at(-1)! as unknown as { bias: { read(): Tensor } };
    const { read } = last.bias;
    last.bias.read = function (this: never) {
      held.push(memory().numBytes - before);
      return read.call(this);
    };
    infer(x).dispose();
    expect(held).toEqual([bytes]); // the input of the last convolution, and nothing before it
    x.dispose();
    network.dispose();
  });
});
