import {
  add,
  getBackend,
  getGradient,
  getKernel,
  mean,
  registerGradient,
  registerKernel,
  sqrt,
  sub,
  type Tensor4D,
  tensor,
  tensor4d,
  unregisterGradient,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { type LayersModel, layers, sequential } from '@tensorflow/tfjs-layers';
import {
  type Callback,
  checkpoint,
  type FitOptions,
  type ImageArray,
  NonFiniteLossError,
  ntXentLoss,
  projectionHead,
  SGD,
  type SimCLR,
  type SimCLROptions,
  simclrAugmentation,
  type TrainStepOptions,
} from 'simclr-ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectTensors } from '../helpers/leaks.js';
import {
  memoryStore,
  normalizedEncoder,
  rejection,
  tinyEncoder,
  tinyPictures,
  tinySimCLR,
  weightValues,
} from './tiny.js';

const pictures = tinyPictures(4);
const shape: [number, number, number, number] = [4, 8, 8, 3];

/** Calls each function with the same bad pictures. */
const callers: [string, (simclr: SimCLR, images: Tensor4D) => Promise<unknown>][] = [
  ['SimCLR.trainStep: images', (simclr, images) => simclr.trainStep(images)],
  ['SimCLR.embed: images', (simclr, images) => simclr.embed(images)],
  ['SimCLR.project: images', (simclr, images) => simclr.project(images)],
  ['SimCLR.fit: dataset', (simclr, images) => simclr.fit(images, { batchSize: 4 })],
];

describe.each(callers)('%s', (start, call) => {
  let simclr: SimCLR;
  beforeAll(() => {
    simclr = tinySimCLR({
      encoder: normalizedEncoder(),
      optimizer: new SGD({ learningRate: 0.1, momentum: 0 }),
    });
  });
  afterAll(() => simclr.dispose());

  const scaled = (change: (value: number) => number) => () =>
    tensor4d(Float32Array.from(pictures.data, change), shape);
  it.each<[string, () => unknown, string, string, string]>([
    ['rank 3', () => tensor(new Float32Array(192), [8, 8, 3]), 'ShapeError', 'must', '=[8,8,3]'],
    ['int32', () => tensor(new Int32Array(768), shape, 'int32'), 'ShapeError', 'float32', 'dtype int32'],
    ['0-255', scaled((value) => 255 * value), 'ValueRangeError', 'divide by 255', 'values from'],
    [
      'normalized already',
      scaled((value) => 4 * value - 2),
      'ValueRangeError',
      'already normalized',
      'from -',
    ],
    [
      'scaled to [-1, 1]',
      scaled((value) => 2 * value - 1),
      'ValueRangeError',
      '(x + 1) / 2',
      'values from -',
    ],
    ['NaN', scaled((value) => (value > 0.5 ? Number.NaN : value)), 'ValueRangeError', 'NaN', 'with NaN'],
    ['nested arrays', () => [[[[0.5]]]], 'Error', '', ''],
    ['nothing', () => undefined, 'InvalidOptionError', 'must be a', 'undefined'],
    ['a wrong length', () => ({ data: new Uint8Array(7), shape }), 'ShapeError', '768 values', 'length 7'],
  ])('%s', async (_, make, name, expected, received) => {
    const images = make() as Tensor4D;
    const before = weightValues(simclr);
    await expectTensors(0, async () => {
      const error = await rejection(call(simclr, images));
      expect(error.name).toMatch(name);
      expect(error.message).toContain(expected);
      expect(error.message).toContain(received);
      // Nested arrays might be batches for all that `fit` knows: there the reader of batches speaks.
      expect(error.message.startsWith(start) || Array.isArray(images)).toBe(true);
    });
    expect(weightValues(simclr)).toEqual(before);
    images?.dispose?.();
  });
});

describe('pictures that do not fit the model', () => {
  it('of another size cannot be embedded', async () => {
    const simclr = tinySimCLR();
    for (const size of [
      [2, 9, 8, 3],
      [2, 8, 8, 1],
      [0, 8, 8, 3],
    ] as ImageArray['shape'][]) {
      const images = { data: new Uint8Array(size.reduce((a, b) => a * b)), shape: size };
      const error = await rejection(simclr.embed(images));
      expect(error.name).toBe('ShapeError');
      expect(error.message).toBe(
        `SimCLR.embed: images must have the encoder's input shape [N, 8,8,3], N >= 1. Received: images=[${size}].`,
      );
    }
    simclr.dispose();
  });

  it('a single one gives no negatives', async () => {
    const simclr = tinySimCLR();
    const one = tinyPictures(1);
    for (const call of [() => simclr.trainStep(one), () => simclr.fit([one])]) {
      const error = await rejection(call());
      expect(error.name).toBe('ShapeError');
      expect(error.message).toMatch(/at least 2 images, .* Received: images=\[1,8,8,3\]/);
    }
    simclr.dispose();
  });

  it('an augmentation of another size, or with other channels', async () => {
    const wrong: SimCLROptions['augmentation'][] = [
      simclrAugmentation({ size: 9, blur: false }),
      { name: 'gray', sample: () => null, apply: () => tensor4d([0], [1, 1, 1, 1]) },
    ];
    for (const augmentation of wrong) {
      const simclr = tinySimCLR({ augmentation: augmentation! });
      await expectTensors(0, async () => {
        const error = await rejection(simclr.trainStep(pictures));
        expect(error.name).toBe('ShapeError');
        expect(error.message).toMatch(
          /augmentation must give views of the encoder's input shape \[4,8,8,3\]/,
        );
        expect(error.message).toMatch(/Received: views=\[(4,9,9,3|1,1,1,1)\]/);
      });
      simclr.dispose();
    }
  });
});

describe('new SimCLR refuses', () => {
  const rank4 = () =>
    sequential({ layers: [layers.conv2d({ inputShape: [8, 8, 3], filters: 2, kernelSize: 3 })] });
  const vectors = () => sequential({ layers: [layers.dense({ inputShape: [8], units: 8 })] });
  it.each<[string, () => SimCLROptions, string, string, string]>([
    [
      'temperature 0',
      () => ({ temperature: 0 }),
      'InvalidOptionError',
      'temperature must be',
      'temperature=0',
    ],
    [
      'temperature -1',
      () => ({ temperature: -1 }),
      'InvalidOptionError',
      'temperature must be',
      'temperature=-1',
    ],
    ['temperature NaN', () => ({ temperature: Number.NaN }), 'InvalidOptionError', 'temperature', '=NaN'],
    [
      'viewBatching',
      () => ({ viewBatching: 'both' as never }),
      'InvalidOptionError',
      '"joint", "separate"',
      '"both"',
    ],
    ['seed 0.5', () => ({ seed: 0.5 }), 'InvalidOptionError', 'seed must be an integer', 'seed=0.5'],
    ['seed -1', () => ({ seed: -1 }), 'InvalidOptionError', 'seed must be an integer', 'seed=-1'],
    [
      'seed 2^53 - 1',
      () => ({ seed: Number.MAX_SAFE_INTEGER }),
      'InvalidOptionError',
      'to 2^53 - 2',
      '=9007199254740991',
    ],
    ['rank 4', () => ({ encoder: rank4() }), 'ShapeError', 'globalAveragePooling2d', '[null,6,6,2]'],
    ['vectors', () => ({ encoder: vectors() }), 'ShapeError', 'must take images', '[null,8]'],
    [
      'no model',
      () => ({ encoder: 'resnet18' as never }),
      'InvalidOptionError',
      'encoder must be',
      '"resnet18"',
    ],
    [
      'a head for others',
      () => ({ projectionHead: projectionHead({ inputDim: 7 }) }),
      'ShapeError',
      '[N, 8]',
      '[null,7]',
    ],
    [
      'a head of rank 4',
      () => ({ projectionHead: rank4() }),
      'ShapeError',
      'projectionHead must',
      '[null,6,6,2]',
    ],
    [
      'no transform',
      () => ({ augmentation: (() => {}) as never }),
      'InvalidOptionError',
      'augmentation must',
      'a function',
    ],
    [
      'no optimizer',
      () => ({ optimizer: 'adam' as never }),
      'InvalidOptionError',
      'optimizer must',
      '"adam"',
    ],
    [
      'no loss',
      () => ({ loss: 3 as never }),
      'InvalidOptionError',
      'loss must be the name of a loss',
      'loss=3',
    ],
    [
      'an unknown loss',
      () => ({ loss: 'nt-xent' as never }),
      'InvalidOptionError',
      'name must be one of ntXent, ntXentQueue, dcl, dclw, supervisedContrastive, vicReg, barlowTwins',
      '"nt-xent"',
    ],
    [
      'an unknown option of a loss',
      () => ({ loss: { name: 'dcl', sigma: 1 } as never }),
      'InvalidOptionError',
      'the options of dcl are temperature, blockSize',
      'option="sigma"',
    ],
    [
      'an option of a loss out of range',
      () => ({ loss: { name: 'dclw', sigma: 0 } }),
      'InvalidOptionError',
      'sigma must be a finite number > 0',
      'sigma=0',
    ],
    [
      'a queue of no size',
      () => ({ loss: { name: 'ntXentQueue', queueSize: 0 } }),
      'InvalidOptionError',
      'queueSize must be an integer >= 1',
      'queueSize=0',
    ],
    ['one view', () => ({ views: 1 }), 'InvalidOptionError', 'views must be an integer >= 2', 'views=1'],
    [
      'an array of one augmentation',
      () => ({ augmentation: [simclrAugmentation({ size: 8 })] }),
      'InvalidOptionError',
      'at least 2 views',
      'an array of 1',
    ],
    [
      'no transform in an array',
      () => ({ augmentation: [simclrAugmentation({ size: 8 }), 'crop' as never] }),
      'InvalidOptionError',
      'augmentation[1] is not one',
      '"crop"',
    ],
    [
      'views beside an array of augmentations',
      () => ({ views: 3, augmentation: [simclrAugmentation({ size: 8 }), simclrAugmentation({ size: 8 })] }),
      'InvalidOptionError',
      'views must be left out',
      'views=3',
    ],
    [
      'gray normalization',
      () => ({ normalization: { mean: [0.5], std: [1] } }),
      'InvalidOptionError',
      '3 channels',
      '[0.5]',
    ],
  ])('%s', (_, make, name, expected, received) => {
    const options = make();
    let error: Error | undefined;
    try {
      tinySimCLR(options);
    } catch (thrown) {
      error = thrown as Error;
    }
    expect(error?.name).toBe(name);
    expect(error!.message).toMatch(/^SimCLR: .*Received: /);
    expect(error!.message).toContain(expected);
    expect(error!.message).toContain(received);
    for (const model of [options.encoder, options.projectionHead]) (model as LayersModel)?.dispose?.();
  });

  it('a standard deviation of 0', () => {
    const normalization = { mean: [0, 0, 0], std: [1, 0, 1] };
    expect(() => tinySimCLR({ normalization })).toThrow('std must be an array of 3 numbers > 0');
  });
});

describe('calls refuse options outside their domain', () => {
  it.each<[string, FitOptions, string]>([
    ['batchSize 1', { batchSize: 1 }, 'batchSize must be an integer >= 2. Received: batchSize=1.'],
    ['batchSize 2.5', { batchSize: 2.5 }, 'Received: batchSize=2.5.'],
    ['epochs 0', { epochs: 0 }, 'epochs must be an integer >= 1. Received: epochs=0.'],
    ['epochs NaN', { epochs: Number.NaN }, 'Received: epochs=NaN.'],
    ['maxSteps 0', { maxSteps: 0 }, 'maxSteps must be an integer >= 1. Received: maxSteps=0.'],
  ])('fit: %s', async (_, options, text) => {
    const simclr = tinySimCLR();
    const error = await rejection(simclr.fit(pictures, options));
    expect(error.name).toBe('InvalidOptionError');
    expect(error.message).toContain(`SimCLR.fit: `);
    expect(error.message).toContain(text);
    simclr.dispose();
  });

  it('embed: batchSize', async () => {
    const simclr = tinySimCLR();
    const error = await rejection(simclr.embed(pictures, { batchSize: 0 }));
    expect(error.message).toBe('SimCLR.embed: batchSize must be an integer >= 1. Received: batchSize=0.');
    simclr.dispose();
  });

  it.each<[TrainStepOptions, string]>([
    [
      { indices: [0, 1] },
      'indices must be 4 integers >= 0, one per image. Received: indices=[0, 1] (length 2)',
    ],
    [{ indices: [0, 1, 2, -3] }, 'indices=[0, 1, 2, -3] (length 4)'],
    [{ epoch: -1 }, 'epoch must be an integer >= 0. Received: epoch=-1'],
    [{ epoch: 0.5 }, 'epoch=0.5'],
  ])('trainStep: %o', async (options, text) => {
    const simclr = tinySimCLR();
    await expectTensors(0, async () => {
      const error = await rejection(simclr.trainStep(pictures, options));
      expect(error.name).toBe('InvalidOptionError');
      expect(error.message).toContain(text);
    });
    simclr.dispose();
  });

  it('a schedule that gives NaN, before anything has changed', async () => {
    const learningRate = (step: number) => (step < 2 ? 0.1 : Number.NaN);
    const simclr = tinySimCLR({ encoder: normalizedEncoder(), optimizer: new SGD({ learningRate }) });
    await simclr.trainStep(pictures);
    await simclr.trainStep(pictures);
    const before = weightValues(simclr);
    const error = await rejection(simclr.trainStep(pictures));
    expect(error.name).toBe('InvalidOptionError');
    expect(error.message).toContain('learningRate at step 2');
    expect(weightValues(simclr)).toEqual(before);
    expect(simclr.progress.step).toBe(2);
    simclr.dispose();
  });

  it.each<[string, SimCLROptions['loss'], string]>([
    ['a loss for each view', (a, b) => ntXentLoss(a, b, { reduction: 'none' }) as never, 'shape [8]'],
    ['a number', () => 1 as never, 'returned 1'],
    ['nothing', () => undefined as never, 'returned undefined'],
  ])('a loss that returns %s', async (_, loss, received) => {
    const simclr = tinySimCLR({ loss: loss! });
    await expectTensors(0, async () => {
      const error = await rejection(simclr.trainStep(pictures));
      expect(error.name).toBe('ShapeError');
      expect(error.message).toContain('loss must return a scalar tensor');
      expect(error.message).toContain(received);
    });
    simclr.dispose();
  });
});

describe('a loss that is not finite', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY])('stops training at once: %f', async (value) => {
    let calls = 0;
    const simclr = tinySimCLR({
      encoder: normalizedEncoder(),
      optimizer: new SGD({ learningRate: 0.1 }),
      loss: (a, b) => (calls++ === 3 ? add(ntXentLoss(a, b), value) : ntXentLoss(a, b)),
    });
    const store = memoryStore();
    const after: Float32Array[] = [];
    const ends: string[] = [];
    const callbacks: Callback[] = [
      checkpoint(store, { everySteps: 1 }),
      {
        onStepEnd: () => void after.push(weightValues(simclr)),
        onFitEnd: (outcome) => void ends.push(outcome),
      },
    ];
    await simclr.trainStep(pictures); // makes the optimizer's tensors
    await expectTensors(0, async () => {
      const error = await rejection(simclr.fit(pictures, { epochs: 9, batchSize: 4, callbacks }));
      expect(error).toBeInstanceOf(NonFiniteLossError);
      expect(error).toMatchObject({ name: 'NonFiniteLossError', step: 3, loss: value });
      expect(error.message).toContain(`The loss is ${value} at step 3`);
    });
    expect(after.length).toBe(2);
    // Also the running statistics of the batch normalization, which the forward pass had moved.
    expect(weightValues(simclr)).toEqual(after.at(-1));
    expect(simclr.progress).toMatchObject({ step: 3, epoch: 2, batch: 0 });
    expect(store.artifacts!.userDefinedMetadata).toMatchObject({ progress: { step: 3 } });
    expect(ends).toEqual(['failed']);
    await expect(simclr.trainStep(pictures)).resolves.toMatchObject({ step: 3 });
    simclr.dispose();
  });

  it('is not blamed for NaN in a later picture of the data set', async () => {
    const simclr = tinySimCLR();
    const broken = tensor4d(new Float32Array(768).fill(Number.NaN), shape);
    const error = await rejection(simclr.fit([pictures, broken]));
    expect(error.name).toBe('ValueRangeError');
    expect(error.message).toContain('SimCLR.fit: dataset must hold values in [0, 1], but they contain NaN');
    simclr.dispose();
  });

  it('stops a run whose learning rate is absurd', async () => {
    const simclr = tinySimCLR({ encoder: normalizedEncoder(), optimizer: new SGD({ learningRate: 1e30 }) });
    let after = weightValues(simclr);
    const onStepEnd = () => {
      after = weightValues(simclr);
    };
    const error = await rejection(
      simclr.fit(pictures, { epochs: 20, batchSize: 4, callbacks: [{ onStepEnd }] }),
    );
    expect(error.name).toBe('NonFiniteLossError');
    expect(simclr.progress.step).toBe((error as NonFiniteLossError).step);
    expect(weightValues(simclr)).toEqual(after);
    simclr.dispose();
  });

  it('is not the only sign: its gradient is looked at too', async () => {
    // 0 at equal views, but its gradient there is 0 / 0.
    const loss: SimCLROptions['loss'] = (a) => mean(sqrt(sub(a, a)));
    const simclr = tinySimCLR({ loss: loss!, encoder: normalizedEncoder() });
    const before = weightValues(simclr);
    const error = await rejection(simclr.trainStep(pictures));
    expect(error).toMatchObject({ name: 'NonFiniteLossError', step: 0, loss: 0 });
    expect(error.message).toMatch(
      /^The loss is 0 at step 0, but its gradient is not finite: training stopped before/,
    );
    expect(weightValues(simclr)).toEqual(before);
    simclr.dispose();
  });
});

