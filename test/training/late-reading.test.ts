// A backend that tells values late, played by the one that the tests run on.
import { getBackend, registerKernel, unregisterKernel } from '@tensorflow/tfjs-core';
import { checkpoint, SGD } from 'simclr-ts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { lateReading } from '../../src/tensors/late-reading.js';
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
  unregisterKernel(lateReading, getBackend());
  const reference = tinySimCLR({ optimizer: optimizer() });
  const strict = await reference.fit(tinyPictures(8), options);
  registerKernel({ kernelName: lateReading, backendName: getBackend(), kernelFunc: () => [] });
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
