/** The worker's side in a thread of Node, with a TensorFlow.js of its own. */
import { Worker } from 'node:worker_threads';
import { memory } from '@tensorflow/tfjs-core';
import { WorkerError } from 'simclr-ts';
import { createTrainer, type RemoteTrainer } from 'simclr-ts/worker';
import { afterEach, describe, expect, it } from 'vitest';
import { bundled } from '../distributed/start-ranks.js';
import { tinyPictures } from '../training/tiny.js';
import { tinyOptions } from './tiny-options.js';

const program = bundled('../worker/worker-program.ts');
let workers: Worker[] = [];
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.terminate()));
  workers = [];
});

function start(problem?: string): Worker {
  const worker = new Worker(program(), { workerData: problem });
  workers.push(worker);
  return worker;
}

const pictures = tinyPictures(8);
const ended = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.fail('no error'),
    (error: unknown) => error,
  );

/** A call that waits while the worker ends. */
async function waiting(end: (trainer: RemoteTrainer, worker: Worker) => unknown): Promise<unknown[]> {
  const worker = start();
  const trainer = await createTrainer(worker, tinyOptions);
  let steps = 0;
  const running = ended(trainer.fit(pictures, { epochs: 1e5, batchSize: 4, onProgress: () => steps++ }));
  while (steps === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  void end(trainer, worker);
  const errors = [await running, await ended(trainer.embed(pictures))];
  await trainer.dispose();
  return errors;
}

describe('a thread', () => {
  it('trains on wasm, keeps no tensor after dispose, and stays where the caller made it', async () => {
    const before = memory().numTensors;
    const worker = start();
    const first = await createTrainer(worker, tinyOptions);
    expect(first.backend).toBe('wasm');
    const { outcome, steps } = await first.fit(pictures, { epochs: 3, batchSize: 4 });
    expect({ outcome, steps: steps.length }).toEqual({ outcome: 'completed', steps: 6 });
    const { data, shape } = await first.embed(pictures);
    expect([data.length, ...shape]).toEqual([8 * 16, 8, 16]);
    await first.dispose();
    const second = await createTrainer(worker, tinyOptions);
    const own = await second.call<number>('tensors');
    await second.fit(pictures, { epochs: 1, batchSize: 4 });
    await second.dispose();
    const third = await createTrainer(worker, tinyOptions);
    expect(await third.call<number>('tensors')).toBe(own);
    await third.dispose();
    expect(memory().numTensors).toBe(before);
  });

  it('is ended by dispose where createTrainer made it', async () => {
    let worker: Worker | undefined;
    const make = () => {
      worker = start();
      return worker;
    };
    const trainer = await createTrainer(make, tinyOptions);
    const exit = new Promise((resolve) => worker!.on('exit', resolve));
    await trainer.dispose();
    await exit;
  });

  it('whose backend hangs is replaced by one with fewer threads', async () => {
    const reasons: string[] = [];
    const options = { ...tinyOptions, startSeconds: 5, onRestart: (reason: string) => reasons.push(reason) };
    const trainer = await createTrainer(() => start('hangs with threads'), options);
    expect(reasons.at(-1)).toMatch(/threads=1/);
    expect((await trainer.fit(pictures, { epochs: 1, batchSize: 4 })).outcome).toBe('completed');
    await trainer.dispose();
  });
});

describe('a thread that ends', () => {
  it.each<[string, (trainer: RemoteTrainer, worker: Worker) => unknown, RegExp]>([
    ['terminated', (_, worker) => worker.terminate(), /Received: one that ended\./],
    ['by itself', (trainer) => trainer.call('exit').catch(() => {}), /Received: one that ended\./],
    ['by an error', (trainer) => trainer.call('throwLater').catch(() => {}), /ended \(thrown later\)\./],
  ])('%s rejects the calls that wait, and later ones', async (_, end, message) => {
    const [running, later] = (await waiting(end)) as [Error, Error];
    for (const error of [running, later]) expect(error).toBeInstanceOf(WorkerError);
    expect(running.message).toMatch(/^RemoteTrainer.fit: the worker must live as long as its trainer/);
    expect(running.message).toMatch(message);
    expect(later.message).toMatch(/^RemoteTrainer.embed: /);
  });

  it.each([
    ['throws at once', /createTrainer: .*one that could not start \(no such file\)/],
    ['ends at once', /createTrainer: .*one that ended/],
  ])('%s rejects createTrainer', async (problem, message) => {
    const error = (await ended(createTrainer(start(problem), tinyOptions))) as Error;
    expect(error).toBeInstanceOf(WorkerError);
    expect(error.message).toMatch(message);
  });
});
