import { mean, memory, squaredDifference, type Tensor4D, tensor4d, train } from '@tensorflow/tfjs-core';
import {
  AdamW,
  compose,
  type ImageArray,
  LARS,
  normalize,
  ntXentLoss,
  randomHorizontalFlip,
  randomResizedCrop,
  SGD,
  SimCLR,
  type SimCLROptions,
} from 'simclr-ts';
import { describe, expect, it } from 'vitest';
import { expectClose } from '../helpers/close.js';
import { expectTensors } from '../helpers/leaks.js';
import { tinyEncoder, tinyPictures, tinySimCLR } from './tiny.js';

const optimizers = {
  SGD: () => new SGD({ learningRate: 0.1, momentum: 0.9 }),
  AdamW: () => new AdamW({ learningRate: 0.01, weightDecay: 0.01 }),
  LARS: () => new LARS({ learningRate: 0.1 }),
  'tf.train.adam': () => train.adam(0.01),
};

/** Losses of `count` steps on the same pictures. */
async function losses(count: number, options: SimCLROptions = {}): Promise<number[]> {
  const simclr = tinySimCLR({ optimizer: optimizers.AdamW(), ...options });
  const pictures = tinyPictures(8);
  const result: number[] = [];
  for (let step = 0; step < count; step++) result.push((await simclr.trainStep(pictures)).loss);
  simclr.dispose();
  return result;
}

function asTensor({ data, shape }: ImageArray): Tensor4D {
  return tensor4d(Float32Array.from(data), shape as [number, number, number, number]);
}

describe('new SimCLR()', () => {
  it('is a ResNet-18 for 96x96 pictures with h of 512 and z of 64', async () => {
    await expectTensors(0, () => {
      const simclr = new SimCLR();
      expect(simclr.encoder.inputs[0]!.shape).toEqual([null, 96, 96, 3]);
      expect(simclr.encoder.outputs[0]!.shape).toEqual([null, 512]);
      expect(simclr.projectionHead.outputs[0]!.shape).toEqual([null, 64]);
      const text = simclr.summary();
      // torchvision's ResNet-18 has 11,689,512 parameters, 513,000 of them in the classifier that is not here.
      expect(text).toMatch(/encoder +\S+ +\[96, 96, 3\] -> \[512\] +11,176,512 trainable/);
      expect(text).toMatch(/projectionHead .*\[512\] -> \[64\] +558,144 trainable/);
      expect(text).toContain('NT-Xent, temperature 0.5');
      expect(text).toContain('AdamW');
      expect(simclr.progress).toMatchObject({ step: 0, epoch: 0, batch: 0 });
      simclr.dispose();
    });
  });

  it('says in its summary what is not the default', async () => {
    const simclr = tinySimCLR({
      loss: ntXentLoss,
      optimizer: train.sgd(0.1),
      normalization: { mean: [0.1, 0.2, 0.3], std: [1, 1, 1] },
      viewBatching: 'separate',
      seed: 3,
    });
    await simclr.trainStep(tinyPictures(2));
    const text = simclr.summary();
    for (const part of ['custom', 'SGD', 'mean [0.1,0.2,0.3]', 'separate', '1 steps, 0 epochs']) {
      expect(text).toContain(part);
    }
    simclr.dispose();
  });

  it('leaves no tensor when it refuses its options', async () => {
    const other = tinyEncoder(); // no head for what ResNet-18 gives
    await expectTensors(0, () =>
      expect(() => new SimCLR({ projectionHead: other })).toThrow('projectionHead'),
    );
    other.dispose();
  });

  it('can be disposed of twice', () => {
    const simclr = tinySimCLR();
    simclr.dispose();
    expect(() => simclr.dispose()).not.toThrow();
  });
});

