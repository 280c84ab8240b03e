import { randomUniform, type Tensor4D } from '@tensorflow/tfjs-core';
import {
  type Callback,
  cifar10Mean,
  cifar10Std,
  colorJitter,
  compose,
  gaussianBlur,
  type ImageBatchSource,
  multiCropAugmentation,
  normalize,
  randomApply,
  randomResizedCrop,
  resnet18,
  SGD,
  SimCLR,
  type SimCLROptions,
  simclrAugmentation,
  type Transform,
  type ViewSchedules,
} from 'simclr-ts';
import { describe, expect, it, vi } from 'vitest';
import { ScheduledViews } from '../../src/training/schedules/view-schedules.js';
import { expectTensors } from '../helpers/leaks.js';
import { memoryStore, rejection, tinyPictures, tinySimCLR } from './tiny.js';

const own = [simclrAugmentation({ size: 32, strength: 0.5 })];
const optionsAt = (
  schedules: ViewSchedules,
  share: number,
  views: readonly Transform<unknown>[] = own,
): { size: number[]; strength: number }[] =>
  ScheduledViews.of(views, schedules)!
    .at(share)
    .map(({ config }) => config!.options as never);

describe('a schedule', () => {
  it('grows the views in stages of equal length', () => {
    const schedules = { size: { from: 16 } };
    const sizes = [0, 0.24, 0.25, 0.49, 0.5, 0.74, 0.75, 1].map(
      (share) => optionsAt(schedules, share)[0]!.size,
    );
    expect(sizes).toEqual([16, 16, 20, 20, 28, 28, 32, 32].map((size) => [size, size]));
  });

  it('grows height and width from their own sizes, in as many stages as it is told', () => {
    const views = [simclrAugmentation({ size: [48, 32] })];
    const schedules = { size: { from: [24, 10] as const, to: [48, 31] as const, stages: 2 } };
    expect([0, 0.49, 0.5, 1].map((share) => optionsAt(schedules, share, views)[0]!.size)).toEqual([
      [24, 10],
      [24, 10],
      [48, 31],
      [48, 31],
    ]);
  });

  it('multiplies the strength by a factor that follows the share', () => {
    const factors = (schedules: ViewSchedules) =>
      [0, 0.5, 1].map((share) => optionsAt(schedules, share)[0]!.strength);
    expect(factors({ strength: { from: 0 } })).toEqual([0, 0.25, 0.5]);
    expect(factors({ strength: { from: 1, to: 2 } })).toEqual([0.5, 0.75, 1]);
  });

  it('changes all views of multi-crop alike, and views of one transform stay of one', () => {
    const views = multiCropAugmentation({ size: 32, small: { size: 16, views: 2 } });
    const made = ScheduledViews.of(views, { size: { from: 16 } })!;
    const first = made.at(0);
    expect(first.map(({ config }) => config!.options.size)).toEqual(
      [16, 16, 8, 8].map((size) => [size, size]),
    );
    expect(new Set(first).size).toBe(2);
    expect(made.at(0.1)).toBe(first);
  });

  it('reaches into composed transforms, and leaves the rest as it was', () => {
    const rest = [
      randomApply(gaussianBlur(), { probability: 0.1 }),
      normalize({ mean: cifar10Mean, std: cifar10Std }),
    ];
    const pipeline = (size: number, strength: number) =>
      compose([
        randomResizedCrop({ size, scale: [0.2, 1] }),
        randomApply(colorJitter({ strength }), { probability: 0.8 }),
        ...rest,
      ]);
    const [made] = ScheduledViews.of([pipeline(32, 1)], { size: { from: 16 }, strength: { from: 0.5 } })!.at(
      0,
    );
    expect(made!.config).toEqual(pipeline(16, 0.5).config);
  });

  it.each<[string, unknown, readonly Transform<unknown>[], string]>([
    [
      'above the size of the views',
      { size: { from: 16, to: 40 } },
      own,
      "schedules.size.to must be at most the size of the augmentation's views, [32,32]",
    ],
    [
      'shrinking',
      { size: { from: 24, to: 16 } },
      own,
      'schedules.size.from must be at most the size at the end, [16,16]',
    ],
    ['above at its beginning', { size: { from: 40 } }, own, 'schedules.size.from must be at most'],
    ['without a pixel', { size: { from: 0 } }, own, 'schedules.size.from must be an integer >= 1'],
    [
      'with one stage',
      { size: { from: 16, stages: 1 } },
      own,
      'schedules.size.stages must be an integer >= 2',
    ],
    ['negative', { strength: { from: -1 } }, own, 'schedules.strength.from must be'],
    ['misspelled', { size: { begin: 16 } }, own, 'schedules.size.begin'],
    ['of something else', { blur: { from: 0 } }, own, 'schedules.blur'],
    [
      'of a transform without crops',
      { size: { from: 8 } },
      [gaussianBlur()],
      'with a random resized crop; for others, pass a function',
    ],
    [
      'of a transform without colors',
      { strength: { from: 0 } },
      [randomResizedCrop({ size: 8 })],
      'with color jitter',
    ],
    [
      'of a transform of your own',
      { size: { from: 8 } },
      [{ ...own[0]!, config: undefined as never, name: 'mine' }],
      'Received: mine',
    ],
  ])('refuses one that is %s', (_, schedules, views, message) => {
    expect(() => ScheduledViews.of(views, schedules as ViewSchedules)).toThrow(message);
  });

  it('is a function of your own', () => {
    const [small] = [simclrAugmentation({ size: 8 })];
    const at = vi.fn((share: number) => (share < 0.5 ? small : own[0]!));
    const made = ScheduledViews.of([own[0]!, own[0]!], at)!;
    expect(made.at(0.25)).toEqual([small, small]);
    expect(made.at(0.5)).toEqual([own[0], own[0]]);
    expect(at.mock.calls).toEqual([[0.25], [0.5]]);
    for (const wrong of [[small], undefined, {}]) {
      expect(() => ScheduledViews.of([own[0]!, own[0]!], () => wrong as never)!.at(0)).toThrow(
        'schedules must return a transform, or one for each of 2 views',
      );
    }
  });
});

