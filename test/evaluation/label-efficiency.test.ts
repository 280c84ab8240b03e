import { tensor4d } from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { selectImages } from '../../src/data/index.js';
import { InvalidOptionError, ValueRangeError } from '../../src/errors/index.js';
import { labelEfficiency, linearProbe, selectLabeled } from '../../src/evaluation/index.js';
import { expectTensors } from '../helpers/leaks.js';
import { tinySimCLR } from '../training/tiny.js';
import { asBatches, coloredPictures } from './labeled-tiny.js';

const simclr = tinySimCLR();
afterAll(() => simclr.dispose());
const training = coloredPictures(24, 3);
const test = coloredPictures(15, 3, 2);
const fineTune = { epochs: 2, batchSize: 8 };

describe('labelEfficiency', () => {
  it('gives a curve for both beginnings, with every run', async () => {
    const done: number[] = [];
    const curve = await expectTensors(0, () =>
      labelEfficiency(simclr, training, test, {
        perClass: [4, 1],
        seeds: [3, 5],
        fineTune,
        onProgress: (_, count, total) => {
          expect(total).toBe(8);
          done.push(count);
        },
      }),
    );
    expect(done).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(curve).toMatchObject({ perClass: [1, 4], testCount: 15, outcome: 'completed' });
    for (const method of ['pretrained', 'scratch'] as const) {
      for (const [point, labels] of curve.perClass.entries()) {
        const runs = curve.runs.filter((run) => run.method === method && run.perClass === labels);
        expect(runs.map(({ seed }) => seed)).toEqual([3, 5]);
        const accuracies = runs.map(({ accuracy }) => accuracy);
        expect(curve.series[method].mean[point]).toBeCloseTo((accuracies[0]! + accuracies[1]!) / 2, 10);
        expect(curve.series[method].low[point]).toBe(Math.min(...accuracies));
        expect(curve.series[method].high[point]).toBe(Math.max(...accuracies));
      }
    }
    expect(JSON.parse(JSON.stringify(curve))).toEqual(curve);
  });

  it('reports linear probes next to networks that train for as long as the labels require', async () => {
    const asked: number[] = [];
    const curve = await expectTensors(0, () =>
      labelEfficiency(simclr, training, test, {
        methods: ['probe', 'scratch'],
        perClass: [1, 4],
        fineTune: (labels) => {
          asked.push(labels);
          return fineTune;
        },
      }),
    );
    expect(asked).toEqual([1, 4]);
    expect(Object.keys(curve.series)).toEqual(['probe', 'scratch']);
    expect(curve.runs.map(({ method }) => method)).toEqual(['probe', 'scratch', 'probe', 'scratch']);
    // What a user would do by hand.
    const few = selectImages(training, selectLabeled(training.labels, { perClass: 4 }, 0));
    const [known, asking] = [await simclr.embed(few.images), await simclr.embed(test.images)];
    const probe = await linearProbe({ embeddings: known, labels: few.labels, classes: 3 });
    expect(curve.series.probe.mean[1]).toBe((await probe.evaluate(asking, test.labels)).accuracy);
    known.dispose();
    asking.dispose();
    const methods = ['knn'] as never;
    await expect(labelEfficiency(simclr, training, test, { methods })).rejects.toThrow(
      /methods must be a list of some of probe, pretrained, scratch/,
    );
  });

  it('gives the same for tensors and for batches that carry their labels', async () => {
    const options = { perClass: [1, 3], seeds: [0, 4], fineTune, methods: ['probe', 'pretrained'] } as const;
    const tensor = tensor4d(training.images.data, [24, 8, 8, 3]);
    const expected = await labelEfficiency(simclr, training, test, options);
    const [fromTensor, fromBatches] = await expectTensors(0, async () => [
      await labelEfficiency(simclr, { ...training, images: tensor }, test, options),
      await labelEfficiency(simclr, { images: asBatches(training) }, { images: asBatches(test) }, options),
    ]);
    tensor.dispose();
    expect(fromTensor).toEqual(expected);
    expect(fromBatches).toEqual(expected);
  });

  it('gives the points that are complete when aborted', async () => {
    const controller = new AbortController();
    const curve = await expectTensors(0, () =>
      labelEfficiency(simclr, training, test, {
        perClass: [1, 2],
        fineTune,
        signal: controller.signal,
        onProgress: (_, count) => count === 3 && controller.abort(),
      }),
    );
    expect(curve).toMatchObject({ perClass: [1], outcome: 'aborted' });
    expect(curve.runs).toHaveLength(3);
    expect(curve.series.scratch.mean).toHaveLength(1);
  });

  it('refuses more labels than a class has, before anything is trained', async () => {
    const curve = labelEfficiency(simclr, training, test, {
      perClass: [1, 9],
      onProgress: () => expect.fail(),
    });
    await expect(curve).rejects.toBeInstanceOf(ValueRangeError);
    await expect(labelEfficiency(simclr, training, test, { perClass: [] })).rejects.toBeInstanceOf(
      InvalidOptionError,
    );
    await expect(labelEfficiency(simclr, training, test, { seeds: [-1] })).rejects.toBeInstanceOf(
      InvalidOptionError,
    );
    const strange = { ...test, labels: test.labels.map((label) => label + 1) };
    await expect(labelEfficiency(simclr, training, strange)).rejects.toThrow(
      /test.labels must be integers from 0 to 2/,
    );
  });
});
