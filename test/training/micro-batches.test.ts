import { memory, tensor4d } from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { type FitOptions, type ImageDataset, SGD, SimCLR, type SimCLROptions } from 'simclr-ts';
import { describe, expect, it } from 'vitest';
import { expectClose } from '../helpers/close.js';
import { expectTensors } from '../helpers/leaks.js';
import { memoryStore, normalizedEncoder, rejection, tinyPictures, tinySimCLR, weightValues } from './tiny.js';

const pictures = tinyPictures(9);
const optimizer = () => new SGD({ learningRate: 0.05, momentum: 0 });

/** Losses and weights after `fit`. */
async function trained(options: FitOptions, parts: SimCLROptions = {}, dataset: ImageDataset = pictures) {
  const simclr = tinySimCLR({ optimizer: optimizer(), ...parts });
  const { steps } = await simclr.fit(dataset, { batchSize: 4, ...options });
  const result = { losses: steps.map(({ loss }) => loss), weights: weightValues(simclr) };
  simclr.dispose();
  return result;
}

const tensor = () => tensor4d(Float32Array.from(pictures.data), [9, 8, 8, 3]);
const datasets: [string, () => ImageDataset][] = [
  ['an array', () => pictures],
  [
    'bytes',
    () => ({ ...pictures, data: Uint8Array.from(pictures.data, (value) => Math.round(255 * value)) }),
  ],
  ['a tensor', tensor],
  [
    'an iterable',
    () => () =>
      [0, 4].map(
        (start) =>
          ({ shape: [4, 8, 8, 3], data: pictures.data.slice(192 * start, 192 * (start + 4)) }) as const,
      ),
  ],
];

describe('fit in micro-batches without batch normalization', () => {
  it.each(datasets)('of %s takes the steps of fit in one', async (_, make) => {
    const dataset = make();
    const expected = await trained({ epochs: 2 }, {}, dataset);
    for (const microBatchSize of [1, 2, 4]) {
      const actual = await trained({ epochs: 2, microBatchSize }, {}, dataset);
      expectClose(actual.losses, expected.losses, { relative: 2e-5 });
      expectClose(actual.weights, expected.weights, { absolute: 2e-6, relative: 1e-5 });
    }
  });

  it('fills the queue alike, and hands labels on', async () => {
    const labels = [0, 1, 2, 0, 1, 2, 0, 1, 2];
    for (const loss of [{ name: 'ntXentQueue', queueSize: 6 }, 'supervisedContrastive'] as const) {
      const options = { epochs: 2, labels };
      const expected = await trained(options, { loss });
      const actual = await trained({ ...options, microBatchSize: 2 }, { loss });
      expectClose(actual.losses, expected.losses, { relative: 2e-5 });
      expectClose(actual.weights, expected.weights, { absolute: 2e-6, relative: 1e-5 });
    }
  });
});