describe('trainStep', () => {
  it('tells loss, learning rate and number of the step', async () => {
    const simclr = tinySimCLR({
      optimizer: new SGD({ learningRate: (step) => 0.1 / (step + 1) }),
    });
    const results = [];
    for (let step = 0; step < 3; step++) results.push(await simclr.trainStep(tinyPictures(4)));
    expect(results.map(({ step }) => step)).toEqual([0, 1, 2]);
    expect(results.map(({ learningRate }) => learningRate)).toEqual([0.1, 0.05, 0.1 / 3]);
    // Between no loss at all and that of projections which are all equal, but for the randomness of a start.
    for (const { loss } of results) expect(loss).toBeGreaterThan(0);
    for (const { loss } of results) expect(loss).toBeLessThan(2 * Math.log(7));
    expect(simclr.progress).toMatchObject({ step: 3, epoch: 0, batch: 0 });
    simclr.dispose();
  });

  it('has no learning rate to tell of an optimizer that has none to read', async () => {
    const simclr = tinySimCLR({ optimizer: train.sgd(0.1) });
    expect((await simclr.trainStep(tinyPictures(2))).learningRate).toBeNaN();
    simclr.dispose();
  });

  it.each(['joint', 'separate'] as const)(
    'tells colors apart after 30 steps, %s views',
    async (viewBatching) => {
      // Crops and flips leave each picture its color, so there is something to learn.
      const augmentation = compose([randomResizedCrop({ size: 8, scale: [0.5, 1] }), randomHorizontalFlip()]);
      const all = await losses(30, { viewBatching, augmentation });
      const average = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
      expect(average(all.slice(-5))).toBeLessThan(0.75 * average(all.slice(0, 5)));
    },
  );

  it('is a function of the seed', async () => {
    const first = await losses(3, { seed: 1 });
    expect(await losses(3, { seed: 1 })).toEqual(first);
    const other = await losses(3, { seed: 2 });
    for (const [step, loss] of other.entries()) expect(loss).not.toBe(first[step]);
  });

  it('draws again at every step, and by index and epoch alone where they are given', async () => {
    const still = { optimizer: new SGD({ learningRate: 0 }) };
    const [first, second] = await losses(2, still);
    expect(second).not.toBe(first);
    const simclr = tinySimCLR(still);
    const options = { indices: [4, 2, 7, 9], epoch: 5 };
    const a = await simclr.trainStep(tinyPictures(4), options);
    const b = await simclr.trainStep(tinyPictures(4), options);
    expect(b.loss).toBe(a.loss);
    simclr.dispose();
  });

  it('divides bytes by 255', async () => {
    const data = Uint8Array.from({ length: 4 * 192 }, (_, i) => (i * 37) % 256);
    const bytes: ImageArray = { data, shape: [4, 8, 8, 3] };
    const images = asTensor({ data: Float32Array.from(data, (byte) => byte / 255), shape: [4, 8, 8, 3] });
    const [first, second] = [tinySimCLR(), tinySimCLR()];
    expect((await first.trainStep(bytes)).loss).toBe((await second.trainStep(images)).loss);
    const [h1, h2] = [await first.embed(bytes), await second.embed(images)];
    expectClose(await h1.data(), await h2.data(), { absolute: 0 });
    expect(images.isDisposed).toBe(false);
    for (const part of [images, h1, h2, first, second]) part.dispose();
  });

  it('takes a loss of the user', async () => {
    const seen: number[][] = [];
    const simclr = tinySimCLR({
      loss: (view1, view2) => {
        seen.push(view1.shape, view2.shape);
        return mean(squaredDifference(view1, view2));
      },
      optimizer: optimizers.AdamW(),
    });
    const first = await simclr.trainStep(tinyPictures(4), { epoch: 0 });
    for (let step = 0; step < 10; step++) await simclr.trainStep(tinyPictures(4), { epoch: 0 });
    const last = await simclr.trainStep(tinyPictures(4), { epoch: 0 });
    expect(seen[0]).toEqual([4, 8]);
    expect(seen[1]).toEqual([4, 8]);
    expect(last.loss).toBeLessThan(first.loss);
    simclr.dispose();
  });
});

describe('tensors', () => {
  const cases = Object.entries(optimizers).flatMap(([name, optimizer]) =>
    (['joint', 'separate'] as const).map((viewBatching) => ({ name, optimizer, viewBatching })),
  );

  it.each(cases)(
    'stay as many from step to step: $name, $viewBatching views',
    async ({ optimizer, viewBatching }) => {
      await expectTensors(0, async () => {
        const simclr = tinySimCLR({
          optimizer: optimizer(),
          viewBatching,
          normalization: { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] },
        });
        await simclr.trainStep(tinyPictures(2));
        const { numTensors } = memory();
        for (let step = 0; step < 10; step++) {
          await simclr.trainStep(tinyPictures(2));
          expect(memory().numTensors).toBe(numTensors);
        }
        simclr.dispose();
      });
    },
  );
});

