import { memory, type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import {
  type Callback,
  type History,
  history,
  type ImageArray,
  type ImageBatchSource,
  type ImageDataset,
  projectionHead,
  resnet18,
  SGD,
  SimCLR,
} from 'simclr-ts';
import { examine } from 'simclr-ts/doctor';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { expectTensors } from '../helpers/leaks.js';
import { rejection, tinyPictures, tinySimCLR } from './tiny.js';

/** Without momentum: no tensors of its own, so that leaks can be counted from the first step. */
const plainSGD = () => new SGD({ learningRate: 0.05, momentum: 0 });

let simclr: SimCLR;
beforeEach(() => {
  simclr = tinySimCLR({ optimizer: plainSGD() });
});
afterEach(() => simclr.dispose());

/** Pictures `start` to `end - 1` of 8, as memory or as a tensor. */
function part(start: number, end: number): ImageArray {
  return { data: tinyPictures(8).data.slice(start * 192, end * 192), shape: [end - start, 8, 8, 3] };
}

function partTensor(start: number, end: number): Tensor4D {
  return tensor4d(Float32Array.from(part(start, end).data), [end - start, 8, 8, 3]);
}

const lossesOf = ({ steps }: History) => steps.map(({ loss }) => loss);

describe('fit', () => {
  it('trains on gray pictures of one channel with the default augmentation', async () => {
    const encoder = resnet18({ inputShape: [16, 16, 1], stem: 'small', width: 2 });
    const gray = new SimCLR({
      encoder,
      projectionHead: projectionHead({ inputDim: 16, hidden: [8], outputDim: 4 }),
    });
    const pixels = Uint8Array.from({ length: 6 * 20 * 18 }, (_, i) => (i * 37) % 251);
    const { steps } = await gray.fit({ data: pixels, shape: [6, 20, 18, 1] }, { epochs: 1, batchSize: 3 });
    expect(steps).toHaveLength(2);
    expect(steps.every(({ loss }) => Number.isFinite(loss))).toBe(true);
    await examine(gray, { data: pixels, shape: [6, 20, 18, 1] });
    gray.dispose();
  });

  it('gives loss, speed and numbers of every step and epoch', async () => {
    const result = await simclr.fit(tinyPictures(9), { epochs: 2, batchSize: 4 });
    expect(result.outcome).toBe('completed');
    expect(result).not.toHaveProperty('reason');
    expect(result.steps.map(({ step, epoch, pairs }) => [step, epoch, pairs])).toEqual([
      [0, 0, 4],
      [1, 0, 4],
      [2, 1, 4],
      [3, 1, 4],
    ]);
    expect(result.epochs.map(({ epoch, steps, partial }) => [epoch, steps, partial])).toEqual([
      [0, 2, false],
      [1, 2, false],
    ]);
    for (const { epoch, loss, pairsPerSecond, seconds, metrics } of result.epochs) {
      const own = result.steps.filter((step) => step.epoch === epoch).map((step) => step.loss);
      expect(loss).toBeCloseTo((own[0]! + own[1]!) / 2, 6);
      expect(pairsPerSecond).toBeCloseTo(8 / seconds, 6);
      expect(metrics).toEqual({});
    }
    for (const { seconds, learningRate } of result.steps) {
      expect(seconds).toBeGreaterThan(0);
      expect(learningRate).toBe(0.05);
    }
    expect(simclr.progress).toMatchObject({ step: 4, epoch: 2, batch: 0 });
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  it('continues counting in a second call, and draws other views', async () => {
    const still = tinySimCLR({ optimizer: new SGD({ learningRate: 0 }) });
    const options = { batchSize: 4, shuffle: false };
    const first = await still.fit(tinyPictures(8), options);
    const second = await still.fit(tinyPictures(8), options);
    expect(second.steps.map(({ step, epoch }) => [step, epoch])).toEqual([
      [2, 1],
      [3, 1],
    ]);
    for (const [index, loss] of lossesOf(second).entries()) expect(loss).not.toBe(lossesOf(first)[index]);
    still.dispose();
  });

  it('weighs the loss of an epoch by the pictures of its batches', async () => {
    const { epochs, steps } = await simclr.fit([part(0, 6), part(6, 8)]);
    expect(epochs[0]!.loss).toBeCloseTo((6 * steps[0]!.loss + 2 * steps[1]!.loss) / 8, 6);
  });

  it('takes the same steps in the same order again for the same seed', async () => {
    const options = { epochs: 2, batchSize: 2 };
    const first = await simclr.fit(tinyPictures(8), options);
    const again = tinySimCLR({ optimizer: plainSGD() });
    expect(lossesOf(await again.fit(tinyPictures(8), options))).toEqual(lossesOf(first));
    again.dispose();
  });

  it('ends after maxSteps, even within an epoch, and begins the next one then', async () => {
    const cut = await simclr.fit(tinyPictures(8), { epochs: 3, batchSize: 2, maxSteps: 5 });
    expect(cut.outcome).toBe('completed');
    expect(cut.epochs.map(({ steps, partial }) => [steps, partial])).toEqual([
      [4, false],
      [1, true],
    ]);
    expect(simclr.progress).toMatchObject({ step: 5, epoch: 1, batch: 1 });
    const next = await simclr.fit(tinyPictures(8), { batchSize: 4 });
    expect(next.epochs.map(({ epoch, partial }) => [epoch, partial])).toEqual([[2, false]]);
  });

  it('calls an epoch whole when its last step was the last one allowed', async () => {
    const { epochs } = await simclr.fit(tinyPictures(8), { batchSize: 4, maxSteps: 2 });
    expect(epochs.map(({ partial }) => partial)).toEqual([false]);
    expect(simclr.progress).toMatchObject({ step: 2, epoch: 1, batch: 0 });
  });

  it('gives the event loop a turn between two steps', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await simclr.fit(tinyPictures(8), { epochs: 5, batchSize: 2 });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
  });
});

describe('a data set', () => {
  const whole = () => tinyPictures(8);
  const bytes = (): ImageArray => ({
    data: Uint8Array.from(whole().data, (value) => Math.round(255 * value)),
    shape: whole().shape,
  });
  async function* asynchronous() {
    yield part(0, 4);
    yield { images: partTensor(4, 8), indices: [4, 5, 6, 7] };
  }
  const cases: [string, () => ImageDataset, boolean][] = [
    ['float32 values', whole, true],
    ['an array of batches', () => [part(0, 4), part(4, 8)], true],
    ['a function that returns an array', () => () => [part(0, 4), part(4, 8)], true],
    ['a generator function', () => () => [partTensor(0, 4), partTensor(4, 8)].values(), true],
    ['an asynchronous generator function', () => asynchronous, true],
    ['an iterable that starts over', () => ({ [Symbol.asyncIterator]: asynchronous }), true],
    ['bytes', bytes, false],
  ];

  it.each(cases)('may be %s', async (_, dataset, sameNumbers) => {
    const options = { epochs: 2, batchSize: 4, shuffle: false };
    const tensor = partTensor(0, 8);
    const reference = tinySimCLR({ optimizer: plainSGD() });
    const expected = lossesOf(await reference.fit(tensor, options));
    expect(tensor.isDisposed).toBe(false);
    tensor.dispose();
    reference.dispose();
    await expectTensors(0, async () => {
      const losses = lossesOf(await simclr.fit(dataset(), options));
      expect(losses.length).toBe(4);
      for (const [step, loss] of losses.entries()) {
        expect(Math.abs(loss - expected[step]!)).toBeLessThan(sameNumbers ? 1e-6 : 0.05);
      }
    });
  });

  it('that is a generator is used up after one epoch, and that is said', async () => {
    await simclr.fit(asynchronous());
    await expectTensors(0, async () => {
      const error = await rejection(simclr.fit(asynchronous(), { epochs: 2 }));
      expect(error.name).toBe('DataError');
      expect(error.message).toContain('pass the function that makes it');
    });
  });

  it('that is an array of tensors is used up after one epoch, and that is said', async () => {
    const error = await rejection(simclr.fit([partTensor(0, 4), partTensor(4, 8)], { epochs: 2 }));
    expect(error.message).toContain('pass a function that makes new ones');
  });

  it.each<[string, () => ImageDataset, string]>([
    ['a tensor', () => partTensor(0, 3), 'dataset of 3 images, batchSize=4'],
    ['an array', () => part(0, 3), 'dataset of 3 images, batchSize=4'],
    ['a sized source', () => Object.assign(() => [part(0, 3)], { size: 3 }), 'dataset of 3 images'],
    ['no pictures', () => ({ data: new Uint8Array(0), shape: [0, 8, 8, 3] }), 'dataset of 0 images'],
    ['no batches', () => [], 'dataset=[]'],
  ])('smaller than a batch is refused before anything is called: %s', async (_, dataset, text) => {
    const onFitStart = vi.fn();
    const callbacks: Callback[] = [{ onFitStart }];
    const error = await rejection(simclr.fit(dataset(), { batchSize: 4, callbacks }));
    expect(error.name).toBe('InvalidOptionError');
    expect(error.message).toMatch(/^SimCLR\.fit: dataset must .*batch/);
    expect(error.message).toContain(text);
    expect(onFitStart).not.toHaveBeenCalled();
  });

  it.each<[unknown, string]>([
    [undefined, 'dataset=undefined'],
    ['pictures', 'dataset="pictures"'],
    [{}, 'dataset=Object'],
    [42, 'dataset=42'],
  ])('of no known kind is refused: %s', async (dataset, received) => {
    const error = await rejection(simclr.fit(dataset as ImageDataset));
    expect(error.name).toBe('InvalidOptionError');
    expect(error.message).toContain('SimCLR.fit: dataset must be a tensor');
    expect(error.message).toContain(received);
  });

  it('is closed when training ends before it does: its finally blocks run', async () => {
    const closed: string[] = [];
    const dataset = (name: string, failing: boolean) =>
      async function* () {
        try {
          for (;;)
            yield failing && name === 'range'
              ? { ...part(0, 4), data: part(0, 4).data.map((x) => 300 * x) }
              : part(0, 4);
        } finally {
          closed.push(name);
        }
      };
    await simclr.fit(dataset('maxSteps', false), { maxSteps: 2 });
    await rejection(simclr.fit(dataset('range', true)));
    const onStepEnd = () => {
      throw new Error('mine');
    };
    await rejection(simclr.fit(dataset('callback', false), { callbacks: [{ onStepEnd }] }));
    expect(closed).toEqual(['maxSteps', 'range', 'callback']);
  });

  it('whose reading fails rejects fit with that very error', async () => {
    const cause = new Error('the disk is gone');
    async function* dataset() {
      yield partTensor(0, 4);
      throw cause;
    }
    await expectTensors(0, async () => expect(await rejection(simclr.fit(dataset))).toBe(cause));
    expect(simclr.progress).toMatchObject({ step: 1, epoch: 0, batch: 1 });
  });
});

describe('fit with resume', () => {
  const options = { batchSize: 2, epochs: 2 };

  it('ends up where an uninterrupted run does, wherever it was cut', async () => {
    const whole = await simclr.fit(tinyPictures(8), options);
    for (const maxSteps of [1, 3, 4, 5, 7]) {
      const cut = tinySimCLR({ optimizer: plainSGD() });
      const before = await cut.fit(tinyPictures(8), { ...options, maxSteps });
      const after = await cut.fit(tinyPictures(8), { ...options, resume: true });
      expect([...lossesOf(before), ...lossesOf(after)]).toEqual(lossesOf(whole));
      expect(cut.progress).toEqual({ ...simclr.progress, seconds: expect.any(Number) });
      // What was cut short is marked so, and its rest, which ends the epoch, is not.
      expect(after.epochs.map(({ partial }) => partial)).not.toContain(true);
      cut.dispose();
    }
  });

  it('refuses to continue without the number of epochs of the whole run', async () => {
    await simclr.fit(tinyPictures(8), { batchSize: 4 });
    const error = await rejection(simclr.fit(tinyPictures(8), { batchSize: 4, resume: true }));
    expect(error).toMatchObject({
      name: 'InvalidOptionError',
      message:
        'SimCLR.fit: epochs or minutes must be given with resume: those of the whole run. Received: epochs=undefined.',
    });
    expect(simclr.progress).toMatchObject({ step: 2, epoch: 1, batch: 0 });
  });

  it('tells callbacks how much is left', async () => {
    await simclr.fit(tinyPictures(8), { ...options, maxSteps: 3 });
    const starts: unknown[] = [];
    const callbacks: Callback[] = [{ onFitStart: (start) => void starts.push(start) }];
    await simclr.fit(tinyPictures(8), { ...options, resume: true, callbacks });
    await simclr.fit(tinyPictures(8), { ...options, epochs: 1, resume: true, callbacks });
    expect(starts).toEqual([
      { epochs: 2, batchSize: 2, totalSteps: 5, stepsPerEpoch: 4 },
      { epochs: 0, batchSize: 2, totalSteps: 0, stepsPerEpoch: 4 }, // two are done already, one was wanted
    ]);
    expect(simclr.progress).toMatchObject({ step: 8, epoch: 2, batch: 0 });
  });

  it('continues after the last batch of an iterable that could not say it was the last', async () => {
    async function* dataset() {
      yield part(0, 4);
      yield part(4, 8);
    }
    const controller = new AbortController();
    const onStepEnd: Callback['onStepEnd'] = ({ step }) => {
      if (step === 1) controller.abort();
    };
    await simclr.fit(dataset, { signal: controller.signal, callbacks: [{ onStepEnd }] });
    expect(simclr.progress).toMatchObject({ step: 2, epoch: 0, batch: 2 });
    const { steps, epochs } = await simclr.fit(dataset, { epochs: 2, resume: true });
    expect(steps.map(({ epoch }) => epoch)).toEqual([1, 1]);
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1]);
    expect(simclr.progress).toMatchObject({ step: 4, epoch: 2, batch: 0 });
  });

  it('asks a source that can seek for the batches that are left', async () => {
    const asked: number[] = [];
    const source: ImageBatchSource = Object.assign(
      ({ startBatch }: { startBatch: number }) => {
        asked.push(startBatch);
        return [part(0, 4), part(4, 8)].slice(startBatch);
      },
      { seekable: true, size: 8 },
    );
    await simclr.fit(source, { batchSize: 4, maxSteps: 1 });
    const { steps } = await simclr.fit(source, { batchSize: 4, epochs: 1, resume: true });
    expect(asked).toEqual([0, 1]);
    expect(steps.length).toBe(1);
  });
});

