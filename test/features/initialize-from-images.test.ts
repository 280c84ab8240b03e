import { moments, type Tensor, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { type LayersModel, layers, model, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { initializeFromImages } from '../../src/features/index.js';
import { toPlainLayersModel } from '../../src/interop/index.js';
import { mobileNetV2, resnet18 } from '../../src/models/index.js';
import { expectTensors } from '../helpers/leaks.js';
import { rejection } from '../training/tiny.js';
import { flat, smallResNet, stockNetwork, stripes } from './pictures.js';

const pictures = stripes(60);

const kernelOf = (encoder: LayersModel, layer: string) => encoder.getLayer(layer).getWeights()[0]!;

/** Filters of a layer, each as a list. */
function filtersOf(encoder: LayersModel, layer: string): number[][] {
  const kernel = kernelOf(encoder, layer);
  const filters = kernel.shape[3]!;
  const values = kernel.dataSync();
  return Array.from({ length: filters }, (_, f) =>
    Array.from({ length: values.length / filters }, (_, i) => values[i * filters + f]!),
  );
}

const norm = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((sum, v) => sum + v * v, 0));

function outputOf(encoder: LayersModel, layer: string, images = pictures): Tensor {
  return tidy(() => {
    const part = model({ inputs: encoder.inputs, outputs: encoder.getLayer(layer).output });
    return part.predict(tensor4d(images.data, [...images.shape])) as Tensor;
  });
}

/** Every picture is one of two patterns, at random places and contrasts: the filters to be found are known. */
function twoPatterns() {
  const patterns = [
    [1, 0, -1, 1, 0, -1, 1, 0, -1],
    [1, 1, 1, 0, 0, 0, -1, -1, -1],
  ];
  const count = 80;
  const data = new Float32Array(count * 9);
  for (let picture = 0; picture < count; picture++) {
    const contrast = 0.1 + (0.35 * (picture % 7)) / 7;
    for (let i = 0; i < 9; i++) data[picture * 9 + i] = 0.5 + contrast * patterns[picture % 2]![i]!;
  }
  return { patterns, images: { data, shape: [count, 3, 3, 1] as const } };
}

const oneConvolution = (filters: number, kernelSize = 3, inputShape: [number, number, number] = [3, 3, 1]) =>
  sequential({
    layers: [
      layers.conv2d({ inputShape, filters, kernelSize, name: 'conv', kernelInitializer: 'ones' }),
      layers.flatten(),
    ],
  });

describe('initializeFromImages', () => {
  it.each(['free', 'fixed'] as const)('leaves the first layer %s', async (firstLayer) => {
    const { images } = twoPatterns();
    const encoder = oneConvolution(2);
    await initializeFromImages(encoder, images, { patches: 160, firstLayer });
    expect(encoder.getLayer('conv').trainable).toBe(firstLayer === 'free');
    encoder.dispose();
  });

  it('finds the patterns that the patches are made of', async () => {
    const { patterns, images } = twoPatterns();
    const encoder = oneConvolution(2);
    const result = await expectTensors(0, () => initializeFromImages(encoder, images, { patches: 160 }));
    expect(result).toMatchObject({ layer: 'conv', filters: 2, patches: 160, reseeded: 0, scaled: ['conv'] });
    for (const filter of filtersOf(encoder, 'conv')) {
      const cosines = patterns.map((pattern) => {
        return filter.reduce((sum, v, i) => sum + v * pattern[i]!, 0) / (norm(filter) * norm(pattern));
      });
      // A filter answers to one of them, and not to the other.
      expect(Math.max(...cosines.map(Math.abs))).toBeGreaterThan(0.7);
      expect(filter.reduce((sum, v) => sum + v, 0) / norm(filter)).toBeCloseTo(0, 4);
    }
    const answers = outputOf(encoder, 'conv', images as never);
    const rows = answers.arraySync() as number[][][][];
    // Pictures of one pattern drive the same filter.
    const driven = rows.map((row) => (row[0]![0]![0]! > row[0]![0]![1]! ? 0 : 1));
    expect(new Set(driven.filter((_, i) => i % 2 === 0)).size).toBe(1);
    expect(new Set(driven.filter((_, i) => i % 2 === 1)).size).toBe(1);
    expect(driven[0]).not.toBe(driven[1]);
    answers.dispose();
    encoder.dispose();
  });

  it('is a function of seed and pictures, and lowers the inertia in every round', async () => {
    const kernels: number[][][] = [];
    for (const seed of [1, 1, 2]) {
      const encoder = smallResNet();
      const { inertia } = await initializeFromImages(encoder, pictures, { seed, patches: 500 });
      for (let i = 1; i < inertia.length; i++) {
        expect(inertia[i]).toBeLessThanOrEqual(inertia[i - 1]! * (1 + 1e-12));
      }
      expect(inertia.length).toBeGreaterThan(2);
      kernels.push(filtersOf(encoder, 'conv1'));
      encoder.dispose();
    }
    expect(kernels[1]).toEqual(kernels[0]);
    expect(kernels[2]).not.toEqual(kernels[0]);
  });

  it('keeps the length of a kernel that is normalized, and all else of a ResNet', async () => {
    const encoder = smallResNet();
    const before = encoder.getWeights().map((weight) => weight.dataSync().slice());
    const result = await initializeFromImages(encoder, pictures, { patches: 300 });
    expect(result.scaled).toEqual([]);
    const after = encoder.getWeights().map((weight) => weight.dataSync().slice());
    const changed = after.flatMap((values, i) => (values.some((v, at) => v !== before[i]![at]) ? [i] : []));
    expect(changed.map((i) => encoder.getWeights()[i]!.shape)).toEqual([[7, 7, 3, 4]]);
    expect(norm(after[changed[0]!]!) / norm(before[changed[0]!]!)).toBeCloseTo(1, 4);
    encoder.dispose();
  });

  it('scales behind a normalization what training will see, and leaves its running statistics', async () => {
    const encoder = sequential({
      layers: [
        layers.conv2d({ inputShape: [16, 16, 3], filters: 4, kernelSize: 3, name: 'first' }),
        layers.batchNormalization({ name: 'normal' }),
        layers.conv2d({ filters: 5, kernelSize: 3, name: 'second', kernelInitializer: 'glorotNormal' }),
        layers.flatten(),
      ],
    });
    const running = () =>
      encoder
        .getLayer('normal')
        .getWeights()
        .map((weight) => [...weight.dataSync()]);
    const before = running();
    const result = await expectTensors(0, () =>
      initializeFromImages(encoder, pictures, { patches: 300, batchSize: 60 }),
    );
    expect(result.scaled).toEqual(['second']);
    expect(running()).toEqual(before);
    const variance = tidy(() => {
      // In training mode the layer normalizes by the statistics of the batch.
      let x: Tensor = tensor4d(pictures.data, [...pictures.shape]);
      for (const name of ['first', 'normal', 'second']) {
        x = encoder.getLayer(name).apply(x, { training: true }) as Tensor;
      }
      return moments(x).variance.dataSync()[0]!;
    });
    expect(variance).toBeCloseTo(1, 2);
    encoder.dispose();
  });

  it('scales layers without normalization to variance 1, one after the other', async () => {
    const encoder = stockNetwork();
    const cut = { data: pictures.data.slice(0, 60 * 16 * 14 * 3), shape: [60, 16, 14, 3] as const };
    const result = await expectTensors(0, () =>
      initializeFromImages(encoder, cut, { patches: 300, batchSize: 60 }),
    );
    expect(result.scaled).toEqual(['a', 'b', 'last']);
    for (const name of ['a', 'b', 'last']) {
      const layer = encoder.getLayer(name);
      // The same layer without its activation and offset.
      const linear = model({ inputs: encoder.inputs, outputs: layer.input as never });
      const y = tidy(() => {
        const x = linear.predict(tensor4d(cut.data, [...cut.shape])) as Tensor;
        const config = { ...layer.getConfig(), activation: 'linear', useBias: false, name: `${name}-linear` };
        const twin = name === 'last' ? layers.dense(config as never) : layers.conv2d(config as never);
        twin.apply(x);
        twin.setWeights([layer.getWeights()[0]!]);
        const result = moments(twin.apply(x) as Tensor).variance.dataSync()[0]!;
        twin.dispose();
        return result;
      });
      expect(y).toBeCloseTo(1, 3);
    }
    expect([...encoder.getLayer('b').getWeights()[1]!.dataSync()]).toEqual([1, 1, 1, 1, 1]);
    encoder.dispose();
  });

  it('changes the first layer alone where it is told to', async () => {
    const encoder = stockNetwork();
    const cut = { data: pictures.data.slice(0, 60 * 16 * 14 * 3), shape: [60, 16, 14, 3] as const };
    const before = encoder.getWeights().map((weight) => weight.dataSync().slice());
    const result = await initializeFromImages(encoder, cut, { patches: 300, scale: false });
    expect(result.scaled).toEqual([]);
    const changed = encoder.getWeights().filter((weight, i) => {
      return weight.dataSync().some((value, at) => value !== before[i]![at]);
    });
    expect(changed.map(({ shape }) => shape)).toEqual([[2, 2, 3, 6]]);
    encoder.dispose();
  });

  it('takes eigenvectors, their opposites, and random directions', async () => {
    const encoder = oneConvolution(7, 2, [16, 16, 3]);
    const many = oneConvolution(30, 2, [16, 16, 3]);
    const options = { filters: 'eigenvectors', patches: 2000 } as const;
    const result = await initializeFromImages(encoder, pictures, options);
    expect(result).toMatchObject({ inertia: [], reseeded: 0, filters: 7 });
    const filters = filtersOf(encoder, 'conv');
    for (const [i, a] of filters.entries()) {
      for (const b of filters.slice(0, i)) {
        expect(a.reduce((sum, v, k) => sum + v * b[k]!, 0) / (norm(a) * norm(b))).toBeCloseTo(0, 3);
      }
    }
    await initializeFromImages(many, pictures, options);
    // 12 values of a patch without its mean span 11 dimensions.
    const all = filtersOf(many, 'conv');
    for (let i = 0; i < 11; i++) {
      for (const [k, value] of all[i]!.entries()) expect(all[11 + i]![k]).toBeCloseTo(-value, 5);
    }
    for (const filter of all) expect(norm(filter)).toBeGreaterThan(0);
    expect(new Set(all.map(String)).size).toBe(30);
    encoder.dispose();
    many.dispose();
  });

  it('takes any stem: padded by a layer of its own, after another layer, of a MobileNet, of a SimCLR', async () => {
    const ours = smallResNet();
    const plain = toPlainLayersModel(ours);
    const options = { patches: 300, seed: 3 };
    await initializeFromImages(ours, pictures, options);
    await initializeFromImages(plain, pictures, options);
    const [a, b] = [filtersOf(ours, 'conv1').flat(), filtersOf(plain, 'conv1').flat()];
    for (const [i, value] of a.entries()) expect(b[i]).toBeCloseTo(value, 5);
    const pooled = sequential({
      layers: [
        layers.averagePooling2d({ inputShape: [16, 16, 3], poolSize: 2 }),
        layers.conv2d({ filters: 4, kernelSize: 3, name: 'conv' }),
        layers.flatten(),
      ],
    });
    expect((await expectTensors(0, () => initializeFromImages(pooled, pictures, options))).layer).toBe(
      'conv',
    );
    const mobile = mobileNetV2({ inputShape: [16, 16, 3], widthMultiplier: 0.1, stem: 'small' });
    const normalization = { mean: [0.2, 0.2, 0.2], std: [0.5, 0.5, 0.5] };
    const result = await initializeFromImages({ encoder: mobile, normalization }, pictures, options);
    expect(result).toMatchObject({ layer: 'features.0.0', scaled: [] });
    for (const each of [ours, plain, pooled, mobile]) each.dispose();
  });

  it('does not depend on the scale of a normalization', async () => {
    const [a, b] = [smallResNet(), smallResNet()];
    const normalization = { mean: [0.4, 0.4, 0.4], std: [0.2, 0.2, 0.2] };
    const options = { patches: 300, scale: false };
    await initializeFromImages(a, pictures, options);
    await initializeFromImages({ encoder: b, normalization }, pictures, options);
    const other = filtersOf(b, 'conv1').flat();
    for (const [i, value] of filtersOf(a, 'conv1').flat().entries()) expect(other[i]).toBeCloseTo(value, 2);
    a.dispose();
    b.dispose();
  });

  it('takes batches, and few pictures', async () => {
    const encoder = smallResNet();
    const batch = (start: number) => ({
      images: { data: pictures.data.slice(start * 768, (start + 20) * 768), shape: [20, 16, 16, 3] as const },
    });
    const result = await expectTensors(0, () =>
      initializeFromImages(encoder, () => [batch(0), batch(20), batch(40)], { patches: 160 }),
    );
    expect(result.patches).toBe(160);
    const few = await initializeFromImages(encoder, stripes(3), { patches: 100 });
    expect(few.patches).toBe(102);
    encoder.dispose();
  });

  it('refuses what has no first filters to find', async () => {
    const encoder = smallResNet();
    const small = resnet18({ inputShape: [6, 9, 3], width: 2 });
    const dense = sequential({
      layers: [layers.flatten({ inputShape: [16, 16, 3] }), layers.dense({ units: 2, name: 'only' })],
    });
    const dilated = sequential({
      layers: [
        layers.conv2d({ inputShape: [16, 16, 3], filters: 2, kernelSize: 2, dilationRate: 2, name: 'wide' }),
      ],
    });
    const none = sequential({ layers: [layers.flatten({ inputShape: [16, 16, 3] })] });
    const cases: [LayersModel, ReturnType<typeof stripes>, object, RegExp][] = [
      [encoder, flat(9, false), {}, /^ValueRangeError: initializeFromImages: images must have contrast/],
      [encoder, flat(9, true), {}, /^ValueRangeError: initializeFromImages: images must have contrast/],
      [encoder, stripes(9, 8), {}, /^ShapeError: .*input shape \[N, 16,16,3\]. Received: images=\[9,8,8,3\]/],
      [
        encoder,
        pictures,
        { patches: 3 },
        /^InvalidOptionError: .*at least as many patches as filters, 4. Received: 3/,
      ],
      [encoder, pictures, { filters: 'sobel' }, /filters must be one of "kMeans", "eigenvectors"/],
      [encoder, pictures, { scale: 1 }, /scale must be a boolean/],
      [
        small,
        stripes(9, 6),
        {},
        /^ShapeError: .*at least as large as the first filters, 7x7 of conv1. Received: pictures of 6x9/,
      ],
      [
        dense,
        pictures,
        {},
        /the first layer with weights must be a PaddedConv2D or a Conv2D .*"only" \(Dense\)/,
      ],
      [dilated, pictures, {}, /without dilation, channels last. Received: layer "wide"/],
      [none, pictures, {}, /encoder must have a convolution/],
    ];
    for (const [network, images, options, message] of cases) {
      const before = network.getWeights().map((weight) => weight.dataSync().slice());
      const error = await expectTensors(0, () => rejection(initializeFromImages(network, images, options)));
      expect(`${error.name}: ${error.message}`).toMatch(message);
      expect(network.getWeights().map((weight) => weight.dataSync().slice())).toEqual(before);
    }
    for (const each of [encoder, small, dense, dilated, none]) each.dispose();
  });
});
