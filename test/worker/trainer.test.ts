/** Both sides in one thread, with a channel between them, so that tensors can be counted. */
import { getBackend, io, memory, scalar } from '@tensorflow/tfjs-core';
import {
  BackendError,
  CheckpointError,
  DataError,
  InvalidOptionError,
  NonFiniteLossError,
  type ProgressReport,
  ShapeError,
  SimCLR,
  SimCLRError,
  WorkerError,
} from 'simclr-ts';
import { createTrainer, loadTrainer, type ServeTrainerOptions, serveTrainer } from 'simclr-ts/worker';
import { afterEach, describe, expect, it } from 'vitest';
import { expectTensors } from '../helpers/leaks.js';
import { memoryStore, tinyEncoder, tinyPictures } from '../training/tiny.js';
import { tinyOptions } from './tiny-options.js';

let ports: MessagePort[] = [];
afterEach(() => {
  for (const port of ports) port.close();
  ports = [];
});

/** A served port, as a worker would be. */
function served(options: Partial<ServeTrainerOptions> = {}): MessagePort {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  serveTrainer({ backend: () => true, port: port2, ...options });
  return port1;
}
const tiny = (options: Partial<ServeTrainerOptions> = {}) => createTrainer(served(options), tinyOptions);
const pictures = tinyPictures(8);
const fitted = { epochs: 2, batchSize: 4 };
const rejection = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: unknown) => error,
  );

