import { type Callback, checkpoint, SGD, SimCLR } from 'simclr-ts';
import { expect } from 'vitest';
import { BackendLostError } from '../../src/errors/index.js';
import { expectClose } from '../helpers/close.js';
import { leastPictures, leastSimCLR } from './least.js';
import { memoryStore, rejection, tinyPictures, tinySimCLR } from './tiny.js';

const trainer = () => tinySimCLR({ optimizer: new SGD({ learningRate: 0.05, momentum: 0.9 }) });

/** How a graphics device is lost, and got again. */
export interface Loss {
  /** The step in whose callbacks it goes. */
  lostAt: number;
  lose(): void;
  /** Starts the backend again. */
  restart(): Promise<void>;
  /** How much the losses of the steps after it may differ from those of a run that nothing happened to. */
  relative: number;
}

/**
 * Asserts that training ends when the device is lost, and continues from the checkpoint on a new one as if nothing had been.
 *
 * @returns The error that training ended with.
 */
export async function expectToGoOn({ lostAt, lose, restart, relative }: Loss): Promise<Error> {
  const options = { batchSize: 2, epochs: 2 };
  const whole = trainer();
  const expected = await whole.fit(tinyPictures(8), options);
  whole.dispose();
  const store = memoryStore();
  const lost = trainer();
  const losing: Callback = {
    onStepEnd({ step }) {
      if (step === lostAt) lose();
    },
  };
  const callbacks = [checkpoint(store, { everySteps: 1 }), losing];
  const error = await rejection(lost.fit(tinyPictures(8), { ...options, callbacks }));
  expect(error).toBeInstanceOf(BackendLostError);

  await restart();
  lost.dispose();
  const loaded = await SimCLR.load(store);
  const { step } = loaded.progress;
  expect(step).toBeLessThan(8);
  const { steps, outcome } = await loaded.fit(tinyPictures(8), { ...options, resume: true });
  expect(outcome).toBe('completed');
  expectClose(
    steps.map(({ loss }) => loss),
    expected.steps.slice(step).map(({ loss }) => loss),
    { relative },
  );
  loaded.dispose();
  return error;
}

/** What `look` sees after each of 20 epochs of ten steps. */
export async function overTwoHundredSteps<T>(look: () => T): Promise<T[]> {
  const simclr = leastSimCLR();
  const seen: T[] = [];
  const { steps } = await simclr.fit(leastPictures(20), {
    batchSize: 2,
    epochs: 20,
    callbacks: [{ onEpochEnd: () => void seen.push(look()) }],
  });
  expect([steps.length, seen.length]).toEqual([200, 20]);
  simclr.dispose();
  return seen;
}
