import { type io, mean, memory, mul, scalar, square, sub, type Tensor, train } from '@tensorflow/tfjs-core';
import { AdamW, type ImageDataset, imageBatches, resnet18, SGD, SimCLR } from 'simclr-ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  bestCheckpoint,
  type Callback,
  type CheckpointMeasure,
  checkpoint,
  type DamagedCheckpoint,
  latestCheckpoint,
  type StatefulPart,
} from '../../src/training/index.js';
import { expectTensors } from '../helpers/leaks.js';
import { memoryCheckpoints } from './memory-checkpoints.js';
import { memoryStore, normalizedEncoder, rejection, tinyPictures, tinySimCLR, weightValues } from './tiny.js';

const pictures = tinyPictures(8);
const trainer = () => tinySimCLR({ optimizer: new SGD({ learningRate: 0.05, momentum: 0.9 }) });

afterEach(() => void vi.restoreAllMocks());

describe('a store of checkpoints', () => {
  it('keeps the newest, and the best whatever its age', async () => {
    const store = memoryCheckpoints();
    const simclr = trainer();
    const values = [5, 1, 4, 3, 2, 6];
    const best = () => values.shift();
    const callbacks = [checkpoint(store, { everySteps: 1, everyEpochs: 0, keep: 2, best })];
    await simclr.fit(pictures, { batchSize: 4, epochs: 3, callbacks });
    expect([...store.saved.keys()]).toEqual(['step-0000000002', 'step-0000000005', 'step-0000000006']);
    expect(await latestCheckpoint(store)).toMatchObject({ step: 6, value: 6, damaged: [] });
    expect(await bestCheckpoint(store)).toMatchObject({ step: 2, value: 1 });
    expect(JSON.parse(store.manifest!)).toMatchObject({ format: 'simclr-ts checkpoints', version: 1 });
    simclr.dispose();
  });

  it('judges by the mean loss since the checkpoint before', async () => {
    const store = memoryCheckpoints();
    const simclr = trainer();
    const callbacks = [checkpoint(store, { everySteps: 2, everyEpochs: 0, best: 'loss' })];
    const { steps } = await simclr.fit(pictures, { batchSize: 4, epochs: 2, callbacks });
    const mean = (steps[2]!.loss + steps[3]!.loss) / 2;
    expect((await latestCheckpoint(store))!.value).toBeCloseTo(mean, 10);
    simclr.dispose();
  });

  it.each([
    ['of known length', () => pictures, 0],
    ['of known length', () => pictures, 1],
    ['of unknown length', () => () => imageBatches(pictures, { batchSize: 4, shuffle: false }), 1],
    ['of unknown length', () => () => imageBatches(pictures, { batchSize: 4, shuffle: false }), 0],
  ] as [string, () => ImageDataset, number][])(
    'shows `best` the epoch that ends with a checkpoint of steps: data $0, everyEpochs $2',
    async (length, dataset, everyEpochs) => {
      const store = memoryCheckpoints();
      const simclr = trainer();
      const judged: [number, number | undefined][] = [];
      const best: CheckpointMeasure = ({ steps, epoch }) => {
        judged.push([steps.length, epoch?.epoch]);
        return epoch ? 10 - epoch.epoch : 20;
      };
      const callbacks = [checkpoint(store, { everySteps: 2, everyEpochs, best })];
      const options = { batchSize: 4, callbacks };
      await simclr.fit(dataset(), { ...options, epochs: 2 });
      expect(judged.filter(([, epoch]) => epoch !== undefined)).toEqual([
        [2, 0],
        [2, 1],
      ]);
      expect(judged.length).toBe(length === 'of known length' ? 2 : 4);
      expect(await bestCheckpoint(store)).toMatchObject({ step: 4, value: 9 });
      for (const step of [2, 4]) {
        const { userDefinedMetadata } = store.saved.get(`step-000000000${step}`)!;
        expect(userDefinedMetadata).toMatchObject({ progress: { step, epoch: step / 2, batch: 0 } });
      }
      simclr.dispose();
    },
  );

  it('passes over a damaged checkpoint and says so', async () => {
    const store = memoryCheckpoints();
    const simclr = trainer();
    await simclr.fit(pictures, {
      batchSize: 4,
      epochs: 2,
      callbacks: [checkpoint(store, { everySteps: 1 })],
    });
    store.saved.get('step-0000000004')!.weightData = new ArrayBuffer(8);
    store.saved.delete('step-0000000003');
    const heard: DamagedCheckpoint[] = [];
    const latest = await latestCheckpoint(store, { onDamaged: (damaged) => heard.push(damaged) });
    expect(latest!.step).toBe(2);
    expect(heard.map(({ name }) => name)).toEqual(['step-0000000003', 'step-0000000004']);
    expect(heard[1]!.reason).toContain('source must be whole');
    expect(latest!.damaged).toEqual(heard);
    const warning = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await latestCheckpoint(store);
    expect(warning.mock.calls.flat().join()).toContain(
      'step-0000000004 is damaged, and the one before is used',
    );
    const loaded = await SimCLR.load(latest!);
    expect(loaded.progress.step).toBe(2);
    for (const part of [simclr, loaded]) part.dispose();
  });

  it('is found by its names when the manifest is damaged, and empty when nothing was saved', async () => {
    const store = memoryCheckpoints();
    expect(await latestCheckpoint(store)).toBeUndefined();
    expect(await bestCheckpoint(store)).toBeUndefined();
    const simclr = trainer();
    await simclr.fit(pictures, { batchSize: 4, callbacks: [checkpoint(store, { everySteps: 1 })] });
    store.manifest = store.manifest!.slice(0, 60);
    const heard: DamagedCheckpoint[] = [];
    const latest = await latestCheckpoint(store, { onDamaged: (damaged) => heard.push(damaged) });
    expect(latest!.step).toBe(2);
    expect(heard).toMatchObject([{ name: 'manifest' }]);
    for (const artifacts of store.saved.values()) artifacts.format = 'other';
    const error = await rejection(latestCheckpoint(store, { onDamaged: () => {} }));
    expect(error.name).toBe('CheckpointError');
    expect(error.message).toMatch(/at least one checkpoint that is whole/);
    simclr.dispose();
  });

  it('of a longer run is not replaced by a trainer that begins, unless told', async () => {
    const store = memoryCheckpoints();
    const [first, second] = [trainer(), trainer()];
    await first.fit(pictures, { batchSize: 4, callbacks: [checkpoint(store)] });
    const error = await rejection(second.fit(pictures, { batchSize: 4, callbacks: [checkpoint(store)] }));
    expect(error.name).toBe('CheckpointError');
    expect(error.message).toContain('a store with step-0000000002');
    expect(store.saved.size).toBe(2);
    await second.fit(pictures, {
      batchSize: 2,
      maxSteps: 1,
      callbacks: [checkpoint(store, { overwrite: true })],
    });
    expect([...store.saved.keys()]).toEqual(['step-0000000000', 'step-0000000001']);
    for (const part of [first, second]) part.dispose();
  });

  it('goes by the order of writing and not by a clock, which may go backwards', async () => {
    const store = memoryCheckpoints();
    let now = 2e12;
    vi.spyOn(Date, 'now').mockImplementation(() => {
      now -= 60_000;
      return now;
    });
    const simclr = trainer();
    const { epochs } = await simclr.fit(pictures, {
      batchSize: 4,
      callbacks: [checkpoint(store, { everySteps: 1 })],
    });
    expect((await latestCheckpoint(store))!.step).toBe(2);
    expect(epochs[0]!.seconds).toBeGreaterThan(0);
    simclr.dispose();
  });
});

