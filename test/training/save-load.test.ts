import {
  io,
  type Optimizer,
  serialization,
  sub,
  type Tensor,
  type Tensor2D,
  tensor1d,
  tidy,
  train,
  type Variable,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import {
  AdamW,
  constantSchedule,
  LARS,
  ntXentLoss,
  resnet18,
  SGD,
  SimCLR,
  simclrAugmentation,
  type Transform,
  warmupCosineSchedule,
} from 'simclr-ts';
import { directory } from 'simclr-ts/node';
import { describe, expect, it } from 'vitest';
import { expectClose } from '../helpers/close.js';
import { expectTensors } from '../helpers/leaks.js';
import { temporaryFolder } from '../node/temporary.js';
import {
  memoryStore,
  normalizedEncoder,
  rejection,
  tinyEncoder,
  tinyPictures,
  tinySimCLR,
  weightValues,
} from './tiny.js';

const pictures = tinyPictures(8);

/** A layer as users write them: its configuration has names that initializers and layers of tfjs use for other things. */
class Standardize extends layers.Layer {
  static className = 'TestStandardize';
  constructor(private readonly options: { mean: number[]; name?: string }) {
    super(options as never);
  }
  override call(inputs: Tensor | Tensor[]): Tensor {
    return tidy(() => sub(Array.isArray(inputs) ? inputs[0]! : inputs, tensor1d(this.options.mean)));
  }
  override getConfig(): serialization.ConfigDict {
    const own = {
      mean: this.options.mean,
      scale: 'log',
      stddev: -1,
      gain: { a: 1 },
      units: 9000,
      filters: [1e6],
    };
    return { ...super.getConfig(), ...own, layers: [1, 2], inputDim: 5000 };
  }
}

describe('a layer of the user', () => {
  it('is loaded whatever its configuration calls mean, scale or units', async () => {
    serialization.registerClass(Standardize as never);
    const encoder = sequential({
      layers: [
        layers.conv2d({ inputShape: [8, 8, 3], filters: 8, kernelSize: 3, strides: 2 }),
        new Standardize({ mean: Array(8).fill(0.5), name: 'standardize' }) as never,
        layers.globalAveragePooling2d({}),
      ],
    });
    const simclr = tinySimCLR({ encoder });
    const store = memoryStore();
    await simclr.save(store);
    const loaded = await SimCLR.load(store);
    expect(weightValues(loaded)).toEqual(weightValues(simclr));
    const [expected, actual] = [await simclr.embed(pictures), await loaded.embed(pictures)];
    expectClose(await actual.data(), await expected.data(), { absolute: 0 });
    for (const part of [expected, actual, simclr, loaded]) part.dispose();
  });
});

describe('a MobileNet from data', () => {
  it('is loaded with its layers and continues with the same losses', async () => {
    const encoder = {
      name: 'mobileNetV2',
      inputShape: [8, 8, 3],
      widthMultiplier: 0.1,
      stem: 'small',
    } as const;
    const simclr = tinySimCLR({ encoder, projectionHead: { hidden: [8], outputDim: 8 } });
    await simclr.trainStep(pictures);
    const store = memoryStore();
    await simclr.save(store);
    const loaded = await SimCLR.load(store);
    expect(weightValues(loaded)).toEqual(weightValues(simclr));
    const [expected, actual] = [await simclr.trainStep(pictures), await loaded.trainStep(pictures)];
    expect(actual.loss).toBe(expected.loss);
    for (const part of [simclr, loaded]) part.dispose();
  });
});

describe('numbers that JSON makes null of', () => {
  it('are refused when a trainer is saved, by name', async () => {
    const simclr = tinySimCLR({
      extraState: {
        best: { capture: () => ({ json: { loss: [Number.POSITIVE_INFINITY] } }), restore: () => {} },
      },
    });
    const store = memoryStore();
    await expectTensors(0, async () => {
      await expect(simclr.save(store)).rejects.toThrow(
        /^SimCLR\.save: numbers beside the weights must be finite.*nothing was written\. Received: extraState\.best\.loss\.0=Infinity\.$/,
      );
    });
    expect(store.artifacts).toBeUndefined();
    simclr.dispose();
  });

  it('are not taken for what was left out when one is loaded', async () => {
    const simclr = tinySimCLR({
      optimizer: new SGD({
        learningRate: warmupCosineSchedule({ peak: 0.1, warmupSteps: 1, totalSteps: 9 }),
      }),
    });
    await simclr.fit(pictures, { batchSize: 4 });
    const store = memoryStore();
    await simclr.save(store);
    simclr.dispose();
    type Json = Record<string, unknown>;
    const saved = store.artifacts!;
    for (const [path, message] of [
      ['loss.temperature', /loss|config\.temperature must not be null/],
      ['loss', /name its loss. Received: loss=null/],
      ['customLoss', /customLoss=null/],
      ['optimizer.config.learningRate.end', /learningRate\.end must not be null/],
      ['optimizer.config.nesterov', /config\.nesterov must not be null/],
      ['augmentation.options', /augmentation cannot be made.*config\.options must not be null/],
      ['augmentation.options.strength', /config\.options\.strength must not be null/],
      ['augmentation.options.scale.0', /config\.options\.scale\[0\] must not be null/],
      ['fit.batchSize', /fit\.batchSize=null/],
      ['fit.shuffle', /fit\.shuffle=null/],
      ['seed', /seed=null/],
      ['views', /views=null/],
      ['progress.step', /step=null/],
    ] as const) {
      const artifacts = structuredClone(saved);
      const keys = path.split('.');
      const last = keys.pop()!;
      const parent = keys.reduce((value, key) => value[key] as Json, artifacts.userDefinedMetadata as Json);
      expect(parent[last], path).toBeDefined();
      parent[last] = null;
      await expectTensors(0, async () => {
        const error = await rejection(SimCLR.load({ load: async () => artifacts }));
        expect(error.message, path).toMatch(message);
        expect(['CheckpointError', 'InvalidOptionError'], path).toContain(error.name);
      });
    }
  });
});

describe('a saved trainer', () => {
  const places = {
    memory: () => memoryStore(),
    'a folder': () => directory(temporaryFolder()),
    "tfjs's own handlers": () => {
      let saved: io.ModelArtifacts | undefined;
      const saver = io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
      });
      return {
        save: (artifacts: io.ModelArtifacts) => saver.save!(artifacts),
        load: () => (io.fromMemory(saved!) as io.IOHandler).load!(),
      };
    },
  };

  it.each(Object.entries(places))('embeds the same after loading from %s', async (_, place) => {
    const simclr = tinySimCLR({
      encoder: normalizedEncoder(),
      normalization: { mean: [0.4, 0.5, 0.6], std: [0.2, 0.2, 0.3] },
      temperature: 0.2,
      viewBatching: 'separate',
      seed: 11,
    });
    await simclr.fit(pictures, { batchSize: 4 });
    const handler = place();
    await expectTensors(0, () => simclr.save(handler));
    await expectTensors(0, async () => {
      const loaded = await SimCLR.load(handler);
      for (const key of ['normalization', 'temperature', 'viewBatching', 'seed', 'progress'] as const) {
        expect(loaded[key]).toEqual(simclr[key]);
      }
      expect(loaded.augmentation!.config).toEqual(simclr.augmentation!.config);
      const [expected, actual] = [await simclr.embed(pictures), await loaded.embed(pictures)];
      expectClose(await actual.data(), await expected.data(), { absolute: 0 });
      const [expectedZ, actualZ] = [await simclr.project(pictures), await loaded.project(pictures)];
      expectClose(await actualZ.data(), await expectedZ.data(), { absolute: 0 });
      for (const part of [expected, actual, expectedZ, actualZ, loaded]) part.dispose();
    });
    simclr.dispose();
  });

  it('has the same weight names whatever was built before in the process', async () => {
    const namesOf = async () => {
      const simclr = tinySimCLR({ optimizer: new SGD({ learningRate: 0.1 }) });
      await simclr.trainStep(pictures);
      const store = memoryStore();
      await simclr.save(store);
      simclr.dispose();
      return store.artifacts!.weightSpecs!.map(({ name }) => name);
    };
    const first = await namesOf();
    const others = [tinyEncoder(), normalizedEncoder(), tinyEncoder()];
    expect(await namesOf()).toEqual(first);
    expect(first).toContain('encoder/conv2d_Conv2D1/kernel');
    expect(first).toContain('encoder/conv2d_Conv2D2/bias');
    expect(first).toContain('projectionHead/projectionHead.dense1/kernel');
    expect(first).toContain('optimizer/encoder/conv2d_Conv2D1/kernel/momentum');
    for (const model of others) model.dispose();
  });

  it('is that of the call, also when training continues meanwhile', async () => {
    const simclr = tinySimCLR({ encoder: normalizedEncoder(), optimizer: train.adam(0.1) });
    await simclr.trainStep(pictures);
    const [quiet, busy] = [memoryStore(), memoryStore()];
    await simclr.save(quiet);
    const saving = simclr.save(busy);
    await simclr.trainStep(pictures);
    await saving;
    expect(busy.artifacts!.userDefinedMetadata).toEqual(quiet.artifacts!.userDefinedMetadata);
    const values = ({ artifacts }: typeof quiet) => new Float32Array(artifacts!.weightData as ArrayBuffer);
    expectClose(values(busy), values(quiet), { absolute: 0 });
    simclr.dispose();
  });
});

