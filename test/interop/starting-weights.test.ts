import { memory } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { imagenetMean, imagenetStd } from '../../src/augmentations/index.js';
import { CheckpointError, ValueRangeError } from '../../src/errors/index.js';
import {
  describeWeights,
  readSafetensors,
  type StateTensorInput,
  startFrom,
  stateDict,
  weightsMetadata,
  writeSafetensors,
} from '../../src/interop/index.js';
import {
  getTorchvisionWeights,
  mobileNetV2,
  projectionHead,
  type ResNetOptions,
  resnet18,
  resnet50,
  setTorchvisionWeights,
} from '../../src/models/index.js';
import { hashedWeight } from '../models/fill.js';

const small: ResNetOptions = { inputShape: [8, 8, 3], width: 2, stem: 'small' };
const head = () => projectionHead({ inputDim: 16, hidden: [4], outputDim: 3, seed: 4 });

describe('describeWeights', () => {
  test('a file of this library says everything itself', async () => {
    const stem = { kernelSize: 3, strides: 1, pool: false, padding: 2 } as const;
    const encoder = resnet18({ ...small, stem });
    const normalization = { mean: [0.5, 0.5, 0.5], std: [0.1, 0.2, 0.3] };
    const metadata = weightsMetadata(encoder, { normalization });
    const file = writeSafetensors(await stateDict(encoder, { format: 'solo-learn' }), { metadata });
    expect(describeWeights(readSafetensors(file))).toEqual({
      architecture: 'resnet18',
      width: 2,
      stem,
      inputSize: [8, 8],
      normalization,
    });
    const plain = weightsMetadata(encoder);
    expect(describeWeights({ tensors: await stateDict(encoder), metadata: plain }).normalization).toBe(null);
    encoder.dispose();
  });

  test.each([
    ['lightly', 'resnet50'],
    ['lightly-resnet', 'resnet50'],
    ['timm', 'resnet50'],
  ] as const)('names of %s and shapes say the rest', async (format, architecture) => {
    const encoder = resnet50({ inputShape: [8, 8, 3], width: 2 });
    const tensors = await stateDict(encoder, { format });
    expect(describeWeights({ tensors })).toEqual({ architecture, width: 2, stem: 'imagenet' });
    encoder.dispose();
  });

  test("a classifier of 1,000 classes means ImageNet's mean and standard deviation", async () => {
    const encoder = mobileNetV2({ inputShape: [8, 8, 3], widthMultiplier: 0.1 });
    const tensors = new Map<string, StateTensorInput>(await stateDict(encoder));
    expect(describeWeights({ tensors })).toEqual({ architecture: 'mobileNetV2', stem: 'imagenet' });
    tensors.set('classifier.1.weight', { data: new Float32Array(1000), shape: [1000, 1] });
    expect(describeWeights({ tensors }).normalization).toEqual({ mean: imagenetMean, std: imagenetStd });
    encoder.dispose();
  });

  test('nothing, or two networks, say nothing', async () => {
    const encoder = resnet18(small);
    const twice = new Map([
      ...(await stateDict(encoder, { prefix: 'q.' })),
      ...(await stateDict(encoder, { prefix: 'k.' })),
    ]);
    expect(describeWeights({ tensors: twice })).toEqual({});
    expect(describeWeights({ tensors: {}, metadata: { normalization: 'no JSON', stem: '3' } })).toEqual({});
    encoder.dispose();
  });
});

describe('startFrom', () => {
  test('loads the encoder, and the head if it fits', async () => {
    const tensorsBefore = memory().numTensors;
    const [from, fromHead] = [resnet18(small), head()];
    setTorchvisionWeights(from, hashedWeight);
    const tensors = new Map([
      ...(await stateDict(from, { format: 'solo-learn' })),
      ...(await stateDict(fromHead, { format: 'solo-learn' })),
    ]);
    const extra = { data: Float32Array.of(1), shape: [1] };
    const all = new Map<string, StateTensorInput>([...tensors, ['classifier.bias', extra]]);
    const encoder = resnet18({ ...small, seed: 9 });
    const projection = projectionHead({ inputDim: 16, hidden: [4], outputDim: 3, seed: 5 });
    const started = startFrom({ encoder, projectionHead: projection }, { tensors: all });
    expect(started).toEqual({ prefix: 'backbone.', ignored: ['classifier.bias'], projectionHead: true });
    expect(await getTorchvisionWeights(encoder)).toEqual(await getTorchvisionWeights(from));
    expect(await stateDict(projection)).toEqual(await stateDict(fromHead));

    // A head of another size keeps its own weights, with the reason.
    const other = projectionHead({ inputDim: 16, hidden: [5], outputDim: 3, seed: 5 });
    const before = await stateDict(other);
    const second = startFrom({ encoder, projectionHead: other }, { tensors: all });
    expect(second).toMatchObject({ projectionHead: false, reason: expect.stringContaining('another shape') });
    expect(second.ignored).toContain('projector.0.weight');
    expect(await stateDict(other)).toEqual(before);

    // Without one there is no reason.
    const alone = startFrom({ encoder, projectionHead: other }, { tensors: await stateDict(from) });
    expect(alone).toEqual({ prefix: '', ignored: [], projectionHead: false });
    for (const model of [from, fromHead, encoder, projection, other]) model.dispose();
    expect(memory().numTensors).toBe(tensorsBefore);
  });

  test('refuses another stem, another width and NaN, and changes nothing', async () => {
    const encoder = resnet18(small);
    const projection = head();
    const before = await getTorchvisionWeights(encoder);
    const trainer = { encoder, projectionHead: projection };
    const solo = resnet18({ ...small, stem: { kernelSize: 3, strides: 1, pool: false, padding: 2 } });
    const weights = { tensors: await stateDict(solo), metadata: weightsMetadata(solo) };
    expect(() => startFrom(trainer, weights)).toThrow(CheckpointError);
    expect(() => startFrom(trainer, weights)).toThrow(/stem.*"padding":2.*Received: "small"/);
    const wide = resnet18({ ...small, width: 4 });
    const tensors = await stateDict(wide);
    expect(() => startFrom(trainer, { tensors })).toThrow(/another shape/);
    const broken = await stateDict(solo);
    (broken.get('conv1.weight')!.data as Float32Array)[3] = Number.NaN;
    expect(() => startFrom(trainer, { tensors: broken })).toThrow(ValueRangeError);
    expect(await getTorchvisionWeights(encoder)).toEqual(before);
    for (const model of [encoder, projection, solo, wide]) model.dispose();
  });
});