describe('views', () => {
  it('are functions of seed, epoch, index and view, whatever else is in the batch', async () => {
    const simclr = tinySimCLR({ seed: 9 });
    const images = asTensor(tinyPictures(4));
    const part = asTensor({
      ...tinyPictures(4),
      data: tinyPictures(4).data.slice(0, 2 * 192),
      shape: [2, 8, 8, 3],
    });
    const values = async (pictures: Tensor4D, indices: number[], epoch = 2) => {
      const views = simclr.views(pictures, indices, epoch);
      const result = await Promise.all(views.map((view) => view.data()));
      for (const view of views) view.dispose();
      return result as [Float32Array, Float32Array];
    };
    const [whole1, whole2] = await values(images, [5, 6, 7, 8]);
    const [part1, part2] = await values(part, [5, 6]);
    expectClose(part1, whole1.slice(0, part1.length), { absolute: 1e-6 });
    expectClose(part2, whole2.slice(0, part2.length), { absolute: 1e-6 });
    const differs = (a: Float32Array, b: Float32Array) =>
      a.some((value, i) => Math.abs(value - b[i]!) > 1e-2);
    expect(differs(part1, part2)).toBe(true);
    expect(differs((await values(part, [5, 6], 3))[0], part1)).toBe(true);
    expect(differs((await values(part, [50, 60]))[0], part1)).toBe(true);
    for (const tensor of [images, part, simclr]) tensor.dispose();
  });
});

describe('embed and project', () => {
  it('give what the models give at once, also in pieces that do not divide the pictures', async () => {
    const simclr = tinySimCLR();
    const images = asTensor(tinyPictures(7));
    await expectTensors(0, async () => {
      const expectedH = simclr.encoder.predict(images) as Tensor4D;
      const expectedZ = simclr.projectionHead.predict(expectedH) as Tensor4D;
      for (const batchSize of [1, 3, 7, 64]) {
        const done: [number, number | undefined][] = [];
        const onProgress = (...report: [number, number | undefined]) => done.push(report);
        const h = await simclr.embed(images, { batchSize, onProgress });
        const z = await simclr.project(tinyPictures(7), { batchSize });
        expect(h.shape).toEqual([7, 8]);
        expect(z.shape).toEqual([7, 8]);
        expectClose(await h.data(), await expectedH.data(), { relative: 1e-6 });
        expectClose(await z.data(), await expectedZ.data(), { relative: 1e-5 });
        expect(done.length).toBe(Math.ceil(7 / batchSize));
        expect(done.at(-1)).toEqual([7, 7]);
        h.dispose();
        z.dispose();
      }
      expectedH.dispose();
      expectedZ.dispose();
    });
    images.dispose();
    simclr.dispose();
  });

  it('apply the normalization of the model, and so does training', async () => {
    const normalization = { mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4] };
    const images = asTensor(tinyPictures(4));
    const [plain, normalizing] = [tinySimCLR(), tinySimCLR({ normalization })];
    await expectTensors(0, async () => {
      const byHand = normalize(normalization).apply(images, null);
      const expected = plain.encoder.predict(byHand) as Tensor4D;
      const h = await normalizing.embed(images);
      expectClose(await h.data(), await expected.data(), { relative: 1e-6 });
      const views = plain.views(images, [0, 1, 2, 3], 0);
      const normalizedViews = normalizing.views(images, [0, 1, 2, 3], 0);
      const expectedView = normalize(normalization).apply(views[0], null);
      expectClose(await normalizedViews[0].data(), await expectedView.data(), { absolute: 1e-6 });
      for (const tensor of [byHand, expected, h, ...views, ...normalizedViews, expectedView])
        tensor.dispose();
    });
    for (const part of [images, plain, normalizing]) part.dispose();
  });

  it('do not change the model', async () => {
    const simclr = tinySimCLR();
    const before = simclr.encoder.getWeights().map((weight) => [...weight.dataSync()]);
    (await simclr.embed(tinyPictures(3))).dispose();
    expect(simclr.encoder.getWeights().map((weight) => [...weight.dataSync()])).toEqual(before);
    simclr.dispose();
  });
});
