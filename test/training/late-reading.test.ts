// A backend that tells values late, played by the one that the tests run on.
import { getBackend, registerKernel, unregisterKernel } from '@tensorflow/tfjs-core';
import { type Callback, checkpoint, SGD, SimCLR } from 'simclr-ts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { lateReading } from '../../src/backend/late-reading.js';
import { expectTensors } from '../helpers/leaks.js';
import { memoryStore, rejection, tinyPictures, tinySimCLR, weightValues } from './tiny.js';

const optimizer = () => new SGD({ learningRate: 0.05, momentum: 0 });
const options = { batchSize: 2, epochs: 2 };

beforeEach(() => {
  registerKernel({ kernelName: lateReading, backendName: getBackend(), kernelFunc: () => [] });
});
afterEach(() => {
  unregisterKernel(lateReading, getBackend());
});

/** What `body` gives where values come at once. */
async function atOnce<T>(body: () => Promise<T>): Promise<T> {
  unregisterKernel(lateReading, getBackend());
  const result = await body();
  registerKernel({ kernelName: lateReading, backendName: getBackend(), kernelFunc: () => [] });
  return result;
}

it('takes the same steps and tells them all, each once the next one is under way', async () => {
  const simclr = tinySimCLR({ optimizer: optimizer() });
  const seen: [told: number, done: number, batch: boolean][] = [];
  const late = await expectTensors(0, () =>
    simclr.fit(tinyPictures(8), {
      ...options,
      callbacks: [
        {
          onStepEnd: ({ step }, context) =>
            void seen.push([step, simclr.progress.step, context.batch !== undefined]),
        },
      ],
    }),
  );
  expect(seen).toEqual([
    [0, 2, true],
    [1, 3, true],
    [2, 4, true],
    [3, 4, true], // the end of an epoch waits
    [4, 6, true],
    [5, 7, true],
    [6, 8, true],
    [7, 8, true],
  ]);
  const reference = tinySimCLR({ optimizer: optimizer() });
  const strict = await atOnce(() => reference.fit(tinyPictures(8), options));
  expect(late.steps.map(({ loss, epoch }) => [loss, epoch])).toEqual(
    strict.steps.map(({ loss, epoch }) => [loss, epoch]),
  );
  expect(late.epochs.map(({ loss }) => loss)).toEqual(strict.epochs.map(({ loss }) => loss));
  expect(weightValues(simclr)).toEqual(weightValues(reference));
  simclr.dispose();
  reference.dispose();
});

it('stops at most one step after a loss that is not finite, and saves nothing of it', async () => {
  const simclr = tinySimCLR({ optimizer: new SGD({ learningRate: 1e38, momentum: 0 }) });
  const store = memoryStore();
  await expectTensors(0, async () => {
    const error = await rejection(
      simclr.fit(tinyPictures(8), { ...options, callbacks: [checkpoint(store, { everySteps: 1 })] }),
    );
    expect(error).toMatchObject({ name: 'NonFiniteLossError', late: true });
    expect(error.message).toContain('after the weights were changed');
    const { step } = error as unknown as { step: number };
    expect(simclr.progress.step - step).toBeLessThanOrEqual(2);
  });
  expect(store.saves).toBe(1); // at the start
  simclr.dispose();
});

it('saves a trainer whose last step was not finite neither in fit nor after it', async () => {
  const simclr = tinySimCLR({ optimizer: new SGD({ learningRate: 1e38, momentum: 0 }) });
  const store = memoryStore();
  const saves: Promise<Error>[] = [];
  const callback: Callback = { onStepEnd: () => void saves.push(rejection(simclr.save(store))) };
  await rejection(simclr.fit(tinyPictures(8), { ...options, callbacks: [callback] }));
  const errors = await Promise.all([...saves, rejection(simclr.save(store))]);
  expect(errors.length).toBeGreaterThan(1);
  for (const error of errors) expect(error.name).toMatch(/NonFiniteLossError|CheckpointError/);
  expect(store.saves).toBe(0);
  simclr.dispose();
});