describe('training continues as if it had not been interrupted', () => {
  const optimizers: [string, () => Optimizer, boolean][] = [
    [
      'SGD with a schedule',
      () =>
        new SGD({
          learningRate: warmupCosineSchedule({ peak: 0.2, warmupSteps: 2, totalSteps: 8 }),
          momentum: 0.9,
        }),
      false,
    ],
    ['AdamW', () => new AdamW({ learningRate: 0.01, weightDecay: 0.1 }), false],
    ['LARS', () => new LARS({ learningRate: 0.2 }), false],
    ['tf.train.adam', () => train.adam(0.01), true],
    ['tf.train.momentum', () => train.momentum(0.05, 0.9), true],
    ['tf.train.rmsprop', () => train.rmsprop(0.01), true],
    ['tf.train.sgd', () => train.sgd(0.1), true],
  ];

  it.each(optimizers)('%s, within an epoch', async (name, optimizer, passAgain) => {
    const options = { batchSize: 2, epochs: 2 };
    const straight = tinySimCLR({ encoder: normalizedEncoder(), optimizer: optimizer() });
    // The same start: weights of unnamed layers are drawn again for each model.
    const store = memoryStore();
    await straight.save(store);
    const again = passAgain ? { optimizer: optimizer() } : {};
    const interrupted = await SimCLR.load(store, again);
    const { steps } = await straight.fit(pictures, { ...options, maxSteps: 6 });
    const before = await interrupted.fit(pictures, { ...options, maxSteps: 3 });
    await interrupted.save(store);
    interrupted.dispose({ includeGiven: true });
    const forgotten = name === 'tf.train.momentum' ? 1 : 0; // tfjs's own does not dispose its learning rate
    await expectTensors(forgotten, async () => {
      const resumed = await SimCLR.load(store, passAgain ? { optimizer: optimizer() } : {});
      expect(resumed.progress).toMatchObject({ step: 3, epoch: 0, batch: 3 });
      const after = await resumed.fit(pictures, { ...options, maxSteps: 3, resume: true });
      const both = [...before.steps, ...after.steps];
      expect(both.map(({ step, epoch }) => [step, epoch])).toEqual(
        steps.map(({ step, epoch }) => [step, epoch]),
      );
      expect(both.map(({ learningRate }) => learningRate)).toEqual(
        steps.map(({ learningRate }) => learningRate),
      );
      expectClose(
        both.map(({ loss }) => loss),
        steps.map(({ loss }) => loss),
        { absolute: 1e-6 },
      );
      expectClose(weightValues(resumed), weightValues(straight), { absolute: 1e-6 });
      resumed.dispose({ includeGiven: true });
    });
    straight.dispose();
  });

  it('needs the optimizer again when its schedule is a function of the user', async () => {
    const learningRate = (step: number) => 0.1 / (step + 1);
    const simclr = tinySimCLR({ optimizer: new SGD({ learningRate }) });
    await simclr.fit(pictures, { batchSize: 4 });
    const store = memoryStore();
    await simclr.save(store);
    const inference = await SimCLR.load(store);
    (await inference.embed(pictures)).dispose();
    for (const call of [
      () => inference.trainStep(pictures),
      () => inference.fit(pictures, { batchSize: 4 }),
    ]) {
      const error = await rejection(call());
      expect(error.name).toBe('InvalidOptionError');
      expect(error.message).toBe(
        'SimCLR: optimizer is needed for training, and the saved one (SGD) had a function as learningRate, which no file can hold. Pass it as SimCLR.load(source, { optimizer }).',
      );
    }
    inference.dispose();
    const loaded = await SimCLR.load(store, { optimizer: new SGD({ learningRate }) });
    expect((loaded.optimizer as SGD).currentLearningRate).toBe(0.1 / 3);
    simclr.dispose();
    loaded.dispose({ includeGiven: true });
  });

  it('with another optimizer, which starts over', async () => {
    const simclr = tinySimCLR({ optimizer: new SGD({ learningRate: 0.1 }) });
    await simclr.fit(pictures, { batchSize: 4 });
    const store = memoryStore();
    await simclr.save(store);
    const optimizer = new AdamW({ learningRate: constantSchedule(0.1) });
    const loaded = await SimCLR.load(store, { optimizer });
    expect(optimizer.step).toBe(0);
    expect(loaded.progress.step).toBe(2);
    await expect(loaded.trainStep(pictures)).resolves.toMatchObject({ step: 2, learningRate: 0.1 });
    for (const part of [simclr, loaded]) part.dispose();
  });

  it('with a model of the same architecture that the caller made', async () => {
    const simclr = tinySimCLR();
    const store = memoryStore();
    await simclr.save(store);
    const encoder = tinyEncoder();
    for (const { val } of encoder.weights as unknown as { val: Variable }[])
      tidy(() => val.assign(zerosLike(val)));
    const loaded = await SimCLR.load(store, { encoder });
    expect(loaded.encoder).toBe(encoder);
    expectClose(weightValues(loaded), weightValues(simclr), { absolute: 0 });
    for (const part of [simclr, loaded]) part.dispose();
  });
});

