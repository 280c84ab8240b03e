import {
  avgPool,
  concat,
  reshape,
  type Tensor2D,
  type Tensor4D,
  tensor4d,
  tidy,
} from '@tensorflow/tfjs-core';
import { model } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { stageEncoder } from '../../src/features/index.js';
import { SimCLR } from '../../src/index.js';
import { expectClose } from '../helpers/close.js';
import { expectTensors } from '../helpers/leaks.js';
import { memoryStore } from '../training/tiny.js';
import { smallResNet, stripes } from './pictures.js';

const images = stripes(16);

describe('stageEncoder', () => {
  it('gives the means of the cells of its stages, one after the other', () => {
    const encoder = smallResNet();
    const early = stageEncoder(encoder, [
      { layer: 'layer1.1.bn2', grid: 2 },
      { layer: 'avgpool', grid: 1 },
    ]);
    tidy(() => {
      const pictures = tensor4d(images.data, [...images.shape]);
      const layersRead = ['layer1.1.bn2', 'avgpool'].map((name) => encoder.getLayer(name).output as never);
      const [maps, h] = model({ inputs: encoder.inputs, outputs: layersRead }).predict(pictures) as [
        Tensor4D,
        Tensor2D,
      ];
      const half = maps.shape[1] / 2;
      const cells = reshape(avgPool(maps, half, half, 'valid'), [maps.shape[0], -1]);
      const vectors = early.predict(pictures) as Tensor2D;
      expectClose(vectors.dataSync(), concat([cells, h], 1).dataSync(), { relative: 1e-6 });
    });
    encoder.dispose();
  });

  it('trains the early layers of the encoder, and no others, without a leak', async () => {
    const encoder = smallResNet();
    const valuesOf = (layer: string) => encoder.getLayer(layer).getWeights()[0]!.data();
    const before = await Promise.all(['conv1', 'layer2.0.conv1'].map(valuesOf));
    const early = stageEncoder(encoder, [{ layer: 'layer1.1.bn2', grid: 2 }]);
    await expectTensors(0, async () => {
      const simclr = new SimCLR({ encoder: early, projectionHead: { hidden: [8], outputDim: 4 } });
      await simclr.fit(images, { batchSize: 8, epochs: 1 });
      simclr.dispose();
    });
    const after = await Promise.all(['conv1', 'layer2.0.conv1'].map(valuesOf));
    expect(after[0]).not.toEqual(before[0]);
    expect(after[1]).toEqual(before[1]);
    encoder.dispose();
  });

  it('is saved and loaded with the trainer that trains it', async () => {
    const encoder = smallResNet();
    const early = stageEncoder(encoder, [{ layer: 'layer1.1.bn2', grid: 2 }]);
    const simclr = new SimCLR({ encoder: early, projectionHead: { hidden: [8], outputDim: 4 } });
    const store = memoryStore();
    await simclr.save(store);
    const loaded = await SimCLR.load(store);
    const [ours, theirs] = [await simclr.embed(images), await loaded.embed(images)];
    expect(await theirs.data()).toEqual(await ours.data());
    for (const each of [ours, theirs, simclr, loaded, encoder]) each.dispose();
  });

  it('complains about stages that are not there', () => {
    const encoder = smallResNet();
    expect(() => stageEncoder(encoder, [{ layer: 'layer9' }])).toThrow(
      /stageEncoder: .*layer of the encoder/,
    );
    encoder.dispose();
  });
});