describe('a checkpoint within training', () => {
  /** A target whose writes end when the test says so. */
  const slow = () => {
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const store = memoryStore();
    const save = async (artifacts: io.ModelArtifacts) => {
      begun.push((artifacts.userDefinedMetadata as { progress: { step: number } }).progress.step);
      if (begun.length > 1) await new Promise<void>((resolve) => ends.push(resolve));
      return store.save!(artifacts);
    };
    return { begun, ends, handler: { save, load: () => store.load!() } };
  };

  it('is written while the steps continue, one at a time, and as it was at its step', async () => {
    const { begun, ends, handler } = slow();
    const simclr = trainer();
    const seen: number[] = [];
    const watch: Callback = {
      onStepEnd({ step }) {
        seen.push(step);
        if (step === 1) expect(begun).toEqual([0, 1]);
        if (step === 2) setTimeout(() => ends[0]!(), 20); // steps 1 and 2 did not wait for the write of 1
      },
    };
    const ending = setInterval(() => begun.length > 2 && ends.at(-1)!(), 5);
    const saved: number[] = [];
    const callback = checkpoint(handler, {
      everySteps: 1,
      everyEpochs: 0,
      onSaved: (step) => saved.push(step),
    });
    const everyOther: Callback = {
      ...callback,
      onStepEnd: (step, context) => (step.step % 3 === 0 ? callback.onStepEnd!(step, context) : undefined),
    };
    await simclr.fit(pictures, { batchSize: 2, maxSteps: 4, callbacks: [everyOther, watch] });
    clearInterval(ending);
    expect(seen).toEqual([0, 1, 2, 3]);
    expect(begun).toEqual([0, 1, 4]);
    expect(saved).toEqual([0, 1, 4]);
    simclr.dispose();
  });

  const failing = (at: number) => {
    const store = memoryStore();
    return {
      ...store,
      async save(artifacts: io.ModelArtifacts) {
        const { step } = (artifacts.userDefinedMetadata as { progress: { step: number } }).progress;
        if (step === at) throw new Error(`the disk is full at ${step}`);
        return store.save!(artifacts);
      },
    };
  };

  it('that cannot be written ends training, or is told of where the user wants to hear', async () => {
    const simclr = trainer();
    const error = await rejection(
      simclr.fit(pictures, { batchSize: 2, callbacks: [checkpoint(failing(1), { everySteps: 1 })] }),
    );
    expect(error.message).toBe('the disk is full at 1');
    expect(simclr.progress.step).toBeLessThan(4);
    simclr.dispose();
    const other = trainer();
    const heard: unknown[] = [];
    const onError = (reason: unknown) => heard.push((reason as Error).message);
    const callbacks = [checkpoint(failing(4), { everySteps: 1, onError })];
    const { outcome } = await other.fit(pictures, { batchSize: 2, callbacks });
    expect([outcome, heard]).toEqual(['completed', ['the disk is full at 4']]);
    const start = await rejection(
      other.fit(pictures, { batchSize: 2, callbacks: [checkpoint(failing(4), { onError })] }),
    );
    expect(start.message).toBe('the disk is full at 4');
    other.dispose();
  });

  it('is waited for when training fails: what was begun is whole', async () => {
    const { begun, ends, handler } = slow();
    const simclr = trainer();
    const callbacks: Callback[] = [
      checkpoint(handler, { everySteps: 1 }),
      {
        onStepEnd() {
          setTimeout(() => ends[0]!(), 20);
          throw new Error('mine');
        },
      },
    ];
    expect((await rejection(simclr.fit(pictures, { batchSize: 2, callbacks }))).message).toBe('mine');
    expect(begun).toEqual([0, 1]);
    expect((await SimCLR.load(handler)).progress.step).toBe(1);
    simclr.dispose();
  });

  it.each([
    ['AdamW', () => new AdamW({ learningRate: 0.01 })],
    ['tf.train.adam', () => train.adam(0.01)],
  ])('holds the bits of its step, with %s', async (_, optimizer) => {
    const simclr = tinySimCLR({ encoder: normalizedEncoder(), optimizer: optimizer() });
    const [waited, busy] = [new Map<number, io.ModelArtifacts>(), new Map<number, io.ModelArtifacts>()];
    const into = (map: Map<number, io.ModelArtifacts>) => (step: number) => ({
      async save(artifacts: io.ModelArtifacts) {
        map.set(step, artifacts);
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' as const } };
      },
    });
    const waiting: Callback = {
      onStepEnd: async (step, { simclr: own }) => void (await own.save(into(waited)(step.step + 1))),
    };
    const callbacks = [checkpoint(into(busy), { everySteps: 1, everyEpochs: 0 }), waiting];
    await simclr.fit(pictures, { batchSize: 2, callbacks: [waiting] }); // makes the slots of the optimizer
    const before = memory().numTensors;
    await simclr.fit(pictures, { batchSize: 2, callbacks });
    expect(memory().numTensors).toBe(before);
    for (const [step, artifacts] of waited) {
      if (step <= 4) continue; // of the first fit
      expect(new Uint8Array(busy.get(step)!.weightData as ArrayBuffer)).toEqual(
        new Uint8Array(artifacts.weightData as ArrayBuffer),
      );
    }
    expect(waited.size).toBe(8);
    simclr.dispose();
  });
});