describe('what cannot be saved', () => {
  it('a loss of the user is asked for again', async () => {
    const loss = (a: Tensor2D, b: Tensor2D) => ntXentLoss(a, b, { temperature: 0.1 });
    const simclr = tinySimCLR({ loss });
    const store = memoryStore();
    await simclr.save(store);
    await expectTensors(0, async () => {
      const inference = await SimCLR.load(store);
      const h = await inference.embed(pictures);
      const expected = await simclr.embed(pictures);
      expect(await h.data()).toEqual(await expected.data());
      const error = await rejection(inference.trainStep(pictures));
      expect(error.name).toBe('InvalidOptionError');
      expect(error.message).toContain('Pass it as SimCLR.load(source, { loss })');
      expect((await rejection(inference.save(memoryStore()))).name).toBe('CheckpointError');
      for (const tensor of [h, expected]) tensor.dispose();
      inference.dispose();
    });
    const loaded = await SimCLR.load(store, { loss });
    expect((await loaded.trainStep(pictures)).loss).toBe((await simclr.trainStep(pictures)).loss);
    for (const part of [simclr, loaded]) part.dispose();
  });

  it.each<[string, Transform<null>]>([
    ['without a config', { name: 'mine', sample: () => null, apply: (images) => images.clone() }],
    [
      'with a config',
      {
        name: 'mine',
        config: { name: 'mine', options: {} },
        sample: () => null,
        apply: (images) => images.clone(),
      },
    ],
  ])(
    'an augmentation of the user, %s: it embeds without, and asks for it in training',
    async (_, augmentation) => {
      const simclr = tinySimCLR({ augmentation });
      const store = memoryStore();
      await simclr.save(store);
      const loaded = await SimCLR.load(store);
      expect(loaded.augmentation).toBeUndefined();
      (await loaded.embed(pictures)).dispose();
      for (const call of [loaded.trainStep(pictures), loaded.fit(pictures, { batchSize: 4 })]) {
        const error = await rejection(call);
        expect(error.name).toBe(call === undefined ? '' : error.name);
      }
      const error = await rejection(loaded.trainStep(pictures));
      expect(error.name).toBe('InvalidOptionError');
      expect(error.message).toContain('SimCLR.load(source, { augmentation })');
      const whole = await SimCLR.load(store, { augmentation });
      expect((await whole.trainStep(pictures)).loss).toBe((await simclr.trainStep(pictures)).loss);
      for (const part of [simclr, loaded, whole]) part.dispose();
    },
  );

  it("tfjs's own optimizers are asked for again", async () => {
    const simclr = tinySimCLR({ optimizer: train.adam(0.1) });
    const store = memoryStore();
    await simclr.save(store);
    await expectTensors(0, async () => {
      const inference = await SimCLR.load(store);
      (await inference.embed(pictures)).dispose();
      const error = await rejection(inference.trainStep(pictures));
      expect(error.name).toBe('InvalidOptionError');
      expect(error.message).toContain('the saved one (Adam) is not one of this library');
      inference.dispose();
    });
    simclr.dispose();
  });

  it('weights that are NaN or infinite are not written', async () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const simclr = tinySimCLR();
      const layer = simclr.encoder.layers[1]!;
      const [kernel, bias] = layer.getWeights();
      const values = await bias!.data();
      const broken = tensor1d(Float32Array.from(values, (old, i) => (i === 3 ? value : old)));
      layer.setWeights([kernel!, broken]);
      const store = memoryStore();
      const error = await rejection(simclr.save(store));
      expect(error.name).toBe('CheckpointError');
      expect(error.message).toContain(`encoder/conv2d_Conv2D2/bias with ${value}`);
      expect(store.saves).toBe(0);
      broken.dispose();
      simclr.dispose();
    }
  });

  it.each([[{}], ['nowhere://x'], [undefined]])('to %s, which cannot save or load', async (place) => {
    const simclr = tinySimCLR();
    const errors = [
      await rejection(simclr.save(place as string)),
      await rejection(SimCLR.load(place as string)),
    ];
    expect(errors.map(({ name }) => name)).toEqual(['CheckpointError', 'CheckpointError']);
    expect(errors[0]!.message).toContain('SimCLR.save: target must be');
    expect(errors[1]!.message).toContain('SimCLR.load: source must be');
    simclr.dispose();
  });
});