describe('a trainer in a worker', () => {
  it('gives the numbers of one that is not, and leaves no tensor', async () => {
    await expectTensors(0, async () => {
      const simclr = new SimCLR(tinyOptions as never);
      const expected = await simclr.fit(pictures, fitted);
      const h = await simclr.embed(pictures);
      const z = await simclr.project(pictures);
      const trainer = await tiny();
      expect(trainer).toMatchObject({ backend: getBackend(), inputSize: [8, 8] });
      const history = await trainer.fit(pictures, fitted);
      expect(history.outcome).toBe('completed');
      expect(history.steps.map(({ loss }) => loss)).toEqual(expected.steps.map(({ loss }) => loss));
      expect(await trainer.embed(pictures)).toEqual({ data: await h.data(), shape: h.shape });
      expect(await trainer.project(pictures, { batchSize: 3 })).toMatchObject({ shape: z.shape });
      expect((await trainer.project(pictures)).data).toEqual(await z.data());
      expect(await trainer.progress()).toMatchObject({ step: 4, epoch: 2 });
      expect(await trainer.summary()).toBe(simclr.summary());
      await trainer.dispose();
      for (const part of [h, z]) part.dispose();
      simclr.dispose();
    });
  });

  it('tells of every step and epoch, all before fit resolves', async () => {
    const trainer = await tiny({
      callbacks: [{ onEpochEnd: ({ metrics }) => void Object.assign(metrics, { mine: 7 }) }],
    });
    const reports: ProgressReport[] = [];
    const epochs: number[] = [];
    const done: unknown[] = [];
    const history = await trainer.fit(pictures, {
      ...fitted,
      onProgress: (report) => reports.push(report),
      onEpochEnd: ({ metrics }) => epochs.push(metrics.mine!),
    });
    expect(reports.map(({ fraction }) => fraction)).toEqual([0.25, 0.5, 0.75, 1]);
    expect(reports.map(({ step }) => step)).toEqual(history.steps);
    expect(epochs).toEqual([7, 7]);
    await trainer.embed(pictures, { batchSize: 4, onProgress: (...args) => done.push(args) });
    expect(done).toEqual([
      [4, 8],
      [8, 8],
    ]);
    await trainer.dispose();
  });

  it('ends with the error that a function of the page throws', async () => {
    const trainer = await tiny();
    const mine = new RangeError('mine');
    const onProgress = () => {
      throw mine;
    };
    expect(await rejection(trainer.fit(pictures, { epochs: 50, batchSize: 4, onProgress }))).toBe(mine);
    expect((await trainer.progress()).step).toBeLessThan(20);
    expect(await rejection(trainer.embed(pictures, { onProgress }))).toBe(mine);
    expect((await trainer.fit(pictures, fitted)).outcome).toBe('completed');
    await trainer.dispose();
  });

  it('is aborted by a signal, before and meanwhile', async () => {
    const trainer = await tiny();
    const stop = new AbortController();
    const onProgress = () => stop.abort();
    const options = { epochs: 500, batchSize: 4, onProgress, signal: stop.signal };
    const history = await trainer.fit(pictures, options);
    expect(history.outcome).toBe('aborted');
    expect(history.steps.length).toBeLessThan(100);
    const simclr = new SimCLR(tinyOptions as never);
    const local = await simclr.fit(pictures, { ...fitted, signal: stop.signal });
    const { outcome, steps } = await trainer.fit(pictures, { ...fitted, signal: stop.signal });
    expect({ outcome, steps: steps.length }).toEqual({ outcome: local.outcome, steps: local.steps.length });
    simclr.dispose();
    await trainer.dispose();
  });

  it('calls functions of the worker', async () => {
    const trainer = await tiny({
      methods: {
        square: (_, x: number) => x * x,
        step: (simclr) => simclr.progress.step,
        tensor: () => scalar(1),
        fail: () => {
          throw new DataError('torn', 'a.png', { cause: new TypeError('inner') });
        },
        endless: () => {
          throw new NonFiniteLossError(3, Number.NaN);
        },
      },
    });
    expect(await trainer.call<number>('square', 7)).toBe(49);
    expect(await trainer.call('step')).toBe(0);
    const torn = (await rejection(trainer.call('fail'))) as DataError;
    expect(torn).toBeInstanceOf(DataError);
    expect(torn).toMatchObject({ name: 'DataError', message: 'torn', path: 'a.png' });
    expect(torn.cause).toMatchObject({ name: 'TypeError', message: 'inner' });
    expect(String(torn.stack)).toContain('trainer.test');
    expect(structuredClone(torn)).toBeInstanceOf(Error);
    const endless = await rejection(trainer.call('endless'));
    expect(endless).toBeInstanceOf(NonFiniteLossError);
    expect(endless).toMatchObject({ step: 3, loss: Number.NaN, late: false });
    await expect(trainer.call('squares', 7)).rejects.toThrow(
      /RemoteTrainer.call: name must be one of the worker's methods \(square, .*Received: name="squares"/,
    );
    await expect(trainer.call('toString')).rejects.toThrow(InvalidOptionError);
    const { numTensors } = memory();
    await expect(trainer.call('tensor')).rejects.toThrow(/the result of tensor must be plain data.*Tensor/);
    expect(memory().numTensors).toBe(numTensors + 1); // the method's own
    await expect(trainer.call('square', () => 7)).rejects.toThrow(/args\[0\] must be plain data/);
    await trainer.dispose();
  });

  it('saves to a handler of the page, and loads from it', async () => {
    await expectTensors(0, async () => {
      const trainer = await tiny();
      await trainer.fit(pictures, fitted);
      const store = memoryStore();
      await trainer.save(store);
      const expected = await trainer.embed(pictures);
      await trainer.dispose();
      const loaded = await loadTrainer(served(), store);
      expect(await loaded.embed(pictures)).toEqual(expected);
      expect(await loaded.progress()).toMatchObject({ step: 4, epoch: 2 });
      const { steps } = await loaded.fit(pictures, { epochs: 3, batchSize: 4, resume: true });
      expect(steps.map(({ step }) => step)).toEqual([4, 5]);
      await loaded.dispose();
      const local = await SimCLR.load(store);
      expect(local.progress.step).toBe(4);
      local.dispose();
    });
  });

  it('saves and loads in the worker where it is given a URL', async () => {
    const store = memoryStore();
    const [saver, loader] = [(url: unknown) => (url === 'mine://a' ? store : null)].flatMap((f) => [f, f]);
    io.registerSaveRouter(saver as never);
    io.registerLoadRouter(loader as never);
    const trainer = await tiny();
    expect(await trainer.save('mine://a')).toHaveProperty('modelArtifactsInfo');
    await trainer.dispose();
    const loaded = await loadTrainer(served(), 'mine://a', { temperature: 0.1 });
    expect(await loaded.summary()).toContain('temperature 0.1');
    await loaded.dispose();
    await expect(loadTrainer(served(), 'nothing://a')).rejects.toThrow(CheckpointError);
  });

  it('has parts that the worker makes', async () => {
    await expectTensors(0, async () => {
      const parts: ServeTrainerOptions['parts'] = (given) => ({ ...given, encoder: tinyEncoder() });
      const trainer = await createTrainer(served({ parts }), { temperature: 0.2 });
      expect(await trainer.summary()).toContain('[8, 8, 3] -> [8]');
      expect(await trainer.summary()).toContain('temperature 0.2');
      await trainer.dispose();
    });
  });

  it('shares a worker with others', async () => {
    const port = served();
    const [one, two] = await Promise.all([
      createTrainer(port, tinyOptions),
      createTrainer(port, { ...tinyOptions, seed: 2 }),
    ]);
    expect(await one.embed(pictures)).not.toEqual(await two.embed(pictures));
    await one.dispose();
    expect((await two.embed(pictures)).shape[0]).toBe(8);
    await two.dispose();
  });
});

