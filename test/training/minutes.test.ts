import { io } from '@tensorflow/tfjs-core';
import { AdamW, type Callback, SGD, SimCLR, warmupCosineByShare } from 'simclr-ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { rejection, tinyPictures, tinySimCLR } from './tiny.js';

/** Milliseconds by the clock of the test, which moves only when a step is done. */
let now = 0;
const stepTakes = (seconds: number): Callback => ({
  onStepEnd() {
    now += 1000 * seconds;
  },
});
const plan = { base: 0.1, schedule: { name: 'warmupCosineByShare', warmupShare: 0.25 } } as const;
const planned = () => tinySimCLR({ optimizer: { name: 'sgd', momentum: 0, learningRate: plan } });

beforeEach(() => {
  now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** The checkpoint of a trainer, and a way to change what it says. */
async function saved(simclr: SimCLR, change: (metadata: Record<string, never>) => void = () => {}) {
  let artifacts!: io.ModelArtifacts;
  await simclr.save(
    io.withSaveHandler(async (made) => {
      artifacts = made;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  change(artifacts.userDefinedMetadata as Record<string, never>);
  return io.fromMemory(artifacts);
}

describe('fit with minutes', () => {
  it('ends after the step that passes them, in whichever epoch', async () => {
    const simclr = planned();
    const callbacks = [stepTakes(25)];
    const history = await simclr.fit(tinyPictures(8), { minutes: 1, batchSize: 4, callbacks });
    expect(history).toMatchObject({ outcome: 'stopped', reason: 'the time is up' });
    expect(history.steps.map(({ epoch }) => epoch)).toEqual([0, 0, 1]);
    expect(simclr.progress).toMatchObject({ step: 3, epoch: 1, batch: 1, seconds: 75 });
    simclr.dispose();
  });

  it('takes one step at least, and no more epochs than it is told', async () => {
    const simclr = planned();
    const callbacks = [stepTakes(25)];
    const short = await simclr.fit(tinyPictures(8), { minutes: 0.01, batchSize: 4, callbacks });
    expect(short.steps).toHaveLength(1);
    const whole = await simclr.fit(tinyPictures(8), { minutes: 60, epochs: 2, batchSize: 4, callbacks });
    expect(whole).toMatchObject({ outcome: 'completed' });
    expect(whole.steps).toHaveLength(4);
    simclr.dispose();
  });

  it('plans the learning rate by the share of them, or of the epochs that end first', async () => {
    const byClock = planned();
    const { steps } = await byClock.fit(tinyPictures(8), {
      minutes: 1,
      batchSize: 4,
      callbacks: [stepTakes(7.5)],
    });
    const expected = [0, 1, 2, 3, 4, 5, 6, 7].map((step) =>
      warmupCosineByShare({ peak: 0.1, warmupShare: 0.25 })(0, step / 8),
    );
    expect(steps.map(({ learningRate }) => learningRate)).toEqual(expected);
    expect(expected.slice(0, 3)).toEqual([0, 0.05, 0.1]);
    const byEpochs = planned();
    const same = await byEpochs.fit(tinyPictures(8), {
      epochs: 4,
      batchSize: 4,
      callbacks: [stepTakes(7.5)],
    });
    expect(same.steps.map(({ learningRate }) => learningRate)).toEqual(expected);
    const both = planned();
    const first = await both.fit(tinyPictures(8), {
      minutes: 60,
      epochs: 4,
      batchSize: 4,
      callbacks: [stepTakes(7.5)],
    });
    expect(first.steps.map(({ learningRate }) => learningRate)).toEqual(expected);
    for (const simclr of [byClock, byEpochs, both]) simclr.dispose();
  });

  it('counts the time before a checkpoint with resume, and 0 where an old file has none', async () => {
    const simclr = planned();
    const options = { batchSize: 4, minutes: 1 };
    await simclr.fit(tinyPictures(8), { ...options, maxSteps: 3, callbacks: [stepTakes(7.5)] });
    const loaded = await SimCLR.load(await saved(simclr));
    expect(loaded.progress).toEqual(simclr.progress);
    const rest = await loaded.fit(tinyPictures(8), { ...options, resume: true, callbacks: [stepTakes(7.5)] });
    const rate = warmupCosineByShare({ peak: 0.1, warmupShare: 0.25 });
    expect(rest.steps.map(({ learningRate }) => learningRate)).toEqual(
      [3, 4, 5, 6, 7].map((step) => rate(0, step / 8)),
    );
    const over = await loaded.fit(tinyPictures(8), { ...options, resume: true });
    expect(over).toMatchObject({ outcome: 'stopped', steps: [] });
    const old = await SimCLR.load(
      await saved(simclr, ({ progress }) => {
        delete (progress as unknown as { seconds?: number }).seconds;
      }),
    );
    expect(old.progress).toMatchObject({ step: 3, seconds: 0 });
    for (const each of [simclr, loaded, old]) each.dispose({ includeGiven: true });
  });

  it('does not count what callbacks do off the clock', async () => {
    const simclr = planned();
    const measured: number[] = [];
    const evaluate: Callback = {
      onFitStart: (_, { offTheClock }) =>
        offTheClock(async () => {
          now += 90_000;
        }),
      onStepEnd: async (_, { offTheClock }) => {
        const result = await offTheClock(() =>
          offTheClock(async () => {
            now += 60_000;
            return 7;
          }),
        );
        measured.push(result);
      },
    };
    const history = await simclr.fit(tinyPictures(8), {
      minutes: 1,
      batchSize: 4,
      callbacks: [stepTakes(25), evaluate],
    });
    expect(measured).toEqual([7, 7, 7]);
    expect(simclr.progress).toMatchObject({ step: 3, seconds: 75 });
    const [whole, cut] = history.epochs;
    expect(whole).toMatchObject({ seconds: 50, pairsPerSecond: 8 / 50 });
    expect(cut).toMatchObject({ seconds: 25, partial: true });
    const failing: Callback = {
      onStepEnd: async (_, { offTheClock }) => {
        await offTheClock(async () => {
          now += 60_000;
          throw new Error('no labels');
        });
      },
    };
    await rejection(simclr.fit(tinyPictures(8), { batchSize: 4, callbacks: [failing] }));
    expect(simclr.progress.seconds).toBe(75);
    simclr.dispose();
  });

  it('tells callbacks how many minutes are left', async () => {
    const simclr = tinySimCLR({ optimizer: new SGD({ learningRate: 0.1, momentum: 0 }) });
    const onFitStart = vi.fn();
    await simclr.fit(tinyPictures(8), {
      minutes: 2,
      batchSize: 4,
      callbacks: [stepTakes(90), { onFitStart }],
    });
    expect(onFitStart.mock.calls[0]![0]).toEqual({
      epochs: Number.POSITIVE_INFINITY,
      minutes: 2,
      batchSize: 4,
      stepsPerEpoch: 2,
    });
    simclr.dispose();
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '5'])('refuses %s', async (minutes) => {
    const simclr = tinySimCLR({ optimizer: new SGD({ learningRate: 0.1, momentum: 0 }) });
    const error = await rejection(simclr.fit(tinyPictures(8), { minutes: minutes as number }));
    expect(error.message).toContain('minutes must be a finite number > 0');
    expect(simclr.progress.step).toBe(0);
    simclr.dispose();
  });

  it('refuses a plan in epochs without epochs, and a share of nobody knows what', async () => {
    const schedule = { name: 'warmupCosine', warmupEpochs: 1 } as const;
    const inEpochs = tinySimCLR({ optimizer: { name: 'sgd', learningRate: { base: 0.1, schedule } } });
    const error = await rejection(inEpochs.fit(tinyPictures(8), { minutes: 1, batchSize: 4 }));
    expect(error.message).toContain('epochs must be given for a learning rate that is planned in epochs');
    const endless = tinySimCLR({
      optimizer: new AdamW({ learningRate: warmupCosineByShare({ peak: 0.1 }) }),
    });
    async function* batches() {
      yield tinyPictures(4);
    }
    expect((await rejection(endless.fit(batches))).message).toContain('minutes must be given');
    inEpochs.dispose();
    endless.dispose();
  });
});
