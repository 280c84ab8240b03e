import {
  div,
  mean,
  memory,
  type Scalar,
  squaredDifference,
  type Tensor2D,
  tensor2d,
  tensor4d,
} from '@tensorflow/tfjs-core';
import {
  type ContrastiveLoss,
  contrastiveGradients,
  ntXentLoss,
  SGD,
  SimCLR,
  type SimCLROptions,
  simclrAugmentation,
  trainableVariables,
} from 'simclr-ts';
import { type LossConfig, type LossName, supervisedContrastiveLoss, type ViewLoss } from 'simclr-ts/losses';
import { describe, expect, it } from 'vitest';
import { expectClose } from '../helpers/close.js';
import { expectTensors } from '../helpers/leaks.js';
import { memoryStore, normalizedEncoder, rejection, tinyPictures, tinySimCLR, weightValues } from './tiny.js';

const pictures = tinyPictures(8);
const labels = [0, 1, 2, 0, 1, 2, 0, -1];
const optimizer = () => new SGD({ learningRate: 0.05, momentum: 0 });

const configs: (LossName | LossConfig)[] = [
  'ntXent',
  { name: 'ntXent', temperature: 0.1 },
  { name: 'ntXentQueue', queueSize: 12 },
  'dcl',
  { name: 'dclw', sigma: 0.3 },
  { name: 'supervisedContrastive', temperature: 0.2 },
  { name: 'vicReg', covariance: 2 },
  'barlowTwins',
];

describe('a trainer with a loss of the library', () => {
  it.each(configs)('%j: trains, leaves no tensor, and continues from its checkpoint', async (loss) => {
    await expectTensors(0, async () => {
      const straight = tinySimCLR({ loss, optimizer: optimizer() });
      const first = await straight.fit(pictures, { batchSize: 4, labels });
      const { numTensors } = memory();
      const store = memoryStore();
      await straight.save(store);
      const resumed = await SimCLR.load(store);
      expect(resumed.loss.config).toEqual(straight.loss.config);
      expect(resumed.summary()).toBe(straight.summary());
      const options = { batchSize: 4, labels };
      const [expected, actual] = [
        await straight.fit(pictures, options),
        await resumed.fit(pictures, options),
      ];
      expect(actual.steps.map((step) => step.loss)).toEqual(expected.steps.map((step) => step.loss));
      expect(weightValues(resumed)).toEqual(weightValues(straight));
      for (const step of first.steps) expect(Number.isFinite(step.loss)).toBe(true);
      resumed.dispose();
      expect(memory().numTensors).toBe(numTensors);
      straight.dispose();
    });
  });

  it('has the options of its loss in the checkpoint, defaults and all, and in its summary', () => {
    const simclr = tinySimCLR({ loss: { name: 'dclw', temperature: 0.2 } });
    expect(simclr.loss.config).toEqual({ name: 'dclw', temperature: 0.2, sigma: 0.5 });
    expect(simclr.summary()).toMatch(/loss +dclw, temperature 0.2, sigma 0.5/);
    simclr.dispose();
  });

  it('that is NT-Xent by default is the one that is named so', async () => {
    const [plain, named] = [
      tinySimCLR({ temperature: 0.2, optimizer: optimizer() }),
      tinySimCLR({ loss: { name: 'ntXent', temperature: 0.2 }, optimizer: optimizer() }),
    ];
    expect((await plain.trainStep(pictures)).loss).toBe((await named.trainStep(pictures)).loss);
    plain.dispose();
    named.dispose();
  });
});

