import { matMul, mean, mul, sub, type Tensor2D, tensor2d, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { input, type LayersModel, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { initializeFromImages } from '../../src/features/index.js';
import { largestDirections } from '../../src/features/initialization/largest-directions.js';
import { largestEigenpairs } from '../../src/linear-algebra/symmetric-eigenvectors.js';
import { mobileNetV2, resnet50 } from '../../src/models/index.js';
import { randomGenerator } from '../../src/random/index.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { rejection } from '../training/tiny.js';
import { smallResNet, stockNetwork, stripes } from './pictures.js';

const pictures = stripes(120);

function weights(encoder: LayersModel, name: string): Record<string, Float32Array> {
  const layer = encoder.getLayer(name);
  const roles = layer.weights.map(({ originalName }) => originalName.split('/').at(-1)!);
  return Object.fromEntries(
    layer.getWeights().map((weight, i) => [roles[i]!, weight.dataSync() as Float32Array]),
  );
}

/** What a layer gives the pictures in inference. */
function outputOf(encoder: LayersModel, layer: string): { data: Float32Array; channels: number } {
  return tidy(() => {
    const part = model({ inputs: encoder.inputs, outputs: encoder.getLayer(layer).output as SymbolicTensor });
    const y = part.predict(tensor4d(pictures.data as Float32Array, [...pictures.shape])) as Tensor2D;
    return { data: y.dataSync() as Float32Array, channels: y.shape.at(-1)! };
  });
}

describe('largestDirections', () => {
  it('finds what a full decomposition finds', async () => {
    const [count, length, most] = [300, 40, 6];
    // Variances that fall, as those of pictures do.
    const values = Float32Array.from(hashedValues('rows', count * length), (value, i) => {
      return (value - 0.5) * 0.8 ** (i % length) + 0.3;
    });
    const rows = tensor2d(values, [count, length]);
    const found = await expectTensors(0, () => largestDirections(rows, most, randomGenerator(1)));
    const covariance = tidy(() => {
      const centered = sub(rows, mean(rows, 0)) as Tensor2D;
      return Float64Array.from(mul(matMul(centered, centered, true), 1 / count).dataSync());
    });
    const expected = largestEigenpairs(covariance, length, most);
    rows.dispose();
    expect(found.variances).toHaveLength(most);
    for (let k = 0; k < most; k++) {
      expect(found.variances[k]! / expected.values[k]!).toBeCloseTo(1, 3);
      let product = 0;
      for (let i = 0; i < length; i++) {
        product += found.vectors[k * length + i]! * expected.vectors[k * length + i]!;
      }
      expect(Math.abs(product)).toBeCloseTo(1, 2);
    }
  });

  it('leaves out directions in which nothing varies', async () => {
    const values = Float32Array.from({ length: 50 * 8 }, (_, i) => (i % 8 === 3 ? Math.sin(i) : 1));
    const rows = tensor2d(values, [50, 8]);
    const { variances, vectors } = await largestDirections(rows, 4, randomGenerator(1));
    rows.dispose();
    expect(variances).toHaveLength(1);
    expect(Math.abs(vectors[3]!)).toBeCloseTo(1, 4);
  });
});

describe('initializeFromImages with whitened blocks', () => {
  it('lets blocks pass on what they are given', async () => {
    const encoder = smallResNet();
    const { whitened } = await expectTensors(0, () =>
      initializeFromImages(encoder, pictures, { patches: 400, blocks: 'whitened' }),
    );
    expect(whitened).toEqual(['layer2.0.conv1', 'layer3.0.conv1', 'layer4.0.conv1']);
    for (const silent of ['layer1.0.bn2', 'layer1.1.bn2', 'layer2.0.downsample.1', 'layer4.1.bn2']) {
      expect(Array.from(weights(encoder, silent).gamma!), silent).toEqual(
        Array.from({ length: weights(encoder, silent).gamma!.length }, () => 0),
      );
    }
    // A silent branch after a ReLU changes nothing.
    expect(outputOf(encoder, 'layer1.1.bn2').data).toEqual(outputOf(encoder, 'maxpool').data);
    expect(outputOf(encoder, 'layer4.1.bn2').data).toEqual(outputOf(encoder, 'layer4.0.bn2').data);
    encoder.dispose();
  });

  it('filters in pairs of opposites, and normalizes by the pictures', async () => {
    const encoder = smallResNet();
    await initializeFromImages(encoder, pictures, { patches: 400, blocks: 'whitened' });
    const kernel = weights(encoder, 'layer2.0.conv1').kernel!;
    const filters = 8;
    for (let i = 0; i < kernel.length; i += filters) {
      for (let filter = 0; filter < filters; filter += 2) {
        expect(kernel[i + filter]! + kernel[i + filter + 1]!).toBeCloseTo(0, 6);
      }
    }
    // Before the ReLU, opposites have opposite signs, and all have variance 1.
    const { moving_mean: mean, moving_variance: variance } = weights(encoder, 'layer2.0.bn1');
    const { data, channels } = outputOf(encoder, 'layer2.0.conv1');
    for (let channel = 0; channel < channels; channel++) {
      const own = data.filter((_, i) => i % channels === channel);
      const average = own.reduce((sum, value) => sum + value, 0) / own.length;
      expect(mean![channel]).toBeCloseTo(average, 4);
      const spread = own.reduce((sum, value) => sum + (value - average) ** 2, 0) / own.length;
      expect(variance![channel]! / spread).toBeCloseTo(1, 3);
    }
    encoder.dispose();
  });

  it('depends on the seed, and on nothing else', async () => {
    const kernels = [];
    for (const seed of [3, 3, 4]) {
      const encoder = smallResNet();
      await initializeFromImages(encoder, pictures, { patches: 400, blocks: 'whitened', seed });
      kernels.push(weights(encoder, 'layer3.0.conv1').kernel);
      encoder.dispose();
    }
    expect(kernels[0]).toEqual(kernels[1]);
    expect(kernels[0]).not.toEqual(kernels[2]);
  });

  it('takes bottlenecks, and leaves networks without such blocks as they are', async () => {
    const bottlenecks = resnet50({ inputShape: [16, 16, 3], width: 4 });
    const { whitened } = await initializeFromImages(bottlenecks, pictures, {
      patches: 200,
      blocks: 'whitened',
    });
    expect(whitened).toContain('layer1.0.conv3');
    expect(whitened).toContain('layer2.0.conv2');
    bottlenecks.dispose();

    const plain = stockNetwork();
    const odd = stripes(60, 16);
    const cut = { data: odd.data.slice(0, 60 * 16 * 14 * 3), shape: [60, 16, 14, 3] as const };
    const result = await initializeFromImages(plain, cut, { patches: 200, blocks: 'whitened' });
    expect(result.whitened).toEqual([]);
    plain.dispose();

    const mobile = mobileNetV2({ inputShape: [32, 32, 3], widthMultiplier: 0.1 });
    await initializeFromImages(mobile, stripes(20, 32), { patches: 200, blocks: 'whitened' });
    mobile.dispose();
  });

  it('takes residual blocks of layers of tfjs', async () => {
    const conv = (name: string, filters: number, strides: number) =>
      layers.conv2d({ filters, kernelSize: 3, strides, padding: 'same', useBias: false, name });
    const bn = (name: string) => layers.batchNormalization({ name });
    const x = input({ shape: [16, 16, 3] });
    const apply = (layer: { apply(x: SymbolicTensor): unknown }, to: SymbolicTensor) =>
      layer.apply(to) as SymbolicTensor;
    const start = apply(bn('start'), apply(conv('first', 6, 1), x));
    const branch = apply(bn('b'), apply(conv('a', 10, 2), start));
    const shortcut = apply(
      bn('c'),
      apply(layers.conv2d({ filters: 10, kernelSize: 1, strides: 2, name: 'side' }), start),
    );
    const sum = layers.add().apply([branch, shortcut]) as SymbolicTensor;
    const encoder = model({ inputs: x, outputs: apply(layers.globalAveragePooling2d({}), sum) });
    const { whitened } = await initializeFromImages(encoder, pictures, { patches: 400, blocks: 'whitened' });
    expect(whitened).toEqual(['a']);
    expect(Array.from(weights(encoder, 'c').gamma!)).toEqual(Array.from({ length: 10 }, () => 0));
    encoder.dispose();
  });

  it('refuses another word', async () => {
    const encoder = smallResNet();
    const error = await rejection(initializeFromImages(encoder, pictures, { blocks: 'fixed' as never }));
    expect(error.message).toContain('blocks must be one of "random", "whitened"');
    encoder.dispose();
  });
});
