import {
  type Callback,
  checkpoint,
  type EpochRecord,
  earlyStopping,
  evaluation,
  type FitContext,
  type ProgressReport,
  progress,
  SGD,
  type SimCLR,
  type StepRecord,
  type Trainer,
} from 'simclr-ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { memoryStore, rejection, tinyPictures, tinySimCLR } from './tiny.js';

let simclr: SimCLR;
beforeEach(() => {
  simclr = tinySimCLR({ optimizer: new SGD({ learningRate: 0.05 }) });
});
afterEach(() => {
  vi.restoreAllMocks();
  simclr.dispose();
});

const pictures = tinyPictures(8);

/** What `fit` hands to callbacks. */
const contextWith = (stop: FitContext['stop']): FitContext => ({
  simclr,
  offTheClock: (work) => work(),
  stop,
});

/** Notes every event, and when it has been awaited. */
function recorder(name: string, events: string[]): Callback {
  const note = async (event: string) => {
    events.push(`${name} ${event}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
    events.push(`${name} awaited`);
  };
  return {
    onFitStart: ({ epochs, batchSize, totalSteps }) => note(`start ${epochs} ${batchSize} ${totalSteps}`),
    onStepEnd: ({ step }) => note(`step ${step}`),
    onEpochEnd: ({ epoch }) => note(`epoch ${epoch}`),
    onFitEnd: (outcome) => note(`end ${outcome}`),
  };
}

describe('callbacks', () => {
  it('are called in order, each awaited before the next', async () => {
    const events: string[] = [];
    const callbacks = [recorder('a', events), recorder('b', events), {}];
    await simclr.fit(pictures, { batchSize: 4, callbacks });
    const happened = ['start 1 4 2', 'step 0', 'step 1', 'epoch 0', 'end completed'];
    expect(events).toEqual(
      happened.flatMap((event) => [`a ${event}`, 'a awaited', `b ${event}`, 'b awaited']),
    );
  });

  it('do not hear of a total that nobody knows, except by maxSteps', async () => {
    const starts: unknown[] = [];
    const callbacks: Callback[] = [{ onFitStart: (start) => void starts.push(start) }];
    const dataset = () => [pictures].values();
    await simclr.fit(dataset, { callbacks });
    await simclr.fit(dataset, { callbacks, maxSteps: 1 });
    expect(starts).toEqual([
      { epochs: 1, batchSize: 64 },
      { epochs: 1, batchSize: 64, totalSteps: 1 },
    ]);
  });

  it.each(['onFitStart', 'onStepEnd', 'onEpochEnd', 'onFitEnd'] as const)(
    'that throw in %s reject fit, and the others still hear of the end',
    async (hook) => {
      const error = new Error('mine');
      const ends: string[] = [];
      const end = (name: string): Callback => ({
        onFitEnd: (outcome) => void ends.push(`${name} ${outcome}`),
      });
      const failing: Callback = {
        [hook]: () => {
          throw error;
        },
      };
      const callbacks = [end('before'), failing, end('after')];
      expect(await rejection(simclr.fit(pictures, { batchSize: 4, callbacks }))).toBe(error);
      const outcome = hook === 'onFitEnd' ? 'completed' : 'failed';
      expect(ends).toEqual([`before ${outcome}`, `after ${outcome}`]);
    },
  );

  it('that fail at the end do not hide why training failed', async () => {
    const first = new Error('first');
    const callbacks: Callback[] = [
      { onStepEnd: () => Promise.reject(first) },
      { onFitEnd: () => Promise.reject(new Error('second')) },
    ];
    expect(await rejection(simclr.fit(pictures, { batchSize: 4, callbacks }))).toBe(first);
  });

  it('may stop training; the first reason is kept', async () => {
    const stop = (reason: string): Callback => ({
      onStepEnd: ({ step }, context) => {
        if (step === 2) context.stop(reason);
      },
    });
    const callbacks = [stop('enough'), stop('too late')];
    const result = await simclr.fit(pictures, { epochs: 9, batchSize: 2, callbacks });
    expect(result).toMatchObject({ outcome: 'stopped', reason: 'enough' });
    expect(result.steps.length).toBe(3);
    expect(result.epochs.map(({ partial }) => partial)).toEqual([true]);
  });

  it('may stop training before its first step', async () => {
    const callbacks: Callback[] = [{ onFitStart: (_, context) => context.stop('no') }];
    const result = await simclr.fit(pictures, { batchSize: 2, callbacks });
    expect(result).toEqual({ epochs: [], steps: [], outcome: 'stopped', reason: 'no' });
  });
});

describe('an abort', () => {
  it('ends fit after the current step with a checkpoint, and throws nothing', async () => {
    const controller = new AbortController();
    const store = memoryStore();
    const callbacks: Callback[] = [
      { onStepEnd: ({ step }) => (step === 1 ? controller.abort() : undefined) },
      checkpoint(store),
    ];
    const result = await simclr.fit(pictures, {
      epochs: 5,
      batchSize: 2,
      callbacks,
      signal: controller.signal,
    });
    expect(result.outcome).toBe('aborted');
    expect(result.steps.length).toBe(2);
    expect(result.epochs.map(({ partial }) => partial)).toEqual([true]);
    expect(store.artifacts!.userDefinedMetadata).toMatchObject({ progress: { step: 2, epoch: 0, batch: 2 } });
  });

  it('from a timer reaches a fit that is busy', async () => {
    const timer = setTimeout(() => controller.abort(), 20);
    const controller = new AbortController();
    const result = await simclr.fit(pictures, { epochs: 10_000, batchSize: 2, signal: controller.signal });
    clearTimeout(timer);
    expect(result.outcome).toBe('aborted');
  });

  it('before the first step takes none', async () => {
    const events: string[] = [];
    const result = await simclr.fit(pictures, {
      batchSize: 2,
      signal: AbortSignal.abort(),
      callbacks: [recorder('a', events)],
    });
    expect(result).toEqual({ epochs: [], steps: [], outcome: 'aborted' });
    expect(events).toEqual(['a start 1 2 4', 'a awaited', 'a end aborted', 'a awaited']);
  });
});

describe('checkpoint', () => {
  const savedSteps: number[] = [];
  const target = () => {
    const store = memoryStore();
    return {
      ...store,
      async save(artifacts: Parameters<NonNullable<typeof store.save>>[0]) {
        savedSteps.push((artifacts.userDefinedMetadata as { progress: { step: number } }).progress.step);
        return store.save!(artifacts);
      },
    };
  };
  beforeEach(() => void savedSteps.splice(0));

  it('saves at the start, after every epoch and at the end, and no state twice', async () => {
    await simclr.fit(pictures, { epochs: 3, batchSize: 4, maxSteps: 5, callbacks: [checkpoint(target())] });
    expect(savedSteps).toEqual([0, 2, 4, 5]);
  });

  it('saves at intervals of steps and epochs', async () => {
    const callbacks = [checkpoint(target(), { everySteps: 3, everyEpochs: 2 })];
    await simclr.fit(pictures, { epochs: 4, batchSize: 4, callbacks });
    expect(savedSteps).toEqual([0, 3, 4, 6, 8]);
  });

  it('saves at the start and the end alone when no interval is wanted', async () => {
    await simclr.fit(pictures, {
      epochs: 2,
      batchSize: 4,
      callbacks: [checkpoint(target(), { everyEpochs: 0 })],
    });
    expect(savedSteps).toEqual([0, 4]);
  });

  it('asks for the place with the number of the step', async () => {
    const asked: number[] = [];
    const place = (step: number) => {
      asked.push(step);
      return target();
    };
    await simclr.fit(pictures, { batchSize: 4, callbacks: [checkpoint(place)] });
    expect(asked).toEqual([0, 2]);
  });

  it('used again for another trainer saves that one at the start', async () => {
    const callback = checkpoint(target());
    await simclr.fit(pictures, { batchSize: 4, callbacks: [callback] });
    const other = tinySimCLR();
    await other.fit(pictures, { batchSize: 4 });
    await other.fit(pictures, { batchSize: 4, callbacks: [callback] });
    expect(savedSteps).toEqual([0, 2, 2, 4]);
    other.dispose();
  });

  it('does not save after a failure', async () => {
    const failing: Callback = { onStepEnd: () => Promise.reject(new Error('mine')) };
    await rejection(simclr.fit(pictures, { batchSize: 4, callbacks: [checkpoint(target()), failing] }));
    expect(savedSteps).toEqual([0]);
  });

  it('that cannot be written ends training before it begins', async () => {
    const full = { save: () => Promise.reject(new Error('disk full')) };
    const onStepEnd = vi.fn();
    const error = await rejection(
      simclr.fit(pictures, { callbacks: [checkpoint(full), { onStepEnd }], batchSize: 4 }),
    );
    expect(error.message).toBe('disk full');
    expect(onStepEnd).not.toHaveBeenCalled();
  });

  it.each([
    [{ everySteps: -1 }, 'everySteps=-1'],
    [{ everyEpochs: 0.5 }, 'everyEpochs=0.5'],
  ])('refuses %o', (options, received) => {
    expect(() => checkpoint(target(), options)).toThrow(received);
  });
});

describe('evaluation', () => {
  it('puts what it measures into the epoch, in the history too', async () => {
    const evaluate = vi.fn(async (_: Trainer, { epoch }: EpochRecord) => ({ accuracy: epoch / 10 }));
    const callbacks = [evaluation(evaluate, { everyEpochs: 2 })];
    const { epochs } = await simclr.fit(pictures, { epochs: 5, batchSize: 4, callbacks, maxSteps: 9 });
    expect(epochs.map(({ metrics }) => metrics)).toEqual([{}, { accuracy: 0.1 }, {}, { accuracy: 0.3 }, {}]);
    expect(evaluate.mock.calls[0]![0]).toBe(simclr);
  });

  it('measures an epoch that was resumed', async () => {
    await simclr.fit(pictures, { batchSize: 2, maxSteps: 3 });
    const callbacks = [evaluation(() => ({ accuracy: 1 }))];
    const { epochs } = await simclr.fit(pictures, { batchSize: 2, epochs: 1, resume: true, callbacks });
    expect(epochs.map(({ metrics }) => metrics)).toEqual([{ accuracy: 1 }]);
  });

  it('refuses what is not a function, and intervals that are none', () => {
    expect(() => evaluation(1 as never)).toThrow(
      'evaluation: evaluate must be a function. Received: evaluate=1.',
    );
    expect(() => evaluation(() => ({}), { everyEpochs: 0 })).toThrow('everyEpochs=0');
  });
});

describe('earlyStopping', () => {
  const measured = (values: number[]) => evaluation((_, { epoch }) => ({ score: values[epoch]! }));
  const epochsUntil = async (callbacks: Callback[]) => {
    const result = await simclr.fit(pictures, { epochs: 6, batchSize: 4, callbacks });
    return [result.epochs.length, result.reason];
  };

  it('stops when a metric has not grown for some epochs', async () => {
    const callbacks = [measured([1, 2, 2, 2, 3, 4]), earlyStopping({ monitor: 'score', patience: 2 })];
    expect(await epochsUntil(callbacks)).toEqual([4, 'score has not improved for 2 epochs']);
  });

  it('counts only changes of at least minDelta, downwards where that is better', async () => {
    const options = { monitor: 'score', mode: 'min' as const, patience: 2, minDelta: 0.5 };
    expect(await epochsUntil([measured([9, 8, 7.9, 7, 6.9, 6.8]), earlyStopping(options)])).toEqual([
      6,
      'score has not improved for 2 epochs',
    ]);
  });

  it('waits as long as NaN is not better than anything', async () => {
    const callbacks = [
      measured([1, Number.NaN, Number.NaN, 2]),
      earlyStopping({ monitor: 'score', patience: 2 }),
    ];
    expect((await epochsUntil(callbacks))[0]).toBe(3);
  });

  it('watches the loss by itself, and starts afresh in every fit', async () => {
    const callback = earlyStopping({ patience: 1 });
    const feed = (losses: number[]) => {
      const stop = vi.fn();
      const context = contextWith(stop);
      callback.onFitStart!({ epochs: 9, batchSize: 2 }, context);
      for (const loss of losses)
        callback.onEpochEnd!({ loss, metrics: {}, partial: false } as never, context);
      return stop.mock.calls.length;
    };
    expect(feed([3, 2, 1])).toBe(0);
    expect(feed([3, 2])).toBe(0);
    expect(feed([3, 4])).toBe(1);
  });

  it('does not judge epochs that were cut short or not measured', async () => {
    const callback = earlyStopping({ monitor: 'score', patience: 1 });
    const stop = vi.fn();
    const context = contextWith(stop);
    const epoch = (partial: boolean, metrics: Record<string, number>) =>
      ({ partial, metrics }) as EpochRecord;
    for (const record of [epoch(false, { score: 2 }), epoch(true, { score: 1 }), epoch(false, {})]) {
      callback.onEpochEnd!(record, context);
    }
    expect(stop).not.toHaveBeenCalled();
  });

  it.each([
    [{ monitor: '' }, 'monitor='],
    [{ mode: 'less' as never }, 'mode="less"'],
    [{ patience: -1 }, 'patience=-1'],
    [{ minDelta: Number.NaN }, 'minDelta=NaN'],
  ])('refuses %o', (options, received) => {
    expect(() => earlyStopping(options)).toThrow(received);
  });
});

describe('progress', () => {
  const step = (number: number): StepRecord => ({
    step: 100 + number,
    epoch: 7,
    loss: 1.23456,
    learningRate: 0.1,
    seconds: 2,
    pairs: 64,
  });
  const feed = (callback: Callback, steps: number, totalSteps?: number) => {
    const context = contextWith(() => {});
    callback.onFitStart!({ epochs: 1, batchSize: 64, ...(totalSteps ? { totalSteps } : {}) }, context);
    for (let number = 0; number < steps; number++) callback.onStepEnd!(step(number), context);
  };

  it('tells share, speed and remaining time, and the same as text', () => {
    const reports: ProgressReport[] = [];
    feed(progress({ everySteps: 10, report: (report) => reports.push(report) }), 20, 80);
    expect(
      reports.map(({ fraction, etaSeconds, pairsPerSecond }) => [fraction, etaSeconds, pairsPerSecond]),
    ).toEqual([
      [0.125, 140, 32],
      [0.25, 120, 32],
    ]);
    expect(reports[1]!.step.step).toBe(119);
    expect(reports[1]!.text).toBe('step 20/80  epoch 7  loss 1.2346  32.0 pairs/s  120 s to go');
  });

  it('tells neither share nor time where the total is not known', () => {
    const reports: ProgressReport[] = [];
    feed(progress({ everySteps: 3, report: (report) => reports.push(report) }), 4);
    expect(reports.length).toBe(1);
    expect(reports[0]).toMatchObject({ fraction: undefined, etaSeconds: undefined });
    expect(reports[0]!.text).toBe('step 3  epoch 7  loss 1.2346  32.0 pairs/s');
  });

  it('reports the last step too, and prints by itself', () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    feed(progress(), 12, 12);
    expect(log.mock.calls.flat().map((text: string) => text.split('  ')[0])).toEqual([
      'step 10/12',
      'step 12/12',
    ]);
  });

  it('refuses an interval that is none', () => {
    expect(() => progress({ everySteps: 0 })).toThrow(
      'progress: everySteps must be an integer >= 1. Received: everySteps=0.',
    );
  });
});
