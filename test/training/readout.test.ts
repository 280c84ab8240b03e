import { add, memory, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { fitReadout, Readout } from '../../src/features/index.js';
import { SimCLR } from '../../src/index.js';
import { expectTensors } from '../helpers/leaks.js';
import { memoryStore, normalizedEncoder, rejection, tinyPictures, tinySimCLR } from './tiny.js';

const pictures = tinyPictures(24);
const normalization = { mean: [0.4, 0.5, 0.6], std: [0.3, 0.2, 0.1] };

async function rows(vectors: Promise<Tensor2D>): Promise<number[][]> {
  const tensor = await vectors;
  const result = tensor.arraySync();
  tensor.dispose();
  return result;
}

/** A trainer with a read-out. */
async function withReadout(dim = 5): Promise<SimCLR> {
  const simclr = tinySimCLR({ normalization });
  simclr.readout = await fitReadout(simclr, pictures, { dim });
  return simclr;
}

function thrown(body: () => unknown): Error {
  try {
    body();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

describe('the read-out of a SimCLR', () => {
  it('gives vectors on request, and leaves h as it is', async () => {
    const simclr = tinySimCLR({ encoder: normalizedEncoder(), normalization });
    expect(simclr.readoutStatus).toBe('none');
    expect(simclr.summary()).not.toContain('readout');
    const h = await rows(simclr.embed(pictures));
    const readout = await fitReadout(simclr, pictures, { dim: 5 });
    simclr.readout = readout;
    expect([simclr.readout, simclr.readoutStatus]).toEqual([readout, 'current']);
    expect(simclr.summary()).toMatch(/readout +\S+ on 3x3 -> \[5\], fitted to 24 pictures/);
    expect(await rows(simclr.embed(pictures))).toEqual(h);
    expect(await rows(simclr.embed(pictures, { at: 'h' }))).toEqual(h);
    const vectors = await rows(simclr.embed(pictures, { at: 'readout', batchSize: 7 }));
    expect(vectors[0]).toHaveLength(5);
    for (const [i, row] of (await rows(readout.embed(pictures))).entries()) {
      for (const [k, value] of row.entries()) expect(vectors[i]![k]).toBeCloseTo(value, 4);
    }
    simclr.dispose();
  });

  it('belongs to the trainer, which disposes of it', async () => {
    await expectTensors(0, async () => {
      const simclr = await withReadout();
      const first = simclr.readout!;
      simclr.readout = first; // the same again
      expect(first.isDisposed).toBe(false);
      simclr.readout = await fitReadout(simclr, pictures, { dim: 3 });
      expect(first.isDisposed).toBe(true);
      expect(simclr.readout.dim).toBe(3);
      simclr.readout = undefined;
      expect(simclr.readoutStatus).toBe('none');
      simclr.readout = await fitReadout(simclr, pictures);
      simclr.readout.dispose();
      expect([simclr.readout, simclr.readoutStatus]).toEqual([undefined, 'none']);
      simclr.readout = await fitReadout(simclr, pictures);
      simclr.dispose();
    });
  });

  it('becomes stale by training, says so, and is fitted again', async () => {
    const simclr = await withReadout();
    await simclr.fit(pictures, { epochs: 1, batchSize: 12 });
    expect(simclr.readoutStatus).toBe('stale');
    const error = await rejection(simclr.embed(pictures, { at: 'readout' }));
    expect(`${error.name}: ${error.message}`).toMatch(
      /^InvalidOptionError: SimCLR.embed: at 'readout', the read-out must be fitted to the encoder as it is now, and the weights have changed since; fit one: simclr.readout = await fitReadout\(simclr, images\). Received: a stale read-out/,
    );
    expect((await rows(simclr.embed(pictures)))[0]).toHaveLength(8);
    simclr.readout = await fitReadout(simclr, pictures);
    expect((await rows(simclr.embed(pictures, { at: 'readout' }))).length).toBe(24);
    simclr.dispose();
  });

  it('becomes stale by other changes of the weights that it reads, and only of these', async () => {
    const simclr = tinySimCLR();
    const [first, second] = simclr.encoder.layers;
    simclr.readout = await fitReadout(simclr, pictures, { stages: [{ layer: first!.name }] });
    const shift = (layer: LayersModel['layers'][number]) =>
      tidy(() => layer.setWeights(layer.getWeights().map((weight) => add(weight, 1))));
    shift(second!);
    expect(simclr.readoutStatus).toBe('current');
    shift(first!);
    expect(simclr.readoutStatus).toBe('stale');
    simclr.dispose();
  });

  it('refuses to read out where there is none, and unknown places', async () => {
    const simclr = tinySimCLR();
    const none = await expectTensors(0, () => rejection(simclr.embed(pictures, { at: 'readout' })));
    expect(none.message).toMatch(
      /at 'readout', the model must have a read-out; fit one: .*Received: a model without one/,
    );
    const unknown = await rejection(simclr.embed(pictures, { at: 'z' as never }));
    expect(unknown.message).toMatch(/SimCLR.embed: at must be/);
    simclr.dispose();
  });

  it('must be of this encoder as it is now, with the same normalization', async () => {
    const simclr = tinySimCLR({ encoder: normalizedEncoder(), normalization });
    const other = tinySimCLR({ encoder: normalizedEncoder(), normalization });
    const ofOther = await fitReadout(other, pictures);
    const unnormalized = await fitReadout(simclr.encoder, pictures);
    const early = await fitReadout(simclr, pictures);
    const store = memoryStore();
    await early.save(store);
    const loaded = await Readout.load(store);
    await simclr.fit(pictures, { epochs: 1, batchSize: 12 });
    const late = await fitReadout({ encoder: simclr.encoder }, pictures);
    for (const [readout, message] of [
      [
        ofOther,
        /fitted to the encoder of this trainer .* Received: one of another encoder, or of earlier weights/,
      ],
      [early, /with the weights that it has now/],
      [unnormalized, /with the weights that it has now/],
      [loaded, /with the weights that it has now/],
      [late, /fitted with the trainer's normalization, \{"mean":\[0.4,0.5,0.6\].*Received: null/],
      [{}, /must be a Readout that was not disposed of, or undefined/],
      [null, /must be a Readout that was not disposed of, or undefined/],
    ] as const) {
      const error = thrown(() => {
        simclr.readout = readout as never;
      });
      expect(`${error.name}: ${error.message}`).toMatch(message);
      expect(error.name).toBe('InvalidOptionError');
    }
    expect(simclr.readoutStatus).toBe('none');
    for (const each of [ofOther, unnormalized, early, loaded, late]) each.dispose();
    for (const each of [simclr, other]) each.dispose();
  });
});

describe('a saved SimCLR', () => {
  it('brings its read-out back', async () => {
    const simclr = await withReadout();
    const vectors = await rows(simclr.embed(pictures, { at: 'readout' }));
    const store = memoryStore();
    await simclr.save(store);
    const { json } = await simclr.readout!.state();
    simclr.dispose();
    const before = memory().numTensors;
    const loaded = await SimCLR.load(store);
    expect(loaded.readoutStatus).toBe('current');
    expect((await loaded.readout!.state()).json).toEqual(json);
    expect(await rows(loaded.embed(pictures, { at: 'readout' }))).toEqual(vectors);
    await loaded.save(store);
    loaded.dispose();
    expect(memory().numTensors).toBe(before);
    const again = await SimCLR.load(store);
    expect(await rows(again.embed(pictures, { at: 'readout' }))).toEqual(vectors);
    await again.fit(pictures, { epochs: 1, batchSize: 12 });
    expect(again.readoutStatus).toBe('stale');
    again.dispose();
  });

  it('remembers that its read-out was stale, and does not keep it', async () => {
    const simclr = await withReadout();
    await simclr.fit(pictures, { epochs: 1, batchSize: 12 });
    const store = memoryStore();
    await simclr.save(store);
    expect(store.artifacts!.weightSpecs!.filter(({ name }) => name.startsWith('readout/'))).toEqual([]);
    const loaded = await SimCLR.load(store);
    expect([loaded.readout, loaded.readoutStatus]).toEqual([undefined, 'stale']);
    expect((await rejection(loaded.embed(pictures, { at: 'readout' }))).message).toMatch(/a stale read-out/);
    await loaded.save(store);
    const again = await SimCLR.load(store);
    expect(again.readoutStatus).toBe('stale');
    again.readout = await fitReadout(again, pictures);
    expect(again.readoutStatus).toBe('current');
    for (const each of [simclr, loaded, again]) each.dispose();
  });

  it('without one, as earlier versions wrote it, gives h', async () => {
    const simclr = tinySimCLR();
    const h = await rows(simclr.embed(pictures));
    const store = memoryStore();
    await simclr.save(store);
    simclr.dispose();
    const { artifacts } = store;
    Object.assign(artifacts!.userDefinedMetadata as object, { formatVersion: 3 });
    expect(artifacts!.userDefinedMetadata).not.toHaveProperty('readout');
    const loaded = await SimCLR.load(store);
    expect(loaded.readoutStatus).toBe('none');
    expect(await rows(loaded.embed(pictures))).toEqual(h);
    loaded.dispose();
  });

  it('with another normalization than saved, has no read-out that fits', async () => {
    const simclr = await withReadout();
    const store = memoryStore();
    await simclr.save(store);
    simclr.dispose();
    const loaded = await SimCLR.load(store, { normalization: null });
    expect(loaded.readoutStatus).toBe('stale');
    loaded.dispose();
  });

  it('whose encoder was given other weights has a stale read-out', async () => {
    const simclr = await withReadout();
    const store = memoryStore();
    await simclr.save(store);
    simclr.dispose();
    const { readout } = store.artifacts!.userDefinedMetadata as unknown as { readout: object };
    Object.assign(readout, { encoderWeights: '0123456789abcdef' });
    const loaded = await SimCLR.load(store);
    expect(loaded.readoutStatus).toBe('stale');
    loaded.dispose();
  });

  it('with a damaged read-out is refused, and leaves nothing', async () => {
    const simclr = await withReadout();
    const store = memoryStore();
    await simclr.save(store);
    simclr.dispose();
    const { userDefinedMetadata } = store.artifacts!;
    const { readout } = userDefinedMetadata as unknown as { readout: object };
    for (const [wrong, message] of [
      [{ ...readout, stages: [] }, /description of the read-out/],
      ['old', /./],
      [7, /./],
    ] as const) {
      Object.assign(userDefinedMetadata as object, { readout: wrong });
      const error = await expectTensors(0, () => rejection(SimCLR.load(store)));
      expect(error.name).toBe('CheckpointError');
      expect(error.message).toMatch(message);
    }
  });
});