/** A loss with a gradient, times a factor. */
const scaled = (a: Tensor, b: Tensor, factor: number) => mul(mean(square(sub(a, b))), factor);

describe('another recipe', () => {
  const saved = async () => {
    const store = memoryStore();
    const simclr = tinySimCLR({ optimizer: new SGD({ learningRate: 0.05, momentum: 0.9 }) });
    await simclr.fit(pictures, { batchSize: 2, maxSteps: 3 });
    await simclr.save(store);
    simclr.dispose();
    return store;
  };

  it('is refused on resuming, with all differences; and taken when told', async () => {
    const store = await saved();
    const optimizer = () => new SGD({ learningRate: 0.1, momentum: 0.9 });
    const loaded = await SimCLR.load(store, { temperature: 0.2, optimizer: optimizer() });
    const options = { batchSize: 4, epochs: 2, resume: true };
    const error = await rejection(loaded.fit(tinyPictures(12), options));
    expect(error.name).toBe('InvalidOptionError');
    expect(error.message).toBe(
      'SimCLR.fit: resume must continue with the settings that the run began with; to change them, pass ' +
        '{ allowChanges: ["batchSize", "datasetSize", "loss.temperature", "optimizer.learningRate"] }. Received: ' +
        'batchSize: 2 -> 4; datasetSize: 8 -> 12; loss.temperature: 0.5 -> 0.2; optimizer.learningRate: 0.05 -> 0.1.',
    );
    expect(loaded.progress.step).toBe(3);
    const allowed = ['batchSize', 'datasetSize', 'loss'];
    const rest = await rejection(loaded.fit(tinyPictures(12), { ...options, allowChanges: allowed }));
    expect(rest.message).toContain('Received: optimizer.learningRate: 0.05 -> 0.1.');
    await loaded.fit(tinyPictures(12), { ...options, maxSteps: 1, allowChanges: [...allowed, 'optimizer'] });
    await loaded.fit(tinyPictures(12), { ...options, maxSteps: 1 }); // that is its recipe now
    loaded.dispose();
    const other = await SimCLR.load(store, { temperature: 0.2 });
    await other.fit(pictures, { batchSize: 2, epochs: 1, resume: true, allowChanges: true });
    other.dispose();
  });

  it('is nobody’s business without resume', async () => {
    const loaded = await SimCLR.load(await saved(), { temperature: 0.2 });
    await loaded.fit(pictures, { batchSize: 4, maxSteps: 1 });
    loaded.dispose();
  });
});

