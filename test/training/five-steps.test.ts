import { getBackend, type Tensor, tensor, tensor4d } from '@tensorflow/tfjs-core';
import { AdamW, LARS, mobileNetV2, projectionHead, resnet18, SGD, SimCLR, type Transform } from 'simclr-ts';
import { afterEach, describe, expect, it } from 'vitest';
import { setTorchvisionWeights } from '../../src/models/torchvision-names.js';
import fixture from '../fixtures/training/five-steps.json' with { type: 'json' };
import { hashedValues } from '../helpers/hashed-values.js';
import { isFurtherBuild } from '../helpers/setting.js';
import { backendTolerance } from '../helpers/tolerance.js';

type Case = (typeof fixture.cases)[number];

/** Any other network takes the cpu backend minutes. */
const cases = fixture.cases.filter((entry) => getBackend() !== 'cpu' || entry.name === 'tiny');

const optimizers = {
  sgd: (learningRate: number) => new SGD({ learningRate, momentum: 0.9, weightDecay: 1e-4 }),
  adamw: (learningRate: number) => new AdamW({ learningRate, weightDecay: 0.01 }),
  lars: (learningRate: number) =>
    new LARS({ learningRate, momentum: 0.9, weightDecay: 1e-4, trustCoefficient: 0.1, convention: 'google' }),
};

function build(
  { network, width, hidden, size, stem, viewBatching, learningRates }: Case,
  optimizer: keyof typeof optimizers,
): SimCLR {
  const options = { inputShape: [size, size, 3], stem: stem as 'imagenet' | 'small' } as const;
  const encoder =
    network === 'mobileNetV2'
      ? mobileNetV2({ ...options, widthMultiplier: width })
      : resnet18({ ...options, width });
  setTorchvisionWeights(encoder, ({ name, shape }) => {
    const values = hashedValues(
      `encoder.${name}`,
      shape.reduce((product, length) => product * length, 1),
    );
    if (name.endsWith('running_mean')) return values.fill(0);
    if (name.endsWith('running_var')) return values.fill(1);
    if (shape.length === 1) return values.map((value) => (name.endsWith('weight') ? 1 : 0) + 0.1 * value);
    return values.map((value) => value * Math.sqrt(6 / (shape[1]! * shape[2]! * shape[3]!)));
  });
  const inputDim = encoder.outputs[0]!.shape[1]!;
  const head = projectionHead({ inputDim, hidden: [hidden, hidden], outputDim: 64 });
  const dense = head.layers.filter((layer) => layer.weights.length > 0);
  dense.forEach((layer, index) => {
    const [inputs, outputs] = layer.weights[0]!.shape as [number, number];
    const scale = Math.sqrt(6 / inputs);
    const kernel = hashedValues(`head.${2 * index}.weight`, inputs * outputs);
    const turned = new Float32Array(kernel.length);
    for (let o = 0; o < outputs; o++)
      for (let i = 0; i < inputs; i++) turned[i * outputs + o] = scale * kernel[o * inputs + i]!;
    const bias = hashedValues(`head.${2 * index}.bias`, outputs).map((value) => 0.1 * value);
    const values: Tensor[] = [tensor(turned, [inputs, outputs]), tensor(bias)];
    layer.setWeights(values);
    for (const value of values) value.dispose();
  });
  // What the fixture's script draws, whatever the images.
  const view = (number: number): Transform<null> => ({
    name: `view${number}`,
    sample: () => null,
    apply: ({ shape }) => {
      const count = shape.reduce((product, length) => product * length, 1);
      return tensor4d(
        hashedValues(`view${number}`, count).map((value) => (value + 1) / 2),
        shape,
      );
    },
  });
  return new SimCLR({
    augmentation: [view(1), view(2)],
    encoder,
    projectionHead: head,
    optimizer: optimizers[optimizer](learningRates[optimizer]),
    temperature: fixture.temperature,
    viewBatching: viewBatching as 'joint' | 'separate',
  });
}

/** Their own kernels are compared on every build. */
const optimizerNames = Object.keys(optimizers) as (keyof typeof optimizers)[];
const compared = isFurtherBuild() ? optimizerNames.filter((name) => name === 'adamw') : optimizerNames;

/** Of a loss, relative. */
const allowed = Math.max(1e-3, backendTolerance());

describe.each(cases)('five steps of $name $network, $size x $size, give the losses of PyTorch', (entry) => {
  let simclr: SimCLR | undefined;
  afterEach(() => simclr?.dispose({ includeGiven: true }));

  it.each(compared)('%s', async (optimizer) => {
    simclr = build(entry, optimizer);
    const { pairs, size } = entry;
    const images = tensor4d(new Float32Array(pairs * size * size * 3), [pairs, size, size, 3]);
    const { losses: expected } = entry;
    for (const [step, loss] of expected[optimizer].entries()) {
      const actual = (await simclr.trainStep(images)).loss;
      expect(Math.abs(actual / loss - 1), `step ${step}: ${actual}, PyTorch ${loss}`).toBeLessThan(allowed);
    }
    images.dispose();
  });
});
