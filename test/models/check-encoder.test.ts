import { input, type LayersModel, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../src/errors/index.js';
import { checkEncoder } from '../../src/models/index.js';

const pictures = input({ shape: [8, 8, 3] });
const features = layers.conv2d({ filters: 4, kernelSize: 3 }).apply(pictures) as SymbolicTensor;
const pooled = layers.globalAveragePooling2d({}).apply(features) as SymbolicTensor;

function encoder(...outputs: SymbolicTensor[]): LayersModel {
  return model({ inputs: pictures, outputs });
}

describe('checkEncoder', () => {
  test('gives the length of the representation', () => {
    expect(checkEncoder(encoder(pooled))).toBe(4);
  });

  test('a feature map: says what came and what to add', () => {
    expect(() => checkEncoder(encoder(features), 'SimCLR')).toThrow(ShapeError);
    expect(() => checkEncoder(encoder(features), 'SimCLR')).toThrow(
      'SimCLR: encoder must give one vector per picture, output shape [batch, dim]; add a global average pool at its ' +
        'end (layers.globalAveragePooling2d({})). Received: encoder with output shape [null,6,6,4].',
    );
  });

  test('a sequence: says to flatten', () => {
    const sequence = layers.reshape({ targetShape: [36, 4] }).apply(features) as SymbolicTensor;
    expect(() => checkEncoder(encoder(sequence))).toThrow(/flatten its output \(layers.flatten\(\)\)/);
  });

  test('several outputs', () => {
    expect(() => checkEncoder(encoder(pooled, features))).toThrow(
      /one input and one output. Received: encoder with 1 inputs and 2 outputs/,
    );
  });
});