describe('versions and machines', () => {
  const saved = async () => {
    const store = memoryStore();
    const simclr = trainer();
    await simclr.fit(pictures, { batchSize: 4 });
    await simclr.save(store);
    return { store, simclr, metadata: store.artifacts!.userDefinedMetadata as Record<string, unknown> };
  };

  it('opens a checkpoint of format 1, which lacks the recipe of fit', async () => {
    const { store, simclr, metadata } = await saved();
    metadata.formatVersion = 1;
    for (const field of ['byteOrder', 'fit', 'extraState']) delete metadata[field];
    const loaded = await SimCLR.load(store);
    expect(weightValues(loaded)).toEqual(weightValues(simclr));
    await loaded.fit(pictures, { batchSize: 2, epochs: 2, maxSteps: 1, resume: true });
    for (const part of [simclr, loaded]) part.dispose();
  });

  it.each([
    [{ formatVersion: 6 }, /of format 1 to 5.*formatVersion=6/],
    [{ formatVersion: 1.5 }, /of format 1 to 5.*formatVersion=1.5/],
    [{ byteOrder: 'big' }, /order of bytes, little\. Received: byteOrder="big"/],
    [{ progress: { step: -1, epoch: 0, batch: 0 } }, /step=-1/],
  ])('refuses %j', async (change, message) => {
    const { store, simclr, metadata } = await saved();
    Object.assign(metadata, change);
    const error = await rejection(SimCLR.load(store));
    expect(error.name).toBe('CheckpointError');
    expect(error.message).toMatch(message);
    simclr.dispose();
  });

  it('refuses layers that are larger than any weight before it makes them', async () => {
    const { store, simclr } = await saved();
    const text = JSON.stringify(store.artifacts!.modelTopology).replace('"filters":8', '"filters":100000000');
    store.artifacts!.modelTopology = JSON.parse(text);
    const error = await rejection(SimCLR.load(store));
    expect(error.message).toMatch(/layers that fit its weights.*filters=100000000/);
    simclr.dispose();
  });
});