describe('pictures on the way', () => {
  it('are copied, unless they may be moved or lie on shared memory', async () => {
    const trainer = await tiny();
    const expected = await trainer.embed(pictures);
    expect(pictures.data.length).toBe(8 * 192);
    const moved = { ...pictures, data: pictures.data.slice() };
    expect(await trainer.embed(moved, { transfer: true })).toEqual(expected);
    expect(moved.data.length).toBe(0);
    const large = new Float32Array(10 * 192);
    large.set(pictures.data, 192);
    const part = { ...pictures, data: large.subarray(192, 9 * 192) };
    expect(await trainer.embed(part, { transfer: true })).toEqual(expected);
    expect(large.length).toBe(10 * 192);
    const shared = new Float32Array(new SharedArrayBuffer(4 * pictures.data.length));
    shared.set(pictures.data);
    expect(await trainer.embed({ ...pictures, data: shared })).toEqual(expected);
    expect((await trainer.fit({ ...pictures, data: shared }, fitted)).outcome).toBe('completed');
    const bytes = Uint8Array.from(pictures.data, (value) => Math.round(255 * value));
    const ofBytes = await trainer.embed({ ...pictures, data: bytes });
    expect(await trainer.embed({ ...pictures, data: Buffer.from(bytes) })).toEqual(ofBytes);
    await trainer.dispose();
  });

  it('are typed arrays with a shape', async () => {
    const trainer = await tiny();
    const tensor = scalar(1);
    for (const wrong of [
      tensor,
      undefined,
      [pictures],
      { data: [1], shape: [1, 1, 1, 1] },
      { data: pictures.data },
    ]) {
      for (const call of [trainer.fit(wrong as never), trainer.embed(wrong as never)]) {
        const error = (await rejection(call)) as Error;
        expect(error).toBeInstanceOf(ShapeError);
        expect(error.message).toMatch(/images must be \{ data, shape \}/);
      }
    }
    tensor.dispose();
    const wide = { data: new Float32Array(2 * 9 * 8 * 3), shape: [2, 9, 8, 3] };
    await expect(trainer.embed(wide)).rejects.toThrow(/encoder's input shape \[N, 8,8,3\]/);
    await trainer.dispose();
  });
});

describe('wrong options', () => {
  it('are refused by name, here or in the worker', async () => {
    const trainer = await tiny();
    const refused = async (promise: Promise<unknown>, message: RegExp) => {
      const error = (await rejection(promise)) as Error;
      expect(error).toBeInstanceOf(InvalidOptionError);
      expect(error.message).toMatch(message);
    };
    await refused(trainer.fit(pictures, { callbacks: [] } as never), /Received: options.callbacks/);
    await refused(trainer.fit(pictures, { onProgress: 5 } as never), /onProgress must be a function/);
    await refused(trainer.fit(pictures, { transfer: 1 } as never), /transfer must be true or false/);
    await refused(trainer.fit(pictures, { batchSize: 1 }), /batchSize/);
    await refused(trainer.fit(pictures, { labels: () => 1 } as never), /labels must be plain data/);
    await refused(trainer.embed(pictures, { batchSize: 0 }), /SimCLR.embed: batchSize/);
    await trainer.dispose();
    const encoder = tinyEncoder();
    await refused(
      createTrainer(served(), { encoder } as never),
      /createTrainer: encoder must be plain data.*parts of serveTrainer.*Sequential/,
    );
    encoder.dispose();
    await refused(createTrainer(served(), { startSeconds: 0 }), /startSeconds must be a finite number > 0/);
    await refused(createTrainer(served(), { onRestart: 0 } as never), /onRestart must be a function/);
    await refused(createTrainer({} as never), /worker must be a worker, .*Received: worker=Object/);
    await refused(
      createTrainer(() => 5 as never),
      /worker must be a worker, .*Received: worker=5/,
    );
    const before = memory().numTensors;
    await refused(createTrainer(served(), { encoder: { name: 'resnet7' } } as never), /encoder.name/);
    expect(memory().numTensors).toBe(before);
  });

  it('of serveTrainer too', () => {
    const { port1: port, port2 } = new MessageChannel();
    ports.push(port, port2);
    expect(() => serveTrainer({ port } as never)).toThrow(/backend must be a function/);
    expect(() => serveTrainer({ backend: () => 1, port, parts: 5 } as never)).toThrow(/parts must be/);
    expect(() => serveTrainer({ backend: () => 1, port, methods: { a: 5 } } as never)).toThrow(/a must be/);
    expect(() => serveTrainer({ backend: () => 1, port, callbacks: [{ onStep: 1 }] } as never)).toThrow(
      /onStep/,
    );
    expect(() => serveTrainer({ backend: () => 1 })).toThrow(/must be called in a worker/);
  });
});

describe('a worker that does not do its part', () => {
  it('does not serve in time', async () => {
    const { port1, port2 } = new MessageChannel();
    ports.push(port1, port2);
    const error = await rejection(createTrainer(port1, { startSeconds: 0.05 }));
    expect(error).toBeInstanceOf(WorkerError);
    expect(String(error)).toMatch(/createTrainer: the worker's file must call serveTrainer.*0.05 s/);
  });

  it('has a backend that does not start', async () => {
    const hangs = { backend: () => new Promise(() => {}) };
    const late = await rejection(createTrainer(served(hangs), { startSeconds: 0.05 }));
    expect(late).toBeInstanceOf(WorkerError);
    expect(String(late)).toMatch(/backend must start within startSeconds. Received: none after 0.05 s/);
    const refuses = await rejection(tiny({ backend: () => false }));
    expect(refuses).toBeInstanceOf(BackendError);
    const fails = { backend: () => Promise.reject(new BackendError('no GPU')) };
    await expect(tiny(fails)).rejects.toThrow(new BackendError('no GPU'));
  });

  it('is made again, with fewer threads, where it can be', async () => {
    const threads: (number | undefined)[] = [];
    const reasons: string[] = [];
    const workers: (MessagePort & { ended?: boolean })[] = [];
    const backend: ServeTrainerOptions['backend'] = (start) => {
      threads.push(start.threads);
      return start.threads === 1 ? true : new Promise(() => {});
    };
    const make = () => {
      const port: (typeof workers)[number] & { terminate?(): void } = served({ backend });
      port.terminate = () => {
        port.ended = true;
        port.close();
      };
      workers.push(port);
      return port;
    };
    const options = { ...tinyOptions, startSeconds: 0.2, onRestart: (why: string) => reasons.push(why) };
    const trainer = await createTrainer(make, options);
    expect(threads[0]).toBeUndefined();
    expect(threads.at(-1)).toBe(1);
    expect(reasons).toHaveLength(threads.length - 1);
    expect(reasons.at(-1)).toMatch(/did not start within 0.2 s. A new worker tries it with threads=1/);
    expect(workers.map(({ ended }) => ended === true)).toEqual([...reasons.map(() => true), false]);
    await trainer.dispose();
    expect(workers.at(-1)!.ended).toBe(true);
  });
});

describe('dispose', () => {
  it('ends a fit that runs, and all later calls', async () => {
    await expectTensors(0, async () => {
      const trainer = await tiny();
      let steps = 0;
      const running = trainer.fit(pictures, { epochs: 1000, batchSize: 4, onProgress: () => steps++ });
      while (steps === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      await trainer.dispose();
      await trainer.dispose();
      expect((await running).outcome).toBe('aborted');
      const error = await rejection(trainer.embed(pictures));
      expect(error).toBeInstanceOf(SimCLRError);
      expect(String(error)).toMatch(/RemoteTrainer.embed: the trainer must not be disposed of/);
    });
  });
});
