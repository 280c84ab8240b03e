import { memory, tensor, tidy } from '@tensorflow/tfjs-core';
import { input, type LayersModel, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import {
  type AverageWeightsOptions,
  type Callback,
  projectionHead,
  SGD,
  SimCLR,
  type SimCLROptions,
  simclrAugmentation,
  WeightAverage,
} from 'simclr-ts';
import { BatchNormalization, PaddedConv2D } from 'simclr-ts/models';
import { describe, expect, it } from 'vitest';
import { allWeights, namedWeights } from '../../src/models/named-weights.js';
import { coreOf } from '../../src/training/step/trainer-core.js';
import golden from '../fixtures/averaging/averages.json' with { type: 'json' };
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { memoryStore, rejection, tinyPictures, weightValues } from './tiny.js';

const pictures = tinyPictures(16);

/** Seeded, with running statistics. */
function encoder(): LayersModel {
  const pixels = input({ shape: [8, 8, 3] });
  const conv = new PaddedConv2D({ filters: 8, kernelSize: 3, strides: 2, name: 'conv1' });
  const normalization = new BatchNormalization({ activation: 'relu', name: 'bn1' });
  const x = normalization.apply(conv.apply(pixels)) as SymbolicTensor;
  return model({ inputs: pixels, outputs: layers.globalAveragePooling2d({}).apply(x) as SymbolicTensor });
}

/** A trainer that owns its parts. */
function trainer({ encoder: net = encoder(), ...options }: SimCLROptions = {}): SimCLR {
  const simclr = new SimCLR({
    encoder: net,
    projectionHead: projectionHead({ inputDim: 8, hidden: [16], outputDim: 8 }),
    augmentation: simclrAugmentation({ size: 8, blur: false }),
    optimizer: new SGD({ learningRate: 0.1, momentum: 0.9 }),
    ...options,
  });
  for (const part of [simclr.encoder, simclr.projectionHead, simclr.optimizer])
    coreOf('test', simclr).own(part);
  return simclr;
}

const run = { batchSize: 4, epochs: 2 } as const; // eight steps

/** Weights of a trainer after each step. */
function recorder(): { after: Float32Array[]; callback: Callback } {
  const after: Float32Array[] = [];
  return {
    after,
    callback: { onStepEnd: (_, { simclr }) => void after.push(weightValues(simclr as SimCLR)) },
  };
}

function averaged(simclr: SimCLR): Float32Array {
  simclr.useWeights('averaged');
  return weightValues(simclr);
}

describe('WeightAverage', () => {
  function network(): LayersModel {
    const pixels = input({ shape: [4, 4, 3] });
    const x = new PaddedConv2D({ filters: 2, kernelSize: 3, name: 'conv1' }).apply(pixels) as SymbolicTensor;
    const y = new BatchNormalization({ name: 'bn1' }).apply(x) as SymbolicTensor;
    return model({ inputs: pixels, outputs: y });
  }

  it.each(golden.cases)('has the values of PyTorch, running statistics too: decay $decay', async (item) => {
    await expectTensors(0, () => {
      const net = network();
      const average = new WeightAverage({ net }, item.decay === null ? {} : { decay: item.decay });
      for (const [update, expected] of item.steps.entries()) {
        tidy(() => {
          for (const [name, weight] of namedWeights('net', net)) {
            const values = hashedValues(`averaging/${update}/${name.slice(4)}`, weight.read().size);
            weight.write(tensor(values, weight.shape as number[]));
          }
        });
        average.update();
        expect(average.count).toBe(update + 1);
        const { tensors } = average.capture();
        expect(Object.keys(tensors!).sort()).toEqual(
          Object.keys(expected)
            .map((name) => `net/${name}`)
            .sort(),
        );
        for (const [name, values] of Object.entries(expected)) {
          expectClose(tensors![`net/${name}`]!.dataSync(), values, { relative: 1e-5, absolute: 1e-6 });
        }
        for (const one of Object.values(tensors!)) one.dispose();
      }
      average.dispose();
      net.dispose();
    });
  });

  it('exchanges weights and average, and back', async () => {
    await expectTensors(0, () => {
      const simclr = trainer();
      const { encoder, projectionHead } = simclr;
      const average = new WeightAverage({ encoder, projectionHead });
      expect(() => average.swap()).toThrow('there must be an average');
      const first = weightValues(simclr);
      average.update();
      tidy(() => {
        for (const weight of allWeights(simclr).values())
          weight.write(tensor(new Float32Array(weight.read().size).fill(3), weight.shape as number[]));
      });
      average.swap();
      expect(average.inUse).toBe(true);
      expect(weightValues(simclr)).toEqual(first);
      expect(() => average.update()).toThrow('the models must have the trained weights');
      average.swap();
      expect(new Set(weightValues(simclr))).toEqual(new Set([3]));
      average.dispose();
      simclr.dispose();
    });
  });

  it('is a part of extraState', async () => {
    await expectTensors(0, async () => {
      const [net, other] = [encoder(), encoder()];
      const [average, again] = [net, other].map((one) => new WeightAverage({ one }, { decay: 0.5 }));
      const simclr = trainer({ encoder: net, extraState: { average: average! } });
      for (let step = 0; step < 2; step++) {
        await simclr.trainStep(pictures);
        average!.update();
      }
      const store = memoryStore();
      await simclr.save(store);
      const loaded = await SimCLR.load(store, { encoder: other, extraState: { average: again! } });
      expect(again!.count).toBe(2);
      for (const one of [average!, again!]) one.swap();
      const [expected, actual] = [net, other].map((one) =>
        one.getWeights().map((weight) => weight.dataSync()),
      );
      expect(actual).toEqual(expected);
      for (const one of [average!, again!]) one.dispose();
      for (const one of [simclr, loaded]) one.dispose({ includeGiven: true });
    });
  });

  it('refuses another state', () => {
    const simclr = trainer();
    const net = simclr.encoder;
    const average = new WeightAverage({ net });
    for (const json of [null, { count: -1 }, { count: 1 }]) {
      expect(() => average.restore({ tensors: {}, json })).toThrow('the state must be a count and a tensor');
    }
    simclr.dispose();
    expect(() => new WeightAverage({ net }, { decay: 1 })).toThrow('decay must be a number >= 0 and < 1');
  });
});

describe('fit with averageWeights', () => {
  it.each<[string, AverageWeightsOptions, number, (n: number) => number]>([
    ['exponential', { decay: 0.8 }, 0, () => 0.2],
    ['exponential from the middle', { decay: 0.8, from: 0.5 }, 4, () => 0.2],
    ['mean of the last quarter', {}, 6, (n) => 1 / n],
    ['mean of all', { from: 0 }, 0, (n) => 1 / n],
  ])('ends with the average: %s', async (_, averageWeights, first, share) => {
    const simclr = trainer();
    const { after, callback } = recorder();
    await simclr.fit(pictures, { ...run, averageWeights, callbacks: [callback] });
    expect(after).toHaveLength(8);
    expect(simclr.weights).toBe('averaged');
    const [start, ...rest] = after.slice(first);
    const expected = Float64Array.from(start!);
    for (const [index, weights] of rest.entries()) {
      for (const [i, value] of weights.entries()) expected[i]! += share(index + 2) * (value - expected[i]!);
    }
    expectClose(weightValues(simclr), expected, { relative: 1e-5, absolute: 1e-6 });
    simclr.useWeights('trained');
    expect(simclr.weights).toBe('trained');
    expect(weightValues(simclr)).toEqual(after.at(-1));
    simclr.dispose();
  });

  it('does not change what is trained, in this fit or in the next', async () => {
    const [plain, averaging] = [trainer(), trainer()];
    const losses: number[][] = [[], []];
    for (const options of [{ averageWeights: { decay: 0.9 } }, {}, { averageWeights: {} }]) {
      for (const [index, simclr] of [plain, averaging].entries()) {
        const { steps } = await simclr.fit(pictures, { ...run, ...(index === 1 && options) });
        losses[index]!.push(...steps.map(({ loss }) => loss));
      }
      expect(averaging.weights).toBe('averageWeights' in options ? 'averaged' : 'trained');
    }
    expect(losses[1]).toEqual(losses[0]);
    for (const simclr of [plain, averaging]) simclr.dispose();
  });

  it('embeds with the average at the end, and in a callback on request', async () => {
    const simclr = trainer();
    const weights: string[] = [];
    const callback: Callback = {
      onEpochEnd() {
        weights.push(simclr.weights);
        simclr.useWeights('averaged');
      },
      onFitEnd: () => void weights.push(simclr.weights),
    };
    await simclr.fit(pictures, { ...run, averageWeights: { decay: 0.9 }, callbacks: [callback] });
    expect(weights).toEqual(['trained', 'trained', 'averaged']);
    const h: Float32Array[] = [];
    for (const which of ['averaged', 'trained'] as const) {
      simclr.useWeights(which);
      const embedded = await simclr.embed(tinyPictures(3));
      h.push(embedded.dataSync() as Float32Array);
      embedded.dispose();
    }
    expect(h[0]).not.toEqual(h[1]);
    simclr.dispose();
  });

  it('keeps as many tensors from step to step, and none after dispose', async () => {
    await expectTensors(0, async () => {
      const simclr = trainer();
      const counts: number[] = [];
      const onStepEnd = () => void counts.push(memory().numTensors);
      const options = { ...run, averageWeights: { decay: 0.9 }, callbacks: [{ onStepEnd }] };
      await simclr.fit(pictures, options);
      expect(new Set(counts.slice(1)).size).toBe(1);
      await simclr.fit(pictures, options);
      expect(counts.at(-1)).toBe(counts[1]);
      await simclr.trainStep(pictures); // goes on without the average
      expect(() => simclr.useWeights('averaged')).toThrow('there must be an average');
      simclr.dispose();
    });
  });

  it.each<[string, AverageWeightsOptions]>([
    ['exponential', { decay: 0.7 }],
    ['mean of the last quarter', {}],
  ])('resumes bit for bit, from before and within the average: %s', async (_, averageWeights) => {
    await expectTensors(0, async () => {
      const straight = trainer();
      await straight.fit(pictures, { ...run, averageWeights });
      for (const maxSteps of [1, 3, 7]) {
        const begun = trainer();
        const store = memoryStore();
        await begun.fit(pictures, { ...run, averageWeights, maxSteps });
        await begun.save(store); // the average is in use, where there is one
        const resumed = await SimCLR.load(store);
        expect(resumed.weights).toBe(begun.weights);
        begun.dispose();
        await resumed.fit(pictures, { ...run, averageWeights, resume: true });
        for (const which of ['averaged', 'trained'] as const) {
          for (const simclr of [straight, resumed]) simclr.useWeights(which);
          expect(weightValues(resumed)).toEqual(weightValues(straight));
        }
        resumed.dispose();
      }
      straight.dispose();
    });
  });

  it('does not begin an average in the middle of a run unless told to', async () => {
    const begun = trainer();
    await begun.fit(pictures, { ...run, maxSteps: 3 });
    const store = memoryStore();
    await begun.save(store);
    const metadata = store.artifacts!.userDefinedMetadata as { fit: { averageWeights?: unknown } };
    expect(metadata.fit.averageWeights).toBe(null);
    delete metadata.fit.averageWeights; // as in a file of an earlier version
    const averageWeights = { decay: 0.9 };
    const resume = { ...run, averageWeights, resume: true };
    const simclr = await SimCLR.load(store);
    const { message } = await rejection(simclr.fit(pictures, resume));
    expect(message).toMatch(/resume must continue with the settings .*averageWeights/);
    await simclr.fit(pictures, { ...resume, allowChanges: ['averageWeights'] });
    const ended = averaged(simclr);
    expect(ended).not.toEqual(weightValues(begun));
    for (const one of [begun, simclr]) one.dispose();
  });

  it('refuses a damaged average', async () => {
    const begun = trainer();
    await begun.fit(pictures, { ...run, averageWeights: { decay: 0.9 } });
    const store = memoryStore();
    await begun.save(store);
    begun.dispose();
    const saved = store.artifacts!.userDefinedMetadata as { average: { count: unknown; decay: unknown } };
    saved.average.count = 'many';
    expect((await rejection(SimCLR.load(store))).message).toContain(
      'the saved average of the weights does not fit',
    );
    saved.average.count = 8;
    saved.average.decay = 2;
    expect((await rejection(SimCLR.load(store))).message).toContain('decay must be a number');
  });

  it('leaves the average in use where a step fails', async () => {
    const simclr = trainer();
    await simclr.fit(pictures, { ...run, averageWeights: { decay: 0.9 } });
    const before = weightValues(simclr);
    simclr.augmentations[0]!.apply = () => {
      throw new Error('broken');
    };
    expect((await rejection(simclr.trainStep(pictures))).message).toContain('broken');
    expect(simclr.weights).toBe('averaged');
    expect(weightValues(simclr)).toEqual(before);
    simclr.dispose();
  });

  it.each<[object, string]>([
    [{ decay: 1 }, 'averageWeights.decay must be a number >= 0 and < 1'],
    [{ decay: Number.NaN }, 'averageWeights.decay must be'],
    [{ from: 1 }, 'averageWeights.from must be a number >= 0 and < 1'],
    [{ momentum: 0.9 }, 'averageWeights.momentum'],
    [[], 'averageWeights must be an object'],
  ])('refuses %o', async (averageWeights, message) => {
    const simclr = trainer();
    expect((await rejection(simclr.fit(pictures, { averageWeights }))).message).toContain(message);
    simclr.dispose();
  });

  it('needs the length of the run for a share of it', async () => {
    const simclr = trainer();
    const unknown = async function* () {};
    expect((await rejection(simclr.fit(unknown, { averageWeights: {} }))).message).toContain(
      'minutes must be given for averageWeights.from',
    );
    expect(() => simclr.useWeights('averaged')).toThrow(/there must be an average.*a trainer without one/);
    expect(() => simclr.useWeights('best' as never)).toThrow('which must be');
    simclr.dispose();
    expect(() => simclr.useWeights('trained')).toThrow('disposed');
  });

  it('is not exchanged during a step', async () => {
    const simclr = trainer();
    await simclr.fit(pictures, { ...run, averageWeights: { decay: 0.9 } });
    const augmentation = simclr.augmentations[0]!;
    const { apply } = augmentation;
    augmentation.apply = (images, parameters) => {
      simclr.useWeights('averaged');
      return apply(images, parameters);
    };
    expect((await rejection(simclr.trainStep(pictures))).message).toContain(
      'must not be exchanged during a step',
    );
    simclr.dispose();
  });
});