describe('networks', () => {
  it('of many branches are found whole', async () => {
    const encoder = resnet18({ inputShape: [8, 8, 3], stem: 'small', width: 1 });
    const simclr = new SimCLR({ encoder });
    const store = memoryStore();
    await simclr.save(store);
    const loaded = await SimCLR.load(store);
    expect(weightValues(loaded)).toEqual(weightValues(simclr));
    for (const part of [simclr, loaded]) part.dispose();
  });

  it.each([
    ['a name that is none', '"projectionHead.input"', '"elsewhere"'],
    ['a call that there is none of', '"projectionHead.input",0', '"projectionHead.input",9'],
    [
      'a layer that is never called',
      '"inbound_nodes":[[["projectionHead.input",0,0,{}]]]',
      '"inbound_nodes":[]',
    ],
    ['an initializer without numbers', '"scale":2', '"scale":"x"'],
  ])('with %s are refused, where tfjs would wait without end', async (_, part, change) => {
    const simclr = trainer();
    const store = memoryStore();
    await simclr.save(store);
    const text = JSON.stringify(store.artifacts!.modelTopology);
    expect(text).toContain(part);
    store.artifacts!.modelTopology = JSON.parse(text.replace(part, change));
    expect((await rejection(SimCLR.load(store))).name).toBe('CheckpointError');
    simclr.dispose();
  });
});

describe('extra state', () => {
  class Queue implements StatefulPart {
    value: Tensor = scalar(1);
    capture() {
      return { tensors: { value: this.value.clone() }, json: { length: 3 } };
    }
    restore({ tensors, json }: { tensors: Record<string, Tensor>; json: unknown }) {
      this.value.dispose();
      this.value = tensors.value!.clone();
      expect(json).toEqual({ length: 3 });
    }
  }

  it('is saved and given back; a lost one is asked for', async () => {
    const queue = new Queue();
    queue.value.dispose();
    queue.value = scalar(7);
    const simclr = tinySimCLR({ extraState: { queue } });
    const store = memoryStore();
    await expectTensors(0, () => simclr.save(store));
    const again = new Queue();
    const loaded = await SimCLR.load(store, { extraState: { queue: again } });
    expect((await again.value.data())[0]).toBe(7);
    const error = await rejection(SimCLR.load(store));
    expect(error.message).toContain('a state named "queue"');
    for (const part of [simclr, loaded, queue.value, again.value]) part.dispose();
  });

  it.each([
    [{ 'a/b': new Queue() }, 'names in extraState'],
    [{ a: {} }, 'extraState.a must have capture() and restore()'],
  ])('of the wrong kind is refused', (extraState, message) => {
    expect(() => tinySimCLR({ extraState: extraState as never })).toThrow(message);
  });
});