describe('a backend that lacks something', () => {
  it.each([
    ['Conv2DBackpropFilter', (simclr: SimCLR) => simclr.trainStep(pictures)],
    ['Mean', (simclr: SimCLR) => simclr.embed(pictures)],
  ])('the kernel %s is named', async (name, call) => {
    const simclr = tinySimCLR({ encoder: tinyEncoder() });
    const kernel = getKernel(name, getBackend());
    unregisterKernel(name, getBackend());
    try {
      await expectTensors(0, async () => {
        const error = await rejection(call(simclr));
        expect(error.name).toBe('BackendError');
        expect(error.message).toContain(`The active backend '${getBackend()}' lacks the kernel ${name}`);
        expect(error.cause).toBeInstanceOf(Error);
      });
    } finally {
      registerKernel(kernel);
    }
    await expect(simclr.trainStep(pictures)).resolves.toMatchObject({ step: 0 });
    simclr.dispose();
  });

  it('is not told to import what is imported', async () => {
    const name = 'DepthwiseConv2dNativeBackpropFilter';
    const encoder = sequential({
      layers: [
        layers.depthwiseConv2d({ inputShape: [8, 8, 3], kernelSize: 3, depthMultiplier: 2 }),
        layers.globalAveragePooling2d({}),
      ],
    });
    const head = projectionHead({ inputDim: 6, hidden: [8], outputDim: 4 });
    const simclr = tinySimCLR({ encoder, projectionHead: head });
    const kernel = getKernel(name, getBackend()); // none on wasm, with the kernels of simclr-ts/wasm
    if (kernel) unregisterKernel(name, getBackend());
    try {
      const { message } = await rejection(simclr.trainStep(pictures));
      expect(message).toContain(`lacks the kernel ${name}, which these models need: `);
      expect(message).toMatch(/choose (another backend|other layers)/);
      expect(message).not.toContain('import');
    } finally {
      if (kernel) registerKernel(kernel);
    }
    simclr.dispose();
  });

  it('a gradient is named', async () => {
    const simclr = tinySimCLR();
    const gradient = getGradient('Conv2D');
    unregisterGradient('Conv2D');
    try {
      const error = await rejection(simclr.trainStep(pictures));
      expect(error.name).toBe('BackendError');
      expect(error.message).toContain('no gradient for Conv2D');
    } finally {
      registerGradient(gradient);
    }
    simclr.dispose();
  });
});