const pictures = tinyPictures(16);
const run = { batchSize: 4, epochs: 2 } as const; // eight steps
const schedules = { size: { from: 4, stages: 2 }, strength: { from: 0.2 } };
const parts = (inputShape: readonly [number | null, number | null, number]): SimCLROptions => ({
  encoder: resnet18({ inputShape, width: 2, stem: 'small' }),
  augmentation: simclrAugmentation({ size: 8, blur: false }),
  optimizer: new SGD({ learningRate: 0.05 }),
});

/** Sizes of the views at each step. */
function recordSizes(simclr: SimCLR): { sizes: number[]; callback: Callback } {
  const sizes: number[] = [];
  return {
    sizes,
    callback: {
      onStepEnd(_, { pictures: first }) {
        const { images, indices } = first!(4);
        const views = simclr.views(images, indices, 0);
        sizes.push(views[0].shape[1]);
        for (const tensor of [images, views].flat()) tensor.dispose();
      },
    },
  };
}

describe('fit with schedules', () => {
  it.each<[string, readonly [number | null, number | null, number]]>([
    ['any size', [null, null, 3]],
    ['a fixed size', [8, 8, 3]],
  ])(
    'trains on small views first, with an encoder of %s, and ends with the full ones',
    async (_, inputShape) => {
      await expectTensors(0, async () => {
        const simclr = new SimCLR(parts(inputShape));
        const { sizes, callback } = recordSizes(simclr);
        await simclr.fit(pictures, { ...run, schedules, callbacks: [callback] });
        expect(sizes).toEqual([4, 4, 4, 4, 8, 8, 8, 8]);
        expect(simclr.augmentation!.config!.options.size).toEqual([8, 8]);
        await simclr.trainStep(pictures);
        simclr.dispose({ includeGiven: true });
      });
    },
  );

  it('has the losses of the augmentations one after the other', async () => {
    const losses: number[][] = [];
    for (const scheduled of [true, false]) {
      const simclr = new SimCLR(parts([8, 8, 3]));
      const steps: number[] = [];
      if (scheduled) {
        const history = await simclr.fit(pictures, { ...run, schedules: { size: { from: 4, stages: 2 } } });
        steps.push(...history.steps.map(({ loss }) => loss));
      } else {
        const small = simclrAugmentation({ size: 4, blur: false });
        for (const schedule of [() => small, () => simclr.augmentation!]) {
          const history = await simclr.fit(pictures, { batchSize: 4, epochs: 1, schedules: schedule });
          steps.push(...history.steps.map(({ loss }) => loss));
        }
      }
      losses.push(steps);
      simclr.dispose({ includeGiven: true });
    }
    expect(losses[0]).toHaveLength(8);
    expect(losses[0]).toEqual(losses[1]);
  });

  it('resumes bit for bit, in every stage', async () => {
    const straight = new SimCLR(parts([8, 8, 3]));
    const expected = (await straight.fit(pictures, { ...run, schedules })).steps.map(({ loss }) => loss);
    for (const maxSteps of [1, 4, 7]) {
      const begun = new SimCLR(parts([8, 8, 3]));
      await begun.fit(pictures, { ...run, schedules, maxSteps });
      const store = memoryStore();
      await begun.save(store);
      const resumed = await SimCLR.load(store);
      expect(resumed.augmentation!.config).toEqual(straight.augmentation!.config);
      const { steps } = await resumed.fit(pictures, { ...run, schedules, resume: true });
      expect(steps.map(({ loss }) => loss)).toEqual(expected.slice(maxSteps));
      const changed = { ...run, epochs: 3, schedules: { size: { from: 6 } }, resume: true };
      expect((await rejection(resumed.fit(pictures, changed))).message).toMatch(
        /resume must continue with the settings .*schedules.size.from: \[4,4\] -> \[6,6\]/,
      );
      expect((await rejection(resumed.fit(pictures, { ...run, epochs: 3, resume: true }))).message).toContain(
        'schedules',
      );
      for (const one of [begun, resumed]) one.dispose({ includeGiven: true });
    }
    straight.dispose({ includeGiven: true });
  });

  it('changes the size between epochs where the data set cuts the views, also where it resumes', async () => {
    const asked: number[][] = [];
    const dataset: ImageBatchSource = Object.assign(
      function* ({ views = [], startBatch = 0, epoch }: Parameters<ImageBatchSource>[0]) {
        const sides = views.map(({ crop }) => crop.size[0]);
        asked.push([epoch, ...sides]);
        for (let batch = startBatch; batch < 4; batch++) {
          const tensors = sides.map(
            (side) => randomUniform([4, side, side, 3], 0, 1, 'float32', batch) as Tensor4D,
          );
          yield { views: tensors, indices: [0, 1, 2, 3].map((row) => 4 * batch + row) };
        }
      },
      { size: 16, seekable: true, cutsViews: true },
    );
    const early = { ...run, epochs: 3, schedules: { size: { from: 4, stages: 2 } } };
    const losses = async (simclr: SimCLR, options: object) =>
      (await simclr.fit(dataset, { ...early, ...options })).steps.map(({ loss }) => loss);
    const straight = new SimCLR(parts([8, 8, 3]));
    const expected = await losses(straight, {});
    expect(asked.splice(0)).toEqual([
      [0, 4, 4],
      [1, 4, 4], // the second stage begins in the middle of this epoch
      [2, 8, 8],
    ]);
    const begun = new SimCLR(parts([8, 8, 3]));
    const first = await losses(begun, { maxSteps: 7 });
    const store = memoryStore();
    await begun.save(store);
    const resumed = await SimCLR.load(store);
    expect([...first, ...(await losses(resumed, { resume: true }))]).toEqual(expected);
    expect(asked.at(-2)).toEqual([1, 4, 4]);
    for (const one of [straight, begun, resumed]) one.dispose({ includeGiven: true });
  });

  it('follows the clock with minutes', async () => {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const shares: number[] = [];
    const simclr = tinySimCLR();
    const advance = () => {
      now += 15_000;
    };
    const callbacks: Callback[] = [{ onStepEnd: advance }];
    const augmentation = simclr.augmentation!;
    await simclr.fit(pictures, {
      batchSize: 4,
      minutes: 1,
      callbacks,
      schedules: (share) => {
        shares.push(share);
        return augmentation;
      },
    });
    vi.restoreAllMocks();
    expect(shares).toEqual([0, 0, 0.25, 0.5, 0.75]); // the first for the epoch
    simclr.dispose();
  });

  it('ends with its own augmentation after an error, and needs the length of the run', async () => {
    const simclr = tinySimCLR();
    const broken = () => {
      throw new Error('broken');
    };
    expect((await rejection(simclr.fit(pictures, { ...run, schedules: broken }))).message).toBe('broken');
    await simclr.trainStep(pictures);
    const unknown = async function* () {};
    expect((await rejection(simclr.fit(unknown, { schedules }))).message).toContain(
      'minutes must be given for schedules',
    );
    const above = { ...run, schedules: { size: { from: 4, to: 9 } } };
    expect((await rejection(simclr.fit(pictures, above))).message).toContain(
      'schedules.size.to must be at most',
    );
    simclr.dispose();
  });
});