describe('fit and its neighbors', () => {
  it('refuses to run twice at a time, and runs again afterwards', async () => {
    const running = simclr.fit(tinyPictures(8), { batchSize: 4 });
    for (const second of [simclr.fit(tinyPictures(8)), simclr.trainStep(tinyPictures(4))]) {
      const error = await rejection(second);
      expect(error.name).toBe('SimCLRError');
      expect(error.message).toMatch(
        /one step at a time; await the call before. Received: a call while SimCLR.fit runs/,
      );
    }
    expect((await running).steps.length).toBe(2);
    const first = simclr.trainStep(tinyPictures(4));
    expect((await rejection(simclr.trainStep(tinyPictures(4)))).message).toContain(
      'while SimCLR.trainStep runs',
    );
    expect((await first).step).toBe(2);
    await expect(simclr.trainStep(tinyPictures(4))).resolves.toMatchObject({ step: 3 });
  });

  it('runs again after a failure', async () => {
    await rejection(simclr.fit(tinyPictures(8), { batchSize: 1 }));
    await expect(simclr.fit(tinyPictures(8), { batchSize: 4 })).resolves.toMatchObject({
      outcome: 'completed',
    });
  });

  it('lets embed run meanwhile', async () => {
    const running = simclr.fit(tinyPictures(8), { batchSize: 2 });
    const h = await simclr.embed(tinyPictures(5), { batchSize: 2 });
    expect(h.shape).toEqual([5, 8]);
    h.dispose();
    await running;
  });

  it('says that the trainer was disposed of, also when that happens while it runs', async () => {
    const gone = tinySimCLR();
    const { numTensors } = memory();
    const running = gone.fit(tinyPictures(8), {
      batchSize: 2,
      callbacks: [{ onStepEnd: () => gone.dispose() }],
    });
    expect((await rejection(running)).message).toContain('must not be disposed of');
    const pictures = tinyPictures(4);
    const calls = [
      ['SimCLR.fit', () => gone.fit(pictures)],
      ['SimCLR.trainStep', () => gone.trainStep(pictures)],
      ['SimCLR.embed', () => gone.embed(pictures)],
      ['SimCLR.project', () => gone.project(pictures)],
      ['SimCLR.save', () => gone.save('indexeddb://x')],
    ] as const;
    for (const [caller, call] of calls) {
      const error = await rejection(call());
      expect(error.name).toBe('SimCLRError');
      expect(error.message).toBe(
        `${caller}: the trainer must not be disposed of. Received: a call after SimCLR.dispose.`,
      );
    }
    expect(memory().numTensors).toBeLessThan(numTensors);
  });

  it('fills a history of the caller while it runs', async () => {
    const target: History = { epochs: [], steps: [], outcome: 'failed' };
    const callbacks = [history(target)];
    const first = await simclr.fit(tinyPictures(4), { batchSize: 2, callbacks });
    const second = await simclr.fit(tinyPictures(4), { batchSize: 2, callbacks });
    expect(target.steps).toEqual([...first.steps, ...second.steps]);
    expect(target.epochs).toEqual([...first.epochs, ...second.epochs]);
    expect(target.outcome).toBe('completed');
  });
});
