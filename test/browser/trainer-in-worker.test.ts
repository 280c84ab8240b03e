/** A trainer in a worker of the browser; test/worker is the same in Node. */
import { createTrainer, type RemoteTrainer } from 'simclr-ts/worker';
import { describe, expect, it } from 'vitest';
import { WorkerError } from '../../src/errors/index.js';
import { tinyPictures } from '../training/tiny.js';
import { tinyOptions } from '../worker/tiny-options.js';

const start = () => new Worker('trainer-worker.js', { type: 'module' });
const pictures = tinyPictures(8);
const ended = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => error,
  );

describe('a worker', () => {
  it('trains on threads, tells of each step, moves pictures, and keeps no tensor', async () => {
    const worker = start();
    const trainer = await createTrainer(worker, tinyOptions);
    expect(trainer.backend).toBe('wasm');
    expect(await trainer.call('threads')).toBe(crossOriginIsolated ? 2 : 1);
    const steps: number[] = [];
    const history = await trainer.fit(pictures, {
      epochs: 2,
      batchSize: 4,
      onProgress: ({ step }) => steps.push(step.step),
    });
    expect(history.outcome).toBe('completed');
    expect(steps).toEqual([0, 1, 2, 3]);
    const moved = { ...pictures, data: pictures.data.slice() };
    expect((await trainer.embed(moved, { transfer: true })).shape).toEqual([8, 16]);
    expect(moved.data.length).toBe(0);
    const shared = new Float32Array(new SharedArrayBuffer(4 * pictures.data.length));
    shared.set(pictures.data);
    expect(await trainer.embed({ ...pictures, data: shared })).toEqual(await trainer.embed(pictures));
    await trainer.dispose();
    const next = await createTrainer(worker, tinyOptions);
    const own = await next.call('tensors');
    await next.dispose();
    const last = await createTrainer(worker, tinyOptions);
    expect(await last.call('tensors')).toBe(own);
    await last.dispose();
    worker.terminate();
  });

  it('is aborted by a signal', async () => {
    const trainer = await createTrainer(start, tinyOptions);
    const stop = new AbortController();
    const onProgress = () => stop.abort();
    const options = { epochs: 10_000, batchSize: 4, onProgress, signal: stop.signal };
    expect((await trainer.fit(pictures, options)).outcome).toBe('aborted');
    await trainer.dispose();
  });

  it.each([
    ['is terminated', (_: RemoteTrainer, worker: Worker) => worker.terminate()],
    ['closes itself', (trainer: RemoteTrainer) => void ended(trainer.call('close'))],
  ])('that %s rejects the calls that wait', async (_, end) => {
    const worker = start();
    const trainer = await createTrainer(worker, tinyOptions);
    let steps = 0;
    const running = ended(trainer.fit(pictures, { epochs: 1e5, batchSize: 4, onProgress: () => steps++ }));
    while (steps === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    end(trainer, worker);
    for (const error of [await running, await ended(trainer.summary())]) {
      expect(error).toBeInstanceOf(WorkerError);
      expect(String(error)).toMatch(/the worker must live as long as its trainer/);
    }
    await trainer.dispose();
  });

  it('whose file is not there rejects at once', async () => {
    const missing = () => new Worker('no-such-worker.js', { type: 'module' });
    const error = await ended(createTrainer(missing, tinyOptions));
    expect(error).toBeInstanceOf(WorkerError);
    expect(String(error)).toMatch(/one that could not start/);
  });
});