describe('SimCLR.load refuses, and leaves no tensor behind,', () => {
  async function saved(): Promise<io.ModelArtifacts> {
    const simclr = tinySimCLR({ optimizer: new SGD({ learningRate: 0.1 }) });
    await simclr.trainStep(pictures);
    const store = memoryStore();
    await simclr.save(store);
    simclr.dispose();
    return store.artifacts!;
  }
  const change = (artifacts: io.ModelArtifacts, metadata: object): io.ModelArtifacts => ({
    ...artifacts,
    userDefinedMetadata: { ...artifacts.userDefinedMetadata, ...metadata },
  });
  it.each<[string, (artifacts: io.ModelArtifacts) => io.ModelArtifacts, string]>([
    ['a model of another program', (a) => ({ ...a, format: 'layers-model' }), 'format="layers-model"'],
    ['a file of no format', ({ modelTopology }) => ({ modelTopology: modelTopology! }), 'format=undefined'],
    ['a later version', (a) => change(a, { formatVersion: 99 }), 'formatVersion=99'],
    ['a file without weights', ({ weightData: _, ...a }) => a, 'without weights'],
    ['a file without models', (a) => ({ ...a, modelTopology: {} }), 'without the encoder'],
    ['a file without progress', (a) => change(a, { progress: null }), 'without the progress'],
    [
      'weights cut off',
      (a) => ({ ...a, weightData: (a.weightData as ArrayBuffer).slice(0, 100) }),
      '100 bytes',
    ],
    [
      'a weight left out',
      (a) => ({
        ...a,
        weightSpecs: a.weightSpecs!.slice(1),
        weightData: (a.weightData as ArrayBuffer).slice(
          4 * a.weightSpecs![0]!.shape.reduce((x, y) => x * y, 1),
        ),
      }),
      'encoder/conv2d_Conv2D1/kernel is missing',
    ],
    [
      'a layer that nobody knows',
      (a) => ({
        ...a,
        modelTopology: JSON.parse(JSON.stringify(a.modelTopology).replaceAll('"Conv2D"', '"MyLayer"')),
      }),
      'the saved encoder cannot be built',
    ],
    [
      'a slot of the optimizer that is not its own',
      (a) => ({
        ...a,
        weightSpecs: a.weightSpecs!.map((spec) => ({
          ...spec,
          name: spec.name.replace(/momentum$/, 'other'),
        })),
      }),
      'each variable must have the slots: momentum',
    ],
  ])('%s', async (_, alter, text) => {
    const artifacts = alter(await saved());
    await expectTensors(0, async () => {
      const error = await rejection(SimCLR.load({ load: async () => artifacts }));
      expect(error.name).toBe('CheckpointError');
      expect(error.message).toContain(text);
    });
  });

  it('a model of another architecture, and leaves the one given as it was', async () => {
    const artifacts = await saved();
    const encoder = normalizedEncoder();
    const before = encoder.getWeights().map((weight) => [...weight.dataSync()]);
    await expectTensors(0, async () => {
      const error = await rejection(SimCLR.load({ load: async () => artifacts }, { encoder }));
      expect(error.name).toBe('CheckpointError');
      expect(error.message).toMatch(
        /another architecture \(\d+ weights differ\)\. First: encoder\/\S+ is missing/,
      );
    });
    expect(encoder.getWeights().map((weight) => [...weight.dataSync()])).toEqual(before);
    encoder.dispose();
  });

  it('a model of other sizes', async () => {
    const narrow = resnet18({ inputShape: [8, 8, 3], stem: 'small', width: 1 });
    const wide = resnet18({ inputShape: [8, 8, 3], stem: 'small', width: 2 });
    const simclr = new SimCLR({ encoder: narrow, augmentation: simclrAugmentation({ size: 8 }) });
    const store = memoryStore();
    await simclr.save(store);
    const error = await rejection(SimCLR.load(store, { encoder: wide }));
    expect(error.message).toMatch(/is \[3,3,3,1\] in the checkpoint and \[3,3,3,2\] in the model/);
    for (const part of [simclr, wide]) part.dispose();
  });

  it('what its handler cannot read, with the error of the handler', async () => {
    const cause = new Error('offline');
    expect(await rejection(SimCLR.load({ load: () => Promise.reject(cause) }))).toBe(cause);
  });
});
