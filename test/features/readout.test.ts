import { mul, type Tensor, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { type LayersModel, layers, loadLayersModel, model, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { encoderStages, fitReadout, Readout, type ReadoutStage } from '../../src/features/index.js';
import { knnClassifier, resnet18, SimCLR } from '../../src/index.js';
import {
  exportONNX,
  readSafetensors,
  toPlainLayersModel,
  writeSafetensors,
} from '../../src/interop/index.js';
import { expectTensors } from '../helpers/leaks.js';
import { memoryStore, rejection } from '../training/tiny.js';
import { flat, smallResNet, stockNetwork, stripes } from './pictures.js';

const pictures = stripes(40);

/** The output of a layer of an encoder. */
function mapsOf(encoder: LayersModel, layer: string, images = pictures): Tensor {
  return tidy(() => {
    const to = model({ inputs: encoder.inputs, outputs: encoder.getLayer(layer).output });
    return to.predict(tensor4d(images.data, [...images.shape])) as Tensor;
  });
}

/** Means over cells of a map, [picture][cell][channel], straight from the definition. */
function cellMeans(maps: Tensor, grid: number): number[][] {
  const [count, height, width, channels] = maps.shape as [number, number, number, number];
  const values = maps.dataSync();
  const [strideY, strideX] = [Math.floor(height / grid), Math.floor(width / grid)];
  const [sizeY, sizeX] = [height - (grid - 1) * strideY, width - (grid - 1) * strideX];
  return Array.from({ length: count }, (_, picture) => {
    const row: number[] = [];
    for (let cy = 0; cy < grid; cy++) {
      for (let cx = 0; cx < grid; cx++) {
        for (let channel = 0; channel < channels; channel++) {
          let sum = 0;
          for (let y = cy * strideY; y < cy * strideY + sizeY; y++) {
            for (let x = cx * strideX; x < cx * strideX + sizeX; x++) {
              sum += values[((picture * height + y) * width + x) * channels + channel]!;
            }
          }
          row.push(sum / (sizeY * sizeX));
        }
      }
    }
    return row;
  });
}

/** The joined vectors that a read-out whitens. */
function joined(readout: Readout, images = pictures): number[][] {
  const { inputs, layers: all } = readout.model;
  const before = model({ inputs, outputs: all.at(-1)!.input as never });
  return tidy(() =>
    (before.predict(tensor4d(images.data, [...images.shape])) as Tensor).arraySync(),
  ) as number[][];
}

function expectClose(actual: number[][], expected: number[][], digits = 4): void {
  expect(actual.map((row) => row.length)).toEqual(expected.map((row) => row.length));
  for (const [i, row] of expected.entries()) {
    for (const [j, value] of row.entries()) {
      expect(Math.abs(actual[i]![j]! - value)).toBeLessThan(10 ** -digits * (1 + Math.abs(value)));
    }
  }
}

async function embedded(readout: Readout, images = pictures): Promise<number[][]> {
  const vectors = await readout.embed(images);
  const rows = vectors.arraySync();
  vectors.dispose();
  return rows;
}

describe('encoderStages', () => {
  it('are the last layers of each size, from the largest', () => {
    const encoder = smallResNet();
    expect(encoderStages(encoder)).toEqual([
      { layer: 'bn1', height: 8, width: 8, channels: 4 },
      { layer: 'layer1.1.bn2', height: 4, width: 4, channels: 4 },
      { layer: 'layer2.1.bn2', height: 2, width: 2, channels: 8 },
      { layer: 'layer4.1.bn2', height: 1, width: 1, channels: 32 },
    ]);
    const plain = toPlainLayersModel(encoder);
    // Its padding, which has sizes of its own, is no stage.
    expect(encoderStages(plain).map(({ layer }) => layer)).toEqual([
      'bn1.relu',
      'layer1.1.bn2.relu',
      'layer2.1.bn2.relu',
      'layer4.1.bn2.relu',
    ]);
    encoder.dispose();
    plain.dispose();
    const stock = stockNetwork();
    expect(encoderStages(stock).map(({ layer, height, width }) => [layer, height, width])).toEqual([
      ['a', 15, 13],
      ['b', 7, 6],
    ]);
    stock.dispose();
  });
});

describe('fitReadout', () => {
  it.each([1, 2, 3, 4])(
    'averages a stage on a grid of %i, whether it divides the map or not',
    async (grid) => {
      const encoder = stockNetwork();
      const images = stripes(9, 16);
      const cut = { data: images.data.slice(0, 9 * 16 * 14 * 3), shape: [9, 16, 14, 3] as const };
      const readout = await fitReadout(encoder, cut, { stages: [{ layer: 'b', grid }] });
      const maps = mapsOf(encoder, 'b', cut as never);
      expectClose(joined(readout, cut as never), cellMeans(maps, grid));
      maps.dispose();
      readout.dispose();
      encoder.dispose();
    },
  );

  it('whitens: mean 0 and covariance 1 over the pictures it was fitted to, from any batches', async () => {
    const encoder = smallResNet();
    const stages = [{ layer: 'bn1', grid: 2 }];
    const readout = await fitReadout(encoder, pictures, { stages, dim: 10, batchSize: 7 });
    expect([readout.dim, readout.pictures]).toEqual([10, 40]);
    const rows = await embedded(readout);
    for (let i = 0; i < 10; i++) {
      expect(rows.reduce((sum, row) => sum + row[i]!, 0) / 40).toBeCloseTo(0, 3);
      for (let j = 0; j <= i; j++) {
        const covariance = rows.reduce((sum, row) => sum + row[i]! * row[j]!, 0) / 39;
        expect(covariance).toBeCloseTo(i === j ? 1 : 0, 2);
      }
    }
    const whole = await fitReadout(encoder, pictures, { stages, dim: 10, batchSize: 64 });
    expectClose(await embedded(whole), rows, 2);
    expect(readout.explainedVariance).toBeGreaterThan(0.8);
    expect(readout.explainedVariance).toBeLessThan(1);
    for (const each of [readout, whole, encoder]) each.dispose();
  });

  it('joins stages of equal variance, times their weights', async () => {
    const encoder = smallResNet();
    const stages: ReadoutStage[] = [
      { layer: 'bn1', grid: 2, weight: 3 },
      { layer: 'layer2.1.bn2', grid: 1 },
      { layer: 'bn1', grid: 1, weight: 0.5 },
      { layer: 'avgpool' },
    ];
    const readout = await fitReadout(encoder, pictures, { stages, dim: 4 });
    expect(readout.stages.map(({ grid, weight }) => [grid, weight])).toEqual([
      [2, 3],
      [1, 1],
      [1, 0.5],
      [1, 1],
    ]);
    const values = joined(readout);
    const parts = ['bn1', 'layer2.1.bn2', 'bn1', 'avgpool'].map((layer, i) => {
      const maps = mapsOf(encoder, layer);
      const rows = maps.rank === 2 ? (maps.arraySync() as number[][]) : cellMeans(maps, i === 0 ? 2 : 1);
      maps.dispose();
      return rows;
    });
    expectClose(
      values,
      values.map((_, picture) => parts.flatMap((rows) => rows[picture]!)),
    );
    // The direction of the largest variance among the scaled columns: columns of the kernel are it, divided by their scales.
    const scaled = parts.map((rows, i) => {
      const mean = rows[0]!.map((_, c) => rows.reduce((sum, row) => sum + row[c]! / 40, 0));
      const centered = rows.map((row) => row.map((value, c) => value - mean[c]!));
      const variance = centered.flat().reduce((sum, value) => sum + value ** 2, 0) / 39;
      const scale = [3, 1, 0.5, 1][i]! / Math.sqrt(variance);
      return centered.map((row) => row.map((value) => value * scale));
    });
    const all = values.map((_, picture) => scaled.flatMap((rows) => rows[picture]!));
    const y = await embedded(readout);
    // λ_1 v_1 = C v_1, and y_1 = x . v_1 / √λ_1: the covariance of x with y_1 is √λ_1 v_1, whose length is √λ_1.
    const withFirst = all[0]!.map((_, c) => all.reduce((sum, row, p) => sum + (row[c]! * y[p]![0]!) / 39, 0));
    const lambda = withFirst.reduce((sum, value) => sum + value ** 2, 0);
    for (const [picture, row] of all.entries()) {
      const projected = row.reduce((sum, value, c) => sum + value * withFirst[c]!, 0) / lambda;
      expect(projected).toBeCloseTo(y[picture]![0]!, 2);
    }
    expect(lambda).toBeGreaterThan(0.5 * 9); // the heaviest stage leads
    readout.dispose();
    encoder.dispose();
  });

  it('reads the first two stages on 3x3 unless told otherwise, and normalizes as a SimCLR does', async () => {
    const normalization = { mean: [0.4, 0.5, 0.6], std: [0.3, 0.2, 0.1] };
    const encoder = smallResNet();
    const simclr = new SimCLR({ encoder, normalization });
    const readout = await fitReadout(simclr, pictures);
    expect(readout.dim).toBe(16);
    expect(readout.stages).toEqual([
      { layer: 'bn1', height: 8, width: 8, channels: 4, grid: 3, weight: 1 },
      { layer: 'layer1.1.bn2', height: 4, width: 4, channels: 4, grid: 3, weight: 1 },
    ]);
    expect(readout.normalization).toEqual(normalization);
    const data = pictures.data.map((value, i) => {
      return (value - normalization.mean[i % 3]!) / normalization.std[i % 3]!;
    });
    const y = tidy(() => (readout.model.predict(tensor4d(data, [40, 16, 16, 3])) as Tensor).arraySync());
    expectClose(await embedded(readout), y as number[][], 3);
    readout.dispose();
    simclr.dispose();
    encoder.dispose();
  });

  it('gives as many dimensions as few pictures span', async () => {
    const encoder = smallResNet();
    const few = stripes(6);
    const readout = await fitReadout(encoder, few);
    expect(readout.dim).toBe(5);
    expect(readout.explainedVariance).toBeCloseTo(1, 5);
    for (const row of await embedded(readout, few)) {
      // Six points that span five dimensions are equally far from their mean after whitening.
      expect(Math.hypot(...row)).toBeCloseTo(5 / Math.sqrt(6), 2);
    }
    // Pictures of one color each span three at most, whatever is asked.
    const pixels = sequential({
      layers: [layers.averagePooling2d({ inputShape: [16, 16, 3], poolSize: 2, name: 'pixels' })],
    });
    const colors = await fitReadout(pixels, flat(30, true), { stages: [{ layer: 'pixels', grid: 8 }] });
    expect(colors.dim).toBe(1);
    for (const each of [readout, colors, encoder, pixels]) each.dispose();
  });

  it('ignores a stage without variance beside one that has some', async () => {
    const pixels = sequential({
      layers: [
        layers.averagePooling2d({ inputShape: [16, 16, 3], poolSize: 2, name: 'pixels' }),
        layers.conv2d({
          filters: 2,
          kernelSize: 2,
          kernelInitializer: 'zeros',
          biasInitializer: 'ones',
          name: 'one',
        }),
      ],
    });
    const stages = [{ layer: 'pixels', grid: 2 }, { layer: 'one' }];
    const readout = await fitReadout(pixels, pictures, { stages });
    expect(readout.dim).toBeLessThanOrEqual(12);
    for (const row of await embedded(readout)) expect(Math.hypot(...row)).toBeLessThan(20);
    readout.dispose();
    pixels.dispose();
  });

  it('takes means over flips: of what is whitened, and of what is embedded', async () => {
    const encoder = smallResNet();
    const [count, height, width] = pictures.shape;
    const mirror = pictures.data.map((_, i) => {
      const [pixel, color] = [Math.floor(i / 3), i % 3];
      return pictures.data[3 * (pixel - (pixel % width) + width - 1 - (pixel % width)) + color]!;
    });
    const mirrored = { data: mirror, shape: [count, height, width, 3] as const };
    const readout = await fitReadout(encoder, pictures, { dim: 6, flips: true });
    const [a, b] = [await embedded(readout), await embedded(readout, mirrored as never)];
    expect(a).not.toEqual(b);
    const vectors = await expectTensors(1, () => readout.embed(pictures, { flips: true }));
    const mean = a.map((row, i) => row.map((value, k) => (value + b[i]![k]!) / 2));
    expectClose(vectors.arraySync(), mean);
    for (let k = 0; k < 6; k++) {
      expect(mean.reduce((sum, row) => sum + row[k]! / 40, 0)).toBeCloseTo(0, 3);
      expect(mean.reduce((sum, row) => sum + row[k]! ** 2 / 39, 0)).toBeCloseTo(1, 2);
    }
    const simclr = new SimCLR({ encoder });
    simclr.readout = readout;
    const same = await simclr.embed(pictures, { at: 'readout', flips: true });
    expectClose(same.arraySync(), mean);
    for (const each of [vectors, same, simclr, encoder]) each.dispose();
    for (const call of [
      () => fitReadout(smallResNet(), pictures, { flips: 1 as never }),
      () => readout.embed(pictures, { flips: 'yes' as never }),
    ]) {
      expect((await rejection(call())).message).toMatch(/flips must be a boolean/);
    }
  });

  it('is not changed by what becomes of the encoder, and leaves nothing', async () => {
    const encoder = smallResNet();
    await expectTensors(0, async () => {
      const readout = await fitReadout(encoder, pictures, { dim: 3 });
      const before = await embedded(readout);
      tidy(() => {
        for (const layer of encoder.layers)
          layer.setWeights(layer.getWeights().map((weight) => mul(weight, 0)));
      });
      expect(await embedded(readout)).toEqual(before);
      readout.dispose();
      readout.dispose();
    });
    encoder.dispose();
  });

  it('reports progress', async () => {
    const encoder = smallResNet();
    const seen: Array<[number, number | undefined]> = [];
    const onProgress = (done: number, total: number | undefined) => void seen.push([done, total]);
    const readout = await fitReadout(encoder, pictures, { batchSize: 16, onProgress });
    expect(seen).toEqual([
      [16, 40],
      [32, 40],
      [40, 40],
    ]);
    readout.dispose();
    encoder.dispose();
  });
});

describe('a read-out', () => {
  const build = async () => {
    const encoder = smallResNet();
    const stages = [
      { layer: 'bn1', grid: 3 },
      { layer: 'layer2.1.bn2', grid: 2, weight: 2 },
    ];
    return { encoder, readout: await fitReadout(encoder, pictures, { stages, dim: 6 }) };
  };

  it('is an encoder: kNN, SimCLR, a plain model and ONNX take it', async () => {
    const { encoder, readout } = await build();
    const rows = await embedded(readout);
    const simclr = new SimCLR({ encoder: readout.model });
    const h = await simclr.embed(pictures);
    expectClose(h.arraySync(), rows, 3);
    const labels = Int32Array.from({ length: 40 }, (_, i) => i % 2);
    const knn = await knnClassifier({ embeddings: h, labels }, { neighbors: 1 });
    expect((await knn.evaluate(h, labels)).accuracy).toBe(1);
    const plain = toPlainLayersModel(readout.model);
    const y = tidy(() => (plain.predict(tensor4d(pictures.data, [40, 16, 16, 3])) as Tensor).arraySync());
    expectClose(y as number[][], rows, 3);
    expect(new TextDecoder('latin1').decode(await exportONNX(readout.model))).toMatch(
      /Concat.*AveragePool|AveragePool.*Concat/s,
    );
    h.dispose();
    for (const each of [simclr, plain, readout, encoder]) each.dispose();
  });

  it('comes back from a store, with what it says of itself', async () => {
    const { encoder, readout } = await build();
    const rows = await embedded(readout);
    const store = memoryStore();
    await readout.save(store);
    const loaded = await Readout.load(store);
    for (const key of ['dim', 'stages', 'normalization', 'pictures', 'explainedVariance'] as const) {
      expect(loaded[key]).toEqual(readout[key]);
    }
    expectClose(await embedded(loaded), rows, 4);
    const other = await loadLayersModel(store);
    expect(other.outputs[0]!.shape).toEqual([null, 6]);
    for (const each of [loaded, other, readout, encoder]) each.dispose();
  });

  it('comes back from its state beside the encoder, as JSON and safetensors', async () => {
    const { encoder, readout } = await build();
    const rows = await embedded(readout);
    const { json, tensors } = await readout.state();
    const file = writeSafetensors(tensors, { metadata: { readout: JSON.stringify(json) } });
    const read = readSafetensors(file);
    const given = Object.fromEntries(
      [...read.tensors].map(([name, { data, shape }]) => [
        name,
        { data: data as Float32Array, shape: [...shape] },
      ]),
    ) as typeof tensors;
    const again = await expectTensors(readout.model.weights.length, () =>
      Readout.fromState(encoder, { json: JSON.parse(read.metadata!.readout!), tensors: given }),
    );
    expectClose(await embedded(again), rows, 4);
    for (const each of [again, readout, encoder]) each.dispose();
  });

  it('refuses another encoder, and damaged states', async () => {
    const { encoder, readout } = await build();
    const state = await readout.state();
    const others: [LayersModel, RegExp][] = [
      [resnet18({ inputShape: [16, 16, 3], width: 2 }), /layer bn1 that gives 8x8x4. Received: one of 8x8x2/],
      [
        resnet18({ inputShape: [16, 16, 3], width: 4, name: 'b' }),
        /layer bn1 .*Received: an encoder without it/,
      ],
      [
        resnet18({ inputShape: [8, 16, 3], width: 4 }),
        /pictures of \[16,16,3\]. Received: an encoder of \[8,16,3\]/,
      ],
      [
        smallResNet(2),
        /with the same weights; after more training, fit again. Received: an encoder with other weights/,
      ],
    ];
    for (const [other, message] of others) {
      const error = await expectTensors(0, () => rejection(Readout.fromState(other, state)));
      expect(error.name).toBe('CheckpointError');
      expect(error.message).toMatch(message);
      other.dispose();
    }
    const { json, tensors } = state;
    const kernel = { ...tensors.kernel, data: tensors.kernel.data.slice(1) };
    const nan = { ...tensors.bias, data: tensors.bias.data.map(() => Number.NaN) };
    for (const wrong of [
      undefined,
      { json, tensors: undefined },
      { json, tensors: { ...tensors, kernel } },
      { json, tensors: { ...tensors, bias: nan } },
      { json: { ...json, stages: [{ layer: 1 }] }, tensors },
      { json: null, tensors },
      { json: { ...json, encoderWeights: 7 }, tensors },
    ]) {
      const error = await expectTensors(0, () => rejection(Readout.fromState(encoder, wrong as never)));
      expect(error.name).toBe('CheckpointError');
    }
    // Earlier versions did not say which weights they read.
    const { encoderWeights, ...earlier } = json;
    expect(encoderWeights).toMatch(/^[0-9a-f]{16}$/);
    const old = await Readout.fromState(encoder, { json: earlier as typeof json, tensors });
    expect(old.isOf(encoder)).toBe(true);
    old.dispose();
    const store = memoryStore();
    await encoder.save(store);
    const error = await expectTensors(0, () => rejection(Readout.load(store)));
    expect(error.message).toMatch(/must hold a read-out that Readout.save wrote. Received: another model/);
    for (const each of [readout, encoder]) each.dispose();
  });

  it('knows its encoder by the weights that it reads', async () => {
    const { encoder, readout } = await build();
    const [other, twin] = [smallResNet(2), smallResNet(1)];
    expect([encoder, other, twin].map((each) => readout.isOf(each))).toEqual([true, false, false]);
    const write = (layer: string) =>
      tidy(() => {
        const target = encoder.getLayer(layer);
        target.setWeights(target.getWeights().map((weight) => mul(weight, 1.5)));
      });
    write('layer4.1.conv1'); // behind what is read
    expect(readout.isOf(encoder)).toBe(true);
    const state = await readout.state();
    write('layer1.0.conv1');
    expect(readout.isOf(encoder)).toBe(false);
    const error = await rejection(Readout.fromState(encoder, state));
    expect(error.message).toMatch(/with the same weights; after more training, fit again/);
    const same = await Readout.fromState(twin, state); // equal weights, made again
    expect(same.isOf(twin)).toBe(true);
    for (const each of [same, readout, encoder, other, twin]) each.dispose();
    expect(() => readout.isOf(twin)).toThrow(/Readout.isOf: the read-out must not be disposed/);
  });

  it('refuses pictures of another size, and calls after dispose', async () => {
    const { encoder, readout } = await build();
    const error = await rejection(readout.embed(stripes(3, 8)));
    expect(error.message).toMatch(
      /^Readout.embed: images must have the encoder's input shape \[N, 16,16,3\]/,
    );
    readout.dispose();
    for (const call of [
      () => readout.embed(pictures),
      () => readout.save(memoryStore()),
      () => readout.state(),
    ]) {
      expect((await rejection(call())).message).toMatch(/the read-out must not be disposed/);
    }
    encoder.dispose();
  });
});

describe('fitReadout refuses', () => {
  const cases: [string, object, RegExp][] = [
    [
      'a stage that is not there',
      { stages: [{ layer: 'layer9' }] },
      /^InvalidOptionError: fitReadout: stages\[0\].layer must be a layer .*Received: stages\[0\].layer="layer9"/,
    ],
    ['a stage that was misspelled', { stages: [{ layer: 'layer1.1.bn22' }] }, /did you mean layer1.1.bn2\?/],
    ['the input', { stages: [{ layer: 'input' }] }, /must be a layer of the encoder that gives maps/],
    ['no stages', { stages: [] }, /stages must be a list of at least one stage/],
    [
      'a grid finer than the maps',
      { stages: [{ layer: 'layer2.1.bn2', grid: 3 }] },
      /grid must be at most 2, because layer2.1.bn2 gives maps of 2x2/,
    ],
    ['a grid on a vector', { stages: [{ layer: 'avgpool', grid: 2 }] }, /grid must be at most 1/],
    [
      'a weight of 0',
      { stages: [{ layer: 'bn1', weight: 0 }] },
      /stages\[0\].weight must be a finite number > 0/,
    ],
    ['dim 0', { dim: 0 }, /dim must be an integer >= 1/],
  ];
  it.each(cases)('%s', async (_, options, message) => {
    const encoder = smallResNet();
    const error = await expectTensors(0, () => rejection(fitReadout(encoder, pictures, options)));
    expect(`${error.name}: ${error.message}`).toMatch(message);
    encoder.dispose();
  });

  it('too few, constant, foreign and wrong pictures', async () => {
    const encoder = smallResNet();
    for (const [images, message] of [
      [stripes(1), /^InvalidOptionError: fitReadout: images must hold at least two pictures. Received: 1/],
      [
        flat(9, false),
        /^ValueRangeError: fitReadout: images must differ .* Received: 9 pictures that are all alike/,
      ],
      [stripes(3, 8), /^ShapeError: fitReadout: images must have the encoder's input shape \[N, 16,16,3\]/],
      [{ ...pictures, data: pictures.data.map((v) => 300 * v) }, /^ValueRangeError: /],
    ] as const) {
      const error = await expectTensors(0, () => rejection(fitReadout(encoder, images)));
      expect(`${error.name}: ${error.message}`).toMatch(message);
    }
    encoder.dispose();
  });

  it('too many values, encoders of no pictures, and weights that are NaN', async () => {
    const wide = resnet18({ inputShape: [32, 32, 3], stem: 'small', width: 8 });
    const stages = [{ layer: 'bn1', grid: 32 }];
    const images = stripes(2, 32);
    expect((await rejection(fitReadout(wide, images, { stages }))).message).toMatch(
      /stages must give at most 4096 values together; .* Received: bn1 with 8192/,
    );
    const nan = wide.getLayer('conv1');
    const weights = nan
      .getWeights()
      .map((weight) =>
        tidy(() => tensor4d(new Float32Array(weight.size).fill(Number.NaN), weight.shape as never)),
      );
    nan.setWeights(weights);
    for (const weight of weights) weight.dispose();
    const error = await expectTensors(0, () => rejection(fitReadout(wide, images)));
    expect(error.message).toMatch(/the stages must give finite numbers/);
    wide.dispose();
    const head = sequential({ layers: [layers.dense({ inputShape: [4], units: 2 })] });
    expect((await rejection(fitReadout(head, images))).message).toMatch(
      /encoder must take pictures, .* Received: encoder with input shape \[null,4\]/,
    );
    head.dispose();
    const open = sequential({
      layers: [layers.conv2d({ inputShape: [null, null, 3], filters: 2, kernelSize: 2 })],
    });
    const unknown = async function* () {};
    expect((await rejection(fitReadout(open, unknown))).message).toMatch(
      /encoder must take pictures, .* of a size that it, inputSize, or pictures in memory tell/,
    );
    expect(() => encoderStages(open)).toThrow(/size must be given/);
    open.dispose();
    expect((await rejection(fitReadout({} as never, images))).message).toMatch(
      /source must be a LayersModel, a SimCLR, or \{ encoder, normalization \}/,
    );
  });
});
