// A graphics backend whose device is lost, played by plain JavaScript: reads never come, as on WebGL, or fail.
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import {
  backend,
  copyRegisteredKernels,
  env,
  getBackend,
  type KernelBackend,
  registerBackend,
  removeBackend,
  scalar,
  setBackend,
} from '@tensorflow/tfjs-core';
import { type Callback, checkpoint, SGD, SimCLR } from 'simclr-ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BackendError, BackendLostError } from '../../src/errors/index.js';
import { expectClose } from '../helpers/close.js';
import { memoryStore, rejection, tinyPictures, tinySimCLR } from './tiny.js';

const name = 'graphics';
const active = getBackend();
const trainer = () => tinySimCLR({ optimizer: new SGD({ learningRate: 0.05, momentum: 0.9 }) });
const options = { batchSize: 2, epochs: 2 };
const forEver = new Promise<never>(() => {});

/** What becomes of reads once the device is lost. */
let read: () => Promise<never>;
let lose: (info: { reason: string; message: string }) => void;

class Graphics extends MathBackendCPU {
  readonly device: { lost: Promise<unknown> };
  private gone = false;

  constructor() {
    super();
    this.device = {
      lost: new Promise((resolve) => {
        lose = (info) => {
          this.gone = true;
          resolve(info);
        };
      }),
    };
  }

  override async read(dataId: object) {
    return this.gone ? read() : super.read(dataId);
  }
}

const destroyed = { reason: 'destroyed', message: 'somebody pulled the plug' };

/** What a user does to continue. */
async function startAnew(): Promise<void> {
  removeBackend(name);
  registerBackend(name, () => new Graphics() as unknown as KernelBackend);
  await setBackend(name);
  env().set('IS_TEST', true); // no advice to take another backend than this one
  scalar(0).dispose();
  env().set('IS_TEST', false);
}

beforeAll(() => {
  copyRegisteredKernels('cpu', name);
  registerBackend(name, () => new Graphics() as unknown as KernelBackend);
});
beforeEach(async () => {
  read = () => forEver;
  await startAnew();
});
afterAll(async () => {
  await setBackend(active);
});

async function values(simclr: SimCLR): Promise<Float32Array> {
  const weights = [...simclr.encoder.getWeights(), ...simclr.projectionHead.getWeights()];
  const parts = await Promise.all(weights.map((weight) => weight.data()));
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

const loseAt =
  (lostAt: number): NonNullable<Callback['onStepEnd']> =>
  ({ step }) => {
    if (step === lostAt) lose(destroyed);
  };

describe('a device that is lost in training', () => {
  it.each([
    ['reads never come', () => forEver],
    ['reads fail', () => Promise.reject(new Error('mapAsync: the device is lost'))],
  ])('ends it with one sentence, and the last checkpoint continues: %s', async (_, afterwards) => {
    const whole = trainer();
    await whole.fit(tinyPictures(8), options);
    const expected = await values(whole);
    whole.dispose();

    read = afterwards;
    const store = memoryStore();
    const ends: string[] = [];
    const simclr = trainer();
    const error = await rejection(
      simclr.fit(tinyPictures(8), {
        ...options,
        callbacks: [
          checkpoint(store, { everySteps: 2 }),
          { onStepEnd: loseAt(4), onFitEnd: (outcome) => void ends.push(outcome) },
        ],
      }),
    );
    expect(error).toBeInstanceOf(BackendLostError);
    expect(error).toBeInstanceOf(BackendError);
    expect(error).toMatchObject({ name: 'BackendLostError' });
    expect(error.message).toBe(
      "SimCLR.fit: the graphics device of the backend 'graphics' must be there. Received: it was lost at step 5 (destroyed: somebody pulled the plug), with the weights and all other tensors on it. Start the backend again, load the last checkpoint and continue with fit(..., { epochs, resume: true }).",
    );
    expect(ends).toEqual(['failed']);

    await startAnew();
    simclr.dispose();
    const loaded = await SimCLR.load(store);
    expect(loaded.progress.step).toBe(4);
    const { outcome } = await loaded.fit(tinyPictures(8), { ...options, resume: true });
    expect(outcome).toBe('completed');
    expectClose(await values(loaded), expected, { relative: 1e-6 });
    loaded.dispose();
  });

  it('is known before anything is read, and asked of nothing', async () => {
    const simclr = trainer();
    lose(destroyed);
    await forTurn();
    expect((await rejection(simclr.fit(tinyPictures(8), options))).name).toBe('BackendLostError');
    expect((await rejection(simclr.trainStep(tinyPictures(2)))).name).toBe('BackendLostError');
    expect((await rejection(simclr.embed(tinyPictures(2)))).name).toBe('BackendLostError');
    simclr.dispose();
  });

  it('ends a callback that waits for a value', async () => {
    const simclr = trainer();
    const callback: Callback = {
      async onEpochEnd() {
        lose(destroyed);
        await simclr.embed(tinyPictures(2));
      },
    };
    const error = await rejection(simclr.fit(tinyPictures(8), { ...options, callbacks: [callback] }));
    expect(error.name).toBe('BackendLostError');
    simclr.dispose();
  });

  it('keeps save from replacing what is good', async () => {
    const simclr = trainer();
    const store = memoryStore();
    const saving = rejection(simclr.save(store));
    lose(destroyed);
    const { name: error, message } = await saving;
    expect([error, store.saves]).toEqual(['BackendLostError', 0]);
    expect(message).toContain('SimCLR.save: ');
    simclr.dispose();
  });

  it('is not blamed for other errors', async () => {
    const simclr = trainer();
    const callback: Callback = {
      onStepEnd() {
        throw new Error('of the user');
      },
    };
    const error = await rejection(simclr.fit(tinyPictures(8), { ...options, callbacks: [callback] }));
    expect(error.message).toBe('of the user');
    simclr.dispose();
  });

  it('WebGL says so by an event or when asked', async () => {
    const canvas = new EventTarget();
    let lost = false;
    Object.assign(backend(), { device: undefined, gpgpu: { gl: { canvas, isContextLost: () => lost } } });
    const simclr = trainer();
    const event: Callback = {
      onEpochEnd() {
        canvas.dispatchEvent(new Event('webglcontextlost'));
        return forEver;
      },
    };
    const error = await rejection(simclr.fit(tinyPictures(8), { ...options, callbacks: [event] }));
    expect(error.message).toMatch(/^SimCLR.fit: .*\(webglcontextlost\)/);
    simclr.dispose();

    await startAnew();
    Object.assign(backend(), { device: undefined, gpgpu: { gl: { canvas, isContextLost: () => lost } } });
    const other = trainer();
    await other.trainStep(tinyPictures(2));
    lost = true; // and the event is still to come
    expect((await rejection(other.trainStep(tinyPictures(2)))).name).toBe('BackendLostError');
    other.dispose();
  });
});

/** Lets what is promised happen. */
function forTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