describe('labels', () => {
  const supervised = () => tinySimCLR({ loss: 'supervisedContrastive', optimizer: optimizer() });

  it('reach the loss by the number of the picture, whatever the order', async () => {
    const seen: number[][] = [];
    const classes: number[] = [];
    const loss: ViewLoss = {
      name: 'spy',
      needsLabels: true,
      compute: ([a, b], context) => {
        seen.push([...Array.from(context.labels!)]);
        return ntXentLoss(a!, b!);
      },
    };
    const simclr = tinySimCLR({ loss, optimizer: optimizer() });
    // A picture's label is its number: what reaches the loss is then the order of the epoch.
    await simclr.fit(pictures, { batchSize: 4, labels: Int32Array.from({ length: 8 }, (_, i) => i) });
    classes.push(...seen.flat());
    expect([...classes].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(classes).not.toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    await simclr.fit(pictures, { batchSize: 8, labels: [9, 8, 7, 6, 5, 4, 3, 2], shuffle: false });
    expect(seen.at(-1)).toEqual([9, 8, 7, 6, 5, 4, 3, 2]);
    simclr.dispose();
  });

  it('make the supervised loss that of the function', async () => {
    const simclr = supervised();
    const batch = { ...pictures, data: pictures.data };
    const { loss } = await simclr.trainStep(batch, { labels, epoch: 3 });
    const other = tinySimCLR({
      loss: (a, b) => supervisedContrastiveLoss([a, b], labels),
      optimizer: optimizer(),
    });
    expect((await other.trainStep(batch, { epoch: 3 })).loss).toBe(loss);
    simclr.dispose();
    other.dispose();
  });

  it('are asked for, one per picture, before anything else is done', async () => {
    const simclr = supervised();
    const text = async (promise: Promise<unknown>) => {
      const { name, message } = await rejection(promise);
      return `${name}: ${message}`;
    };
    expect(await text(simclr.fit(pictures, { batchSize: 4 }))).toMatch(
      /^InvalidOptionError: SimCLR\.fit: labels must be given.*supervisedContrastive.*labels=undefined/,
    );
    expect(await text(simclr.trainStep(pictures))).toMatch(/^InvalidOptionError: SimCLR\.trainStep: labels/);
    expect(await text(simclr.fit(pictures, { batchSize: 4, labels: [1, 2] }))).toMatch(
      /^ShapeError: .*each of 8 images. Received: 2 labels/,
    );
    expect(await text(simclr.trainStep(pictures, { labels: [1] }))).toMatch(/^ShapeError: .*1 labels/);
    const source = [{ images: pictures, indices: [0, 1, 2, 3, 4, 5, 6, 70] }];
    expect(await text(simclr.fit(source, { labels }))).toMatch(/^ShapeError: .*8 labels, image number 70/);
    expect(await text(simclr.trainStep(pictures, { labels: labels.map((label) => label + 0.5) }))).toMatch(
      /^ValueRangeError: .*labels must be integers/,
    );
    expect(simclr.progress.step).toBe(0);
    simclr.dispose();
  });
});

describe('the queue', () => {
  const queued = () => tinySimCLR({ loss: { name: 'ntXentQueue', queueSize: 12 }, optimizer: optimizer() });
  const rowsOf = (simclr: SimCLR) => {
    const queue = simclr.loss.capture!().tensors!.queue as Tensor2D;
    const rows = [...queue.dataSync()];
    queue.dispose();
    return rows;
  };

  it('takes in view 2 of each step, at its end', async () => {
    const simclr = queued();
    const before = rowsOf(simclr);
    await simclr.trainStep(pictures);
    const after = rowsOf(simclr);
    expect(after.slice(0, 4 * 8)).toEqual(before.slice(8 * 8));
    for (let row = 4; row < 12; row++) {
      expect(Math.hypot(...after.slice(8 * row, 8 * row + 8))).toBeCloseTo(1, 5);
    }
    simclr.dispose();
  });

  it('is as it was after a step that failed', async () => {
    await expectTensors(0, async () => {
      let fails = false;
      const simclr = queued();
      const { compute } = simclr.loss;
      Object.assign(simclr.loss, {
        compute: ((views, context) => {
          const value = compute(views, context);
          return fails ? (div(value, 0) as Scalar) : value;
        }) as ViewLoss['compute'],
      });
      await simclr.trainStep(pictures);
      const [before, weights, { numTensors }] = [rowsOf(simclr), weightValues(simclr), memory()];
      fails = true;
      const error = await rejection(simclr.trainStep(pictures));
      expect(error.name).toBe('NonFiniteLossError');
      expect(rowsOf(simclr)).toEqual(before);
      expect(weightValues(simclr)).toEqual(weights);
      expect(memory().numTensors).toBe(numTensors);
      simclr.dispose();
    });
  });

  it('of a checkpoint must fit, and another loss starts over', async () => {
    const simclr = queued();
    await simclr.trainStep(pictures);
    const store = memoryStore();
    await simclr.save(store);
    await expectTensors(0, async () => {
      const error = await rejection(SimCLR.load(store, { loss: { name: 'ntXentQueue', queueSize: 5 } }));
      expect(error.name).toBe('CheckpointError');
      expect(error.message).toContain('the saved state of the loss ntXentQueue does not fit');
    });
    const other = await SimCLR.load(store, { loss: 'dcl' });
    expect(other.loss.name).toBe('dcl');
    other.dispose();
    simclr.dispose();
  });

  it('is for two views', async () => {
    const simclr = tinySimCLR({ loss: 'ntXentQueue', views: 3, optimizer: optimizer() });
    expect((await rejection(simclr.trainStep(pictures))).message).toContain('Received: 3 views');
    simclr.dispose();
  });
});

describe('a loss object of your own', () => {
  it('has its state saved and restored, and is asked for when loading', async () => {
    const make = () => {
      let count = tensor2d([[0]]);
      const loss: ViewLoss = {
        name: 'counting',
        compute: ([a, b]) => mean(squaredDifference(a!, b!)),
        afterStep: (views) => {
          const next = tensor2d([[count.dataSync()[0]! + views.length]]);
          count.dispose();
          count = next;
        },
        capture: () => ({ tensors: { count: count.clone() }, json: { counted: 'views' } }),
        restore: ({ tensors, json }) => {
          expect(json).toEqual({ counted: 'views' });
          count.dispose();
          count = tensors.count!.clone() as Tensor2D;
        },
        dispose: () => count.dispose(),
      };
      return { loss, value: () => count.dataSync()[0] };
    };
    await expectTensors(0, async () => {
      const [first, second] = [make(), make()];
      const simclr = tinySimCLR({ loss: first.loss, optimizer: optimizer() });
      await simclr.trainStep(pictures);
      await simclr.trainStep(pictures);
      const store = memoryStore();
      await simclr.save(store);
      const inference = await SimCLR.load(store);
      const message = 'Pass it as SimCLR.load(source, { loss })';
      expect((await rejection(inference.trainStep(pictures))).message).toContain(message);
      inference.dispose();
      const loaded = await SimCLR.load(store, { loss: second.loss });
      expect([first.value(), second.value()]).toEqual([4, 4]);
      expect(loaded.summary()).toMatch(/loss +counting/);
      simclr.dispose();
      loaded.dispose({ includeGiven: true });
    });
  });
});

describe('more than two views', () => {
  const large = simclrAugmentation({ size: 8, blur: false, scale: [0.5, 1] });
  const small = simclrAugmentation({ size: 7, blur: false, scale: [0.1, 0.5] });
  const cases: [string, SimCLROptions][] = [
    ['three of one size', { views: 3 }],
    ['three, one pass per view', { views: 3, viewBatching: 'separate' }],
    ['multi-crop', { augmentation: [large, large, small, small] }],
    ['multi-crop and VICReg', { augmentation: [large, large, small], loss: 'vicReg' }],
    ['multi-crop, supervised', { augmentation: [large, large, small], loss: 'supervisedContrastive' }],
    [
      'multi-crop, batch normalization',
      { augmentation: [large, small, large], encoder: normalizedEncoder() },
    ],
  ];

  it.each(cases)('%s: train, continue from a checkpoint, leave no tensor', async (_, options) => {
    const simclr = tinySimCLR({ ...options, optimizer: optimizer() });
    await simclr.trainStep(pictures, { labels });
    await expectTensors(0, async () => {
      const store = memoryStore();
      await simclr.save(store);
      const loaded = await SimCLR.load(store);
      expect(loaded.augmentations.map(({ config }) => config)).toEqual(
        simclr.augmentations.map(({ config }) => config),
      );
      const [expected, actual] = [
        await simclr.trainStep(pictures, { labels }),
        await loaded.trainStep(pictures, { labels }),
      ];
      expect(actual.loss).toBe(expected.loss);
      loaded.dispose();
    });
    simclr.dispose();
  });

  it('have the loss and the gradients of the views apart', () => {
    const simclr = tinySimCLR({ augmentation: [large, large, small], optimizer: optimizer() });
    const images = tensor4d(Float32Array.from(pictures.data), [8, 8, 8, 3]);
    const views = simclr.views(images, [0, 1, 2, 3, 4, 5, 6, 7], 0);
    expect(views.map(({ shape }) => shape[1])).toEqual([8, 8, 7]);
    const options = {
      encoder: simclr.encoder,
      projectionHead: simclr.projectionHead,
      variables: trainableVariables(simclr.encoder, simclr.projectionHead),
    };
    const all: ViewLoss = { name: 'all', compute: (z) => ntXentLoss(z) };
    const joint = contrastiveGradients(views, { ...options, loss: all });
    const separate = contrastiveGradients(views, { ...options, loss: all, viewBatching: 'separate' });
    expectClose(joint.loss.dataSync(), separate.loss.dataSync(), { relative: 1e-6 });
    for (const [name, gradient] of Object.entries(joint.gradients)) {
      expectClose(gradient.dataSync(), separate.gradients[name]!.dataSync(), {
        relative: 1e-5,
        absolute: 1e-7,
      });
    }
    simclr.dispose();
  });

  it('give a function of two views all pairs', async () => {
    const pairs: string[] = [];
    const numbers = new Map<number, number>();
    const loss: ContrastiveLoss = (a, b) => {
      for (const view of [a, b]) if (!numbers.has(view.id)) numbers.set(view.id, numbers.size);
      pairs.push(`${numbers.get(a.id)}${numbers.get(b.id)}`);
      return mean(squaredDifference(a, b));
    };
    const simclr = tinySimCLR({ loss, views: 3, optimizer: optimizer() });
    await simclr.trainStep(pictures);
    expect(pairs).toEqual(['01', '02', '12']);
    simclr.dispose();
  });

  it('may differ in size only where they have a transform of their own', async () => {
    const wrong = tinySimCLR({ augmentation: [small, small], optimizer: optimizer() });
    expect((await rejection(wrong.trainStep(pictures))).message).toContain("the encoder's input shape");
    wrong.dispose();
  });
});
