import { afterEach, describe, expect, test } from 'vitest';
import { InvalidOptionError, ShapeError } from '../../src/errors/index.js';
import {
  getTorchvisionWeights,
  projectionHead,
  resnet18,
  setTorchvisionWeights,
  torchvisionWeights,
} from '../../src/models/index.js';
import { expectTensors } from '../helpers/leaks.js';
import { hashedWeight } from './fill.js';

const encoder = resnet18({ inputShape: [8, 8, 3], width: 2, stem: 'small', name: 'encoder' });
const head = projectionHead({ inputDim: 2, hidden: [], outputDim: 2 });

afterEach(() => setTorchvisionWeights(encoder, hashedWeight));

describe('torchvision names', () => {
  test('shapes are torchvision’s: kernels [outputs, inputs, height, width]', () => {
    const weights = torchvisionWeights(encoder);
    expect(weights).toContainEqual({ name: 'conv1.weight', shape: [2, 3, 3, 3], trainable: true });
    expect(weights).toContainEqual({
      name: 'layer2.0.downsample.0.weight',
      shape: [4, 2, 1, 1],
      trainable: true,
    });
    expect(weights).toContainEqual({ name: 'layer4.1.bn2.running_var', shape: [16], trainable: false });
  });

  test('what is set is what is read', async () => {
    await expectTensors(0, async () => {
      setTorchvisionWeights(encoder, hashedWeight);
      const read = await getTorchvisionWeights(encoder);
      for (const weight of torchvisionWeights(encoder)) {
        expect(read.get(weight.name), weight.name).toEqual(hashedWeight(weight));
      }
    });
  });

  test('a wrong number of values is refused before any weight changes', async () => {
    setTorchvisionWeights(encoder, hashedWeight);
    const before = await getTorchvisionWeights(encoder);
    const values = ({ name }: { name: string }) => (name === 'layer4.1.bn2.bias' ? [1] : undefined);
    expect(() =>
      setTorchvisionWeights(encoder, (weight) => values(weight) ?? hashedWeight(weight).fill(0)),
    ).toThrow('setTorchvisionWeights: layer4.1.bn2.bias needs 16 values, shape [16]. Received: 1.');
    expect(() => setTorchvisionWeights(encoder, () => undefined)).toThrow(ShapeError);
    expect(await getTorchvisionWeights(encoder)).toEqual(before);
  });

  test('a model of another kind is refused', () => {
    expect(() => torchvisionWeights(head)).toThrow(InvalidOptionError);
    expect(() => torchvisionWeights(head)).toThrow(
      /must come from resnet18, resnet34, resnet50 or mobileNetV2/,
    );
  });
});
