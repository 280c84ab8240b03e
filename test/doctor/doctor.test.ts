import {
  eye,
  fill,
  gather,
  losses,
  matMul,
  mean,
  memory,
  neg,
  type Scalar,
  square,
  sub,
  sum,
  tensor1d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { initializers, layers, sequential } from '@tensorflow/tfjs-layers';
import {
  AdamW,
  LARS,
  projectionHead,
  randomResizedCrop,
  resnet18,
  SGD,
  type SimCLR,
  type Transform,
  warmupCosineSchedule,
} from 'simclr-ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { doctor, examine, type Finding } from '../../src/doctor/index.js';
import { LossWatch } from '../../src/doctor/loss-watch.js';
import { denseEncoder, he, noisy, patient, patterns, trainWithDoctor } from './patients.js';

let simclr: SimCLR | undefined;
afterEach(() => {
  simclr?.dispose();
  simclr = undefined;
  vi.restoreAllMocks();
});

const codes = (findings: Finding[]) => findings.map(({ code }) => code);
const adam = (learningRate: number) => new AdamW({ learningRate, weightDecay: 0 });
const bnHead = (inputDim: number) =>
  projectionHead({
    inputDim,
    hidden: [16],
    outputDim: 8,
    batchNormalization: { hidden: true, output: 'scale' },
  });

describe('a healthy run is left alone', () => {
  it.each<[string, () => SimCLR, number]>([
    ['SGD, batch 16', () => patient(), 16],
    ['SGD, batch 4', () => patient(), 4],
    ['SGD, batch 64, whose probe is part of nothing else', () => patient(), 64],
    ['Adam, batch 16, temperature 0.1', () => patient({ optimizer: adam(3e-3), temperature: 0.1 }), 16],
    ['Adam, batch 8, temperature 1', () => patient({ optimizer: adam(3e-3), temperature: 1 }), 8],
    [
      'LARS with warm-up, batch normalization in encoder and head, views apart',
      () =>
        patient({
          encoder: denseEncoder({ groups: 1 }),
          projectionHead: bnHead(16),
          viewBatching: 'separate',
          optimizer: new LARS({
            learningRate: warmupCosineSchedule({ peak: 0.5, warmupSteps: 20, totalSteps: 120 }),
          }),
        }),
      16,
    ],
    [
      'batch normalization at temperature 0.07',
      () => patient({ encoder: denseEncoder({ groups: 1 }), projectionHead: bnHead(16), temperature: 0.07 }),
      16,
    ],
  ])('%s', async (_, make, batchSize) => {
    simclr = make();
    expect(await trainWithDoctor(simclr, { steps: 120, batchSize, patience: 40 })).toEqual([]);
    expect(await examine(simclr, patterns(32), { batchSize })).toEqual([]);
  });

  it('a small ResNet, before and after a few steps', async () => {
    const encoder = resnet18({ inputShape: [4, 4, 3], stem: 'small', width: 2 });
    simclr = patient({
      encoder,
      projectionHead: projectionHead({ inputDim: 16, hidden: [16], outputDim: 8 }),
    });
    expect(await examine(simclr, patterns(32))).toEqual([]);
    expect(await trainWithDoctor(simclr, { steps: 8, everySteps: 3 })).toEqual([]);
  });
});

/** Gives every view another picture's place. */
const shuffling: Transform<Int32Array> = {
  name: 'shuffling',
  sample: (count, random) => Int32Array.from(random.row(0).permutation(count)),
  apply: (images, order) => tidy(() => gather(images, tensor1d(order, 'int32'))),
};
const unchanged: Transform<null> = {
  name: 'unchanged',
  sample: () => null,
  apply: (images) => images.clone(),
};
const saturatedHead = () =>
  sequential({
    layers: [
      layers.dense({
        inputShape: [16],
        units: 8,
        activation: 'tanh',
        kernelInitializer: initializers.randomNormal({ stddev: 1e6, seed: 1 }),
      }),
    ],
  });
/** The picture is a hundred-thousandth of what the encoder gives, and the rest is taken away again by the head. */
const faintEncoder = () =>
  sequential({
    layers: [
      layers.flatten({ inputShape: [4, 4, 3] }),
      layers.dense({
        units: 16,
        kernelInitializer: initializers.randomNormal({ stddev: 1e-5, seed: 1 }),
        biasInitializer: 'ones',
      }),
    ],
  });
const cancellingHead = () => {
  const head = sequential({
    layers: [layers.dense({ inputShape: [16], units: 8, kernelInitializer: he(4) })],
  });
  const [kernel] = head.getWeights();
  const bias = tidy(() => neg(sum(kernel!, 0)));
  head.setWeights([kernel!, bias]);
  bias.dispose();
  return head;
};
const bottleneck = () =>
  sequential({
    layers: [
      layers.flatten({ inputShape: [4, 4, 3] }),
      layers.dense({ units: 1, kernelInitializer: initializers.randomNormal({ stddev: 1, seed: 1 }) }),
    ],
  });

it('projections that are NaN are told as such, not as the same for every picture', async () => {
  simclr = patient({});
  const nan = simclr.projectionHead.getWeights().map((weight) => fill(weight.shape, Number.NaN));
  simclr.projectionHead.setWeights(nan);
  for (const weight of nan) weight.dispose();
  const findings = await examine(simclr, patterns(16));
  expect(findings.map(({ code }) => code)).toEqual(['non-finite-projections']);
  expect(findings[0]!.message).toMatch(/^256 of 256 values/);
});

describe('a run that goes wrong is spoken of', () => {
  it.each<[string, string, () => SimCLR, Parameters<typeof trainWithDoctor>[1]]>([
    ['temperature', 'is outside the usual', () => patient({ temperature: 5 }), {}],
    [
      'temperature',
      'of 5 is outside the usual',
      () => patient({ loss: { name: 'ntXent', temperature: 5 } }),
      {},
    ],
    [
      'learning-rate',
      'is unusually low for SGD and batches of 16',
      () => patient({ optimizer: new SGD({ learningRate: 1e-7 }) }),
      {},
    ],
    ['learning-rate', 'is unusually high for AdamW', () => patient({ optimizer: adam(0.3) }), {}],
    [
      'learning-rate-zero',
      'has been 0 for 10 steps',
      () =>
        patient({
          optimizer: new SGD({
            learningRate: warmupCosineSchedule({ peak: 0.05, warmupSteps: 0, totalSteps: 3 }),
          }),
        }),
      { steps: 20 },
    ],
    [
      'initial-loss',
      'the pairs are found without learning',
      () => patient({ temperature: 0.025, augmentation: noisy(0.002) }),
      {},
    ],
    [
      'loss-at-chance',
      'and guessing gives ln(',
      () => patient({ normalization: null, optimizer: new SGD({ learningRate: 2e-4, momentum: 0 }) }),
      { steps: 30, patience: 20, pictures: patterns(64, 0.1) },
    ],
    ['identical-views', 'are the same for 16 of 16 pictures', () => patient({ augmentation: unchanged }), {}],
    [
      'unrelated-views',
      'no more similar than views of different pictures',
      () => patient({ augmentation: shuffling }),
      { steps: 40, everySteps: 5, batchSize: 32 },
    ],
    [
      'constant-projections',
      'are zero for every picture',
      () =>
        patient({
          projectionHead: sequential({
            layers: [layers.dense({ inputShape: [16], units: 8, kernelInitializer: 'zeros' })],
          }),
        }),
      {},
    ],
    [
      'collapsed-projections',
      'have collapsed',
      () =>
        patient({
          loss: (a, b) => mean(square(sub(a, b))) as Scalar,
          optimizer: new SGD({ learningRate: 0.1, weightDecay: 0.02 }),
        }),
      { steps: 90 },
    ],
    [
      'low-rank-projections',
      'of 8 dimensions',
      () =>
        patient({
          optimizer: new SGD({ learningRate: 2e-4, momentum: 0 }),
          encoder: bottleneck(),
          projectionHead: projectionHead({ inputDim: 1, hidden: [], outputDim: 8 }),
        }),
      { steps: 65 },
    ],
    [
      'unnormalized-projections',
      'not normalized',
      () =>
        patient({
          loss: (a, b) => losses.softmaxCrossEntropy(eye(a.shape[0]), matMul(a, transpose(b))) as Scalar,
        }),
      {},
    ],
    [
      'statistics-leak',
      'Batch normalization gives the pairs away',
      () =>
        patient({
          encoder: denseEncoder({ groups: 8 }),
          viewBatching: 'separate',
          augmentation: noisy(0.3),
          temperature: 0.1,
        }),
      { steps: 24, everySteps: 4 },
    ],
    [
      'dead-relu',
      '16 of 16 units after the ReLU',
      () => patient({ encoder: denseEncoder({ bias: -100 }) }),
      {},
    ],
    ['vanishing-gradient', 'The gradient vanishes', () => patient({ projectionHead: saturatedHead() }), {}],
    [
      'exploding-gradient',
      'The gradient explodes',
      () =>
        patient({
          encoder: faintEncoder(),
          projectionHead: cancellingHead(),
          // Steps of a millionth of the weights: larger ones would end the cancellation.
          optimizer: new LARS({ learningRate: 2e-3, momentum: 0, excludeFromWeightDecay: 'none' }),
        }),
      {},
    ],
  ])('%s: %s', async (code, words, make, options) => {
    simclr = make();
    const findings = await trainWithDoctor(simclr, options);
    expect(codes(findings)).toEqual([code]);
    expect(findings[0]!.message).toContain(words);
    expect(findings[0]!.message).toMatch(/\.$/);
    expect(findings[0]!.remedy).toMatch(/^[A-Z].*\.$/);
  });
});

describe('examine', () => {
  it('finds at once what the callback finds, and changes nothing', async () => {
    simclr = patient({ encoder: denseEncoder({ groups: 1 }), augmentation: unchanged });
    const weights = () => simclr!.encoder.getWeights().map((weight) => Array.from(weight.dataSync()));
    const before = [weights(), memory().numTensors];
    const findings = await examine(simclr, patterns(16));
    expect(codes(findings)).toEqual(['identical-views']);
    expect(findings[0]).toMatchObject({ severity: 'error', step: 0, evidence: { pairs: 16 } });
    expect([weights(), memory().numTensors]).toEqual(before);
    expect(Object.hasOwn(simclr.encoder.layers[3]!, 'call')).toBe(false);
  });

  it('leaves no tensors and no traces when a step fails', async () => {
    simclr = patient({
      loss: () => {
        throw new Error('mine');
      },
    });
    const before = memory().numTensors;
    await expect(examine(simclr, patterns(4))).rejects.toThrow('mine');
    expect(memory().numTensors).toBe(before);
  });

  it('examines the first batch of a data set that gives batches', async () => {
    simclr = patient();
    const { data, shape } = patterns(16);
    const rows = (count: number) => data.slice(0, count * (data.length / shape[0]));
    const first = { images: { data: rows(8), shape: [8, ...shape.slice(1)] } };
    const before = memory().numTensors;
    const pass = async function* () {
      yield first;
      throw new Error('not needed');
    };
    const found = await examine(simclr, pass, { batchSize: 8 });
    expect(found).toEqual(await examine(simclr, first.images as never));
    expect(memory().numTensors).toBe(before);
    await expect(examine(simclr, 'photos' as never)).rejects.toThrow(/^examine: images must be a tensor/);
  });

  it('refuses bad input', async () => {
    simclr = patient();
    await expect(examine(simclr, patterns(1))).rejects.toThrow(/^examine: images must be at least 2/);
    await expect(examine(simclr, patterns(4), { probeSize: 1 })).rejects.toThrow(
      /^examine: probeSize must be/,
    );
    await expect(examine(simclr, patterns(4), { epoch: -1 })).rejects.toThrow(/^examine: epoch must be/);
    await expect(examine(simclr, patterns(4), { batchSize: 1 })).rejects.toThrow(
      /^examine: batchSize must be/,
    );
    simclr.dispose();
    await expect(examine(simclr, patterns(4))).rejects.toThrow(
      /^SimCLR.views: the trainer must not be disposed of/,
    );
  });
});

describe('with micro-batches of pictures in memory', () => {
  it('finds what it finds without', async () => {
    simclr = patient({ augmentation: unchanged });
    const findings = await trainWithDoctor(simclr, { microBatchSize: 8 });
    expect(codes(findings)).toEqual(['identical-views']);
    expect(findings[0]!.evidence.pairs).toBe(8); // what goes through the network at a time, and no more
  });

  it('leaves a healthy run alone, and no tensors', async () => {
    simclr = patient();
    await simclr.trainStep(patterns(4)); // makes the optimizer's
    const before = memory().numTensors;
    expect(await trainWithDoctor(simclr, { microBatchSize: 4, steps: 10, everySteps: 1 })).toEqual([]);
    expect(memory().numTensors).toBe(before);
  });
});

describe('views of several sizes', () => {
  const encoder = () =>
    sequential({
      layers: [
        layers.conv2d({
          inputShape: [4, 4, 3],
          filters: 16,
          kernelSize: 2,
          kernelInitializer: he(1),
          activation: 'relu',
        }),
        layers.globalAveragePooling2d({}),
      ],
    });
  const crop = (size: number) => randomResizedCrop({ size, scale: [0.5, 1] });
  const [large, small] = [crop(4), crop(3)];

  it.each<[string, Transform<unknown>[], number | undefined]>([
    ['a large and a small one', [large, small], undefined],
    ['two large ones and four small ones', [large, large, small, small, small, small], undefined],
    ['the large ones apart, in micro-batches', [large, small, small, large], 8],
  ])('%s', async (_, augmentation, microBatchSize) => {
    simclr = patient({ encoder: encoder(), augmentation, temperature: 0.1 });
    await simclr.trainStep(patterns(4)); // makes the optimizer's
    const before = memory().numTensors;
    const findings = await trainWithDoctor(simclr, {
      steps: 12,
      everySteps: 2,
      ...(microBatchSize && { microBatchSize }),
    });
    expect(codes(findings)).toEqual([]);
    expect(codes(await examine(simclr, patterns(32), { batchSize: 16 }))).toEqual([]);
    expect(memory().numTensors).toBe(before);
  });

  it('counts all views where it knows what guessing gives', async () => {
    const views = Array.from({ length: 16 }, () => small);
    simclr = patient({ encoder: encoder(), augmentation: [large, ...views.slice(1)] });
    const watch = new LossWatch(simclr, 20);
    const loss = Math.log(16 * 8 - 1);
    const note = (step: number) =>
      watch.note({ step, epoch: 0, loss, learningRate: 0.05, seconds: 1, pairs: 8 });
    note(0); // its first loss is above ln(2N - 1), and as it should be
    expect(watch.diagnose()).toEqual([]);
    for (let step = 1; step <= 21; step++) note(step);
    const [finding] = watch.diagnose();
    expect(finding).toMatchObject({ code: 'loss-at-chance', evidence: { chance: loss } });
    expect(finding!.message).toContain('ln(16N - 1) = 4.84');
  });
});

describe('doctor', () => {
  it('prints a line by default, once', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    simclr = patient({ temperature: 5 });
    await simclr.fit(patterns(32), { batchSize: 16, epochs: 4, callbacks: [doctor({ everySteps: 1 })] });
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/^doctor: The temperature of 5 .*\. Use 0\.5/)]]);
  });

  it('leaves no tensors', async () => {
    simclr = patient();
    await simclr.trainStep(patterns(4)); // makes the optimizer's
    const before = memory().numTensors;
    await trainWithDoctor(simclr, { steps: 3, everySteps: 1 });
    expect(memory().numTensors).toBe(before);
  });

  it.each([{ everySteps: 0 }, { probeSize: 1 }, { patience: 0 }, { onFinding: 'print' as never }])(
    'refuses %o',
    (options) => {
      expect(() => doctor(options)).toThrow(new RegExp(`^doctor: ${Object.keys(options)[0]} must be`));
    },
  );
});