it.each([undefined, 2])(
  'a checkpoint within an epoch is of one moment: micro-batches of %s',
  async (micro) => {
    const all = { batchSize: 4, epochs: 2, ...(micro === undefined ? {} : { microBatchSize: micro }) };
    const momentum = () => new SGD({ learningRate: 0.05, momentum: 0.9 });
    const whole = tinySimCLR({ optimizer: momentum() });
    await whole.fit(tinyPictures(16), all);
    const store = memoryStore();
    const cut = tinySimCLR({ optimizer: momentum() });
    const stop: Callback = {
      async onStepEnd({ step }) {
        if (step === 1) await cut.save(store);
        if (step === 2) throw new Error('killed');
      },
    };
    expect((await rejection(cut.fit(tinyPictures(16), { ...all, callbacks: [stop] }))).message).toBe(
      'killed',
    );
    const loaded = await SimCLR.load(store);
    expect(loaded.progress).toMatchObject({ step: 3, epoch: 0, batch: 3 });
    await loaded.fit(tinyPictures(16), { ...all, resume: true });
    expect(weightValues(loaded)).toEqual(weightValues(whole));
    for (const simclr of [whole, cut, loaded]) simclr.dispose();
  },
);

it('a stop takes effect one step later, a number of steps at once', async () => {
  const simclr = tinySimCLR({ optimizer: optimizer() });
  const told: number[] = [];
  const stop: Callback = {
    onStepEnd({ step }, context) {
      told.push(step);
      if (step === 1) context.stop('enough');
    },
  };
  await expectTensors(0, async () => {
    const stopped = await simclr.fit(tinyPictures(8), { ...options, callbacks: [stop] });
    expect([stopped.outcome, simclr.progress.step]).toEqual(['stopped', 3]);
    expect(told).toEqual([0, 1, 2]);
    const { steps } = await simclr.fit(tinyPictures(8), { ...options, maxSteps: 3 });
    expect(steps.map(({ step }) => step)).toEqual([3, 4, 5]);
  });
  simclr.dispose();
});

it('tells of the step before when the next one cannot be made', async () => {
  const simclr = tinySimCLR({ optimizer: optimizer() });
  const told: number[] = [];
  const { data, shape } = tinyPictures(2);
  async function* pictures() {
    yield { data, shape };
    throw new Error('the disk is gone');
  }
  const callback: Callback = { onStepEnd: ({ step }) => void told.push(step) };
  await expectTensors(0, async () => {
    const error = await rejection(simclr.fit(pictures(), { callbacks: [callback] }));
    expect([error.message, told]).toEqual(['the disk is gone', [0]]);
  });
  simclr.dispose();
});

it('waits for each loss where a step may be left out', async () => {
  const make = () => tinySimCLR({ optimizer: new SGD({ learningRate: 1e38, momentum: 0 }) });
  const run = async (simclr: SimCLR) => {
    const skipped: number[] = [];
    const onStepSkipped: Callback['onStepSkipped'] = ({ batch }) => void skipped.push(batch);
    const error = await rejection(
      simclr.fit(tinyPictures(16), {
        ...options,
        onNonFinite: { skip: 2 },
        callbacks: [{ onStepSkipped }],
      }),
    );
    return { skipped, error, weights: weightValues(simclr) };
  };
  const [late, strict] = [make(), make()];
  const found = await run(late);
  expect(found.skipped).toHaveLength(2);
  expect(found.error).toMatchObject({ name: 'NonFiniteLossError', late: false });
  expect(found).toEqual(await atOnce(() => run(strict)));
  late.dispose();
  strict.dispose();
});

it('a single step waits for its loss', async () => {
  const simclr = tinySimCLR({ optimizer: optimizer() });
  const before = weightValues(simclr);
  const apply = vi.spyOn(simclr.optimizer, 'applyGradients');
  const pictures = { ...tinyPictures(8), data: tinyPictures(8).data };
  await expectTensors(0, () => simclr.trainStep(pictures));
  expect(apply).toHaveBeenCalledOnce();
  expect(weightValues(simclr)).not.toEqual(before);
  simclr.dispose();
});
