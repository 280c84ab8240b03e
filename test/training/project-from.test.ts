import { AdamW } from 'simclr-ts/optimizers';
import { describe, expect, it } from 'vitest';
import { fitReadout, stageEncoder } from '../../src/features/index.js';
import { type ReadoutStage, SimCLR, type SimCLROptions } from '../../src/index.js';
import { smallResNet, stripes } from '../features/pictures.js';
import { expectTensors } from '../helpers/leaks.js';
import { memoryStore, rejection } from './tiny.js';

const images = stripes(16);
const stages: ReadoutStage[] = [{ layer: 'layer1.1.bn2', grid: 2 }];

function options(): SimCLROptions {
  return {
    projectionHead: { hidden: [8], outputDim: 4 },
    optimizer: new AdamW({ learningRate: 1e-2, weightDecay: 1e-2 }),
    augmentation: { name: 'simclrAugmentation', options: { blur: false } },
    seed: 2,
  };
}

const trainer = (extra: SimCLROptions = {}) =>
  new SimCLR({ ...options(), encoder: smallResNet(), projectFrom: stages, ...extra });

const valuesOf = (simclr: SimCLR, layer: string) =>
  Array.from(simclr.encoder.getLayer(layer).getWeights()[0]!.dataSync());

const dispose = (...trainers: SimCLR[]) => {
  for (const simclr of trainers) simclr.dispose({ includeGiven: true });
};

describe('projectFrom', () => {
  it.each([undefined, 4])('trains as an encoder that ends there does (micro-batches of %s)', async (size) => {
    const fit = { batchSize: 8, epochs: 2, ...(size !== undefined && { microBatchSize: size }) };
    const whole = trainer();
    const encoder = smallResNet();
    const part = new SimCLR({ ...options(), encoder: stageEncoder(encoder, stages) });
    const late = valuesOf(whole, 'layer2.0.conv1');
    const [a, b] = [await whole.fit(images, fit), await part.fit(images, fit)];
    expect(a.steps.map(({ loss }) => loss)).toEqual(b.steps.map(({ loss }) => loss));
    expect(valuesOf(whole, 'layer1.1.conv2')).toEqual(valuesOf(part, 'layer1.1.conv2'));
    // What the head does not read is neither trained nor decayed.
    expect(valuesOf(whole, 'layer2.0.conv1')).toEqual(late);
    dispose(whole);
    part.dispose();
    encoder.dispose();
  });

  it('reads h among the stages, and then trains all of the encoder', async () => {
    const simclr = trainer({ projectFrom: [...stages, { layer: 'avgpool' }] });
    const late = valuesOf(simclr, 'layer4.1.conv2');
    await simclr.trainStep(images);
    expect(valuesOf(simclr, 'layer4.1.conv2')).not.toEqual(late);
    dispose(simclr);
  });

  it('embeds with the whole encoder, and projects from the stages', async () => {
    const simclr = trainer();
    const [h, z] = [await simclr.embed(images), await simclr.project(images)];
    expect(h.shape).toEqual([16, 32]);
    expect(z.shape).toEqual([16, 4]);
    h.dispose();
    z.dispose();
    expect(simclr.projected.outputs[0]!.shape).toEqual([null, 16]);
    expect(simclr.summary()).toContain('projectFrom');
    expect(simclr.summary()).toContain('layer1.1.bn2 on 2x2');
    dispose(simclr);
  });

  it('is saved, and a loaded trainer continues bit for bit', async () => {
    const store = memoryStore();
    const fit = { batchSize: 8, epochs: 3 };
    const straight = trainer();
    await straight.fit(images, fit);

    const first = trainer();
    await first.fit(images, { ...fit, maxSteps: 3, epochs: 3 });
    first.readout = await fitReadout(first, images, { stages });
    await first.save(store);
    const second = await SimCLR.load(store);
    expect(second.projectFrom).toEqual(stages);
    expect(second.readoutStatus).toBe('current');
    await second.fit(images, { ...fit, resume: true });
    for (const layer of ['conv1', 'layer1.1.conv2', 'layer4.1.conv2']) {
      expect(valuesOf(second, layer), layer).toEqual(valuesOf(straight, layer));
    }
    dispose(straight, first, second);
  });

  it('is null for h, also in files of before', async () => {
    const store = memoryStore();
    const simclr = new SimCLR({ ...options(), encoder: smallResNet(), projectFrom: null });
    expect(simclr.projectFrom).toBeNull();
    expect(simclr.projected).toBe(simclr.encoder);
    await simclr.save(store);
    const metadata = store.artifacts!.userDefinedMetadata as Record<string, unknown>;
    delete metadata.projectFrom;
    metadata.formatVersion = 4;
    const loaded = await SimCLR.load(store);
    expect(loaded.projectFrom).toBeNull();
    dispose(simclr, loaded);
  });

  it('keeps as many tensors from step to step', async () => {
    const simclr = trainer();
    await simclr.trainStep(images);
    await expectTensors(0, () => simclr.trainStep(images));
    dispose(simclr);
  });

  it('is refused where it does not fit', async () => {
    expect(() => trainer({ projectFrom: [{ layer: 'layer9' }] })).toThrow(
      /SimCLR: stages\[0\]\.layer must be a layer of the encoder .* Received: stages\[0\]\.layer="layer9"/,
    );
    expect(() => trainer({ projectFrom: [] })).toThrow('at least one stage');
    const head = new SimCLR({ encoder: smallResNet() }).projectionHead;
    expect(() => trainer({ projectionHead: head })).toThrow(
      'projectionHead must take the stages of projectFrom [N, 16]',
    );
    const store = memoryStore();
    const simclr = trainer();
    await simclr.save(store);
    const error = await rejection(SimCLR.load(store, { projectFrom: stages } as never));
    expect(error.message).toContain('projectFrom');
    dispose(simclr);
  });
});