describe('a step that is not finite', () => {
  /** A loss that is NaN in the steps of these numbers, counting calls. */
  const nanAt = (...calls: number[]) => {
    let call = -1;
    return (a: Tensor, b: Tensor) => {
      call++;
      return calls.includes(call) ? scaled(a, b, Number.NaN) : scaled(a, b, 1);
    };
  };
  const run = (
    loss: ReturnType<typeof nanAt>,
    options: object,
    optimizer = new SGD({ learningRate: 0.1 }),
  ) => {
    const simclr = tinySimCLR({ loss: loss as never, optimizer });
    return { simclr, start: () => simclr.fit(pictures, { batchSize: 2, epochs: 1, ...options }) };
  };

  it('is left out where told: the weights stay, the rate falls, the next batch follows', async () => {
    const skipped: unknown[] = [];
    const callbacks: Callback[] = [{ onStepSkipped: (record) => void skipped.push(record) }];
    const { simclr, start } = run(nanAt(1, 2), { onNonFinite: { skip: 2, lowerBy: 0.5 }, callbacks });
    const { steps, outcome } = await start();
    expect(outcome).toBe('completed');
    expect(steps.map(({ step, learningRate }) => [step, learningRate])).toEqual([
      [0, 0.1],
      [1, 0.025],
    ]);
    expect(skipped).toEqual([
      { step: 1, epoch: 0, batch: 1, loss: Number.NaN, inSuccession: 1, learningRateFactor: 0.5 },
      { step: 1, epoch: 0, batch: 2, loss: Number.NaN, inSuccession: 2, learningRateFactor: 0.25 },
    ]);
    const store = memoryStore();
    await simclr.save(store);
    const loaded = await SimCLR.load(store, { loss: nanAt() as never });
    expect((loaded.optimizer as SGD).currentLearningRate).toBe(0.025);
    for (const part of [simclr, loaded]) part.dispose();
  });

  it('ends training by default, and when there are too many in succession', async () => {
    for (const options of [{}, { onNonFinite: 'stop' }, { onNonFinite: { skip: 1 } }]) {
      const { simclr, start } = run(nanAt(1, 2), options);
      expect((await rejection(start())).name).toBe('NonFiniteLossError');
      simclr.dispose();
    }
  });

  it('may be every step of an epoch', async () => {
    const { simclr, start } = run(nanAt(0, 1, 2, 3), { onNonFinite: { skip: 9 }, epochs: 2 });
    const { epochs, steps } = await start();
    expect([epochs.length, steps.length, simclr.progress.epoch]).toEqual([2, 4, 2]);
    expect(epochs[0]).toMatchObject({ steps: 0, loss: Number.NaN });
    simclr.dispose();
  });

  it.each([
    [{ onNonFinite: 'skip' }, 'onNonFinite must be "stop" or { skip, lowerBy }'],
    [{ onNonFinite: { skip: 0 } }, 'onNonFinite.skip'],
    [{ onNonFinite: { skip: 1, lowerBy: 0 } }, 'onNonFinite.lowerBy'],
    [{ onNonFinite: { skip: 1, lowerBy: 2 } }, 'at most 1'],
  ])('has no policy %j', async (options, message) => {
    const { simclr, start } = run(nanAt(), options);
    const error = await rejection(start());
    expect(error.name).toBe('InvalidOptionError');
    expect(error.message).toContain(message);
    simclr.dispose();
  });

  it("cannot lower the rate of tfjs's optimizers", async () => {
    const { simclr, start } = run(
      nanAt(),
      { onNonFinite: { skip: 1, lowerBy: 0.5 } },
      train.sgd(0.1) as never,
    );
    expect((await rejection(start())).message).toContain('takes an optimizer of this library');
    simclr.dispose();
  });
});

describe('a decode error in the middle of an epoch', () => {
  it('ends training with its own error, and the run continues from the last checkpoint', async () => {
    const broken = function* () {
      yield pictures;
      yield pictures;
      throw new Error('picture 17 is no picture');
    };
    const store = memoryCheckpoints();
    const simclr = trainer();
    const callbacks = [checkpoint(store, { everySteps: 1 })];
    const error = await rejection(simclr.fit(() => broken(), { callbacks }));
    expect(error.message).toBe('picture 17 is no picture');
    const latest = await latestCheckpoint(store);
    const loaded = await SimCLR.load(latest!);
    expect(loaded.progress).toMatchObject({ step: 2, epoch: 0, batch: 2 });
    const { steps } = await loaded.fit(() => [pictures, pictures, pictures].values(), {
      epochs: 1,
      resume: true,
    });
    expect(steps.length).toBe(1);
    for (const part of [simclr, loaded]) part.dispose();
  });
});

describe('checkpoint refuses', () => {
  it.each([
    [{ keep: 0 }, 'keep must be an integer'],
    [{ best: 'accuracy' }, 'best must be "loss" or a function'],
  ])('%j', (options, message) => {
    expect(() => checkpoint(memoryCheckpoints(), options as never)).toThrow(message);
  });

  it.each([{ keep: 2 }, { best: 'loss' as const }, { overwrite: true }])(
    '%j with a target that holds one checkpoint',
    (options) => {
      expect(() => checkpoint(memoryStore(), options)).toThrow('takes a store');
    },
  );
});