describe('fit in micro-batches', () => {
  const options = { batchSize: 4, epochs: 2, microBatchSize: 2 };

  it('continues within an epoch, from a checkpoint, number for number', async () => {
    const whole = tinySimCLR({ encoder: normalizedEncoder(), optimizer: optimizer() });
    const store = memoryStore();
    await whole.save(store);
    const cut = await SimCLR.load(store);
    const straight = await whole.fit(pictures, options);
    const before = await cut.fit(pictures, { ...options, maxSteps: 3 });
    await cut.save(store);
    const resumed = await SimCLR.load(store);
    const after = await resumed.fit(pictures, { ...options, resume: true });
    expect([...before.steps, ...after.steps].map(({ loss }) => loss)).toEqual(
      straight.steps.map(({ loss }) => loss),
    );
    expect(weightValues(resumed)).toEqual(weightValues(whole));
    for (const simclr of [whole, cut, resumed]) simclr.dispose();
  });

  it('leaves no tensor, and never has the pictures of a batch on the device', async () => {
    await expectTensors(0, async () => {
      const simclr = tinySimCLR({ optimizer: optimizer() });
      const many = tinyPictures(64);
      const { numBytes } = memory();
      let most = 0;
      const augmentation = simclr.augmentation!;
      const { apply } = augmentation;
      augmentation.apply = (images, parameters) => {
        most = Math.max(most, memory().numBytes - numBytes);
        expect(images.shape[0]).toBe(2);
        return apply(images, parameters);
      };
      await simclr.fit(many, { batchSize: 64, microBatchSize: 2 });
      // z of both views and its gradient beside weights and chunks, and the views: the pictures would be 49152 bytes more.
      const views = 2 * 49_152;
      expect(most).toBeLessThan(views + 30_000);
      simclr.dispose();
    });
  });

  it('fails as a whole: weights and statistics stay', async () => {
    const simclr = tinySimCLR({ encoder: normalizedEncoder(), optimizer: optimizer() });
    await simclr.fit(pictures, { batchSize: 4, microBatchSize: 2, maxSteps: 1 });
    const before = weightValues(simclr);
    const { numTensors } = memory();
    const bad = { ...pictures, data: pictures.data.map((value, i) => (i === 3 * 192 ? Number.NaN : value)) };
    const error = await rejection(simclr.fit(bad, { batchSize: 8, microBatchSize: 2 }));
    expect(error.name).toBe('ValueRangeError');
    expect(weightValues(simclr)).toEqual(before);
    expect(memory().numTensors).toBe(numTensors);
    simclr.dispose();
  });

  it('lets the trainer be disposed of within a step, and says so', async () => {
    const simclr = tinySimCLR({ optimizer: optimizer() });
    const running = simclr.fit(pictures, { batchSize: 8, microBatchSize: 2 });
    await new Promise((resolve) => setTimeout(resolve, 0));
    simclr.dispose();
    expect((await rejection(running)).message).toContain('must not be disposed of');
  });

  it('trainStep takes them too', async () => {
    const [whole, parts] = [tinySimCLR({ optimizer: optimizer() }), tinySimCLR({ optimizer: optimizer() })];
    const { loss } = await whole.trainStep(pictures, { epoch: 1 });
    const inParts = await parts.trainStep(pictures, { epoch: 1, microBatchSize: 3 });
    expectClose([inParts.loss], [loss], { relative: 2e-5 });
    expectClose(weightValues(parts), weightValues(whole), { absolute: 2e-6, relative: 1e-5 });
    whole.dispose();
    parts.dispose();
  });
});

describe('a micro-batch that does not fit is refused', () => {
  const dropout = () =>
    sequential({
      layers: [
        layers.conv2d({ inputShape: [8, 8, 3], filters: 8, kernelSize: 3 }),
        layers.dropout({ rate: 0.5 }),
        layers.globalAveragePooling2d({}),
      ],
    });
  const cases: [string, SimCLROptions, FitOptions, string[]][] = [
    [
      'it does not divide',
      {},
      { batchSize: 8, microBatchSize: 3 },
      ['divide batchSize', 'microBatchSize=3', 'batchSize=8'],
    ],
    [
      'larger than the batch',
      {},
      { batchSize: 4, microBatchSize: 8 },
      ['larger than batchSize', 'microBatchSize=8', 'batchSize=4'],
    ],
    ['not an integer', {}, { batchSize: 4, microBatchSize: 0.5 }, ['microBatchSize must be an integer >= 1']],
    [
      '1 and batch normalization',
      { encoder: normalizedEncoder() },
      { batchSize: 4, microBatchSize: 1 },
      ['at least 2', 'batch normalization'],
    ],
    [
      'random layers',
      { encoder: dropout() },
      { batchSize: 4, microBatchSize: 2 },
      ['draws at random', 'Dropout'],
    ],
  ];

  it.each(cases)('%s', async (_, parts, options, texts) => {
    const simclr = tinySimCLR({ ...parts, optimizer: optimizer() });
    const error = await rejection(simclr.fit(pictures, options));
    expect(error.name).toBe('InvalidOptionError');
    for (const text of texts) expect(error.message).toContain(text);
    expect(error.message).toMatch(/^SimCLR\.fit: /);
    simclr.dispose();
  });

  it("by the size of an iterable's batch, and by trainStep", async () => {
    const simclr = tinySimCLR({ optimizer: optimizer() });
    const text = async (promise: Promise<unknown>) => (await rejection(promise)).message;
    const options = { batchSize: 4, microBatchSize: 2 };
    expect(await text(simclr.fit([pictures], options))).toContain('images of a batch=9');
    expect(await text(simclr.trainStep(pictures, { microBatchSize: 2 }))).toMatch(
      /^SimCLR\.trainStep: .*microBatchSize=2, images=9/,
    );
    simclr.dispose();
  });
});
