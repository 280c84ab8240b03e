import {
  add,
  matMul,
  memory,
  mul,
  relu,
  type Tensor2D,
  tensor4d,
  train as tfTrain,
  tidy,
} from '@tensorflow/tfjs-core';
import {
  input,
  type LayersModel,
  layers,
  model,
  type SymbolicTensor,
  sequential,
} from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, it } from 'vitest';
import { type ImageBatch, selectImages } from '../../src/data/index.js';
import { classifierNetwork } from '../../src/evaluation/fine-tuning/classifier-network.js';
import {
  FineTunedClassifier,
  type FineTuneOptions,
  type FineTuneProgress,
  fineTune,
} from '../../src/evaluation/index.js';
import {
  BatchNormalization,
  CheckpointError,
  compose,
  InvalidOptionError,
  NonFiniteLossError,
  projectionHead,
  resnet18,
  ShapeError,
  SimCLRError,
  ValueRangeError,
} from '../../src/index.js';
import { expectClose } from '../helpers/close.js';
import { expectTensors } from '../helpers/leaks.js';
import {
  memoryStore,
  normalizedEncoder,
  rejection,
  tinyEncoder,
  tinySimCLR,
  weightValues,
} from '../training/tiny.js';
import { asBatches, coloredPictures } from './labeled-tiny.js';

const plain = compose([]);
const training = coloredPictures(24, 3);
const asked = coloredPictures(30, 3, 2);
const quick: FineTuneOptions = { epochs: 30, batchSize: 8, learningRate: 0.2 };

/** Disposed of after each test. */
let made: { dispose(): unknown }[] = [];
function keep<T extends { dispose(): unknown }>(part: T): T {
  made.push(part);
  return part;
}
afterEach(() => {
  for (const part of made) part.dispose();
  made = [];
});

function valuesOf(network: LayersModel): number[] {
  return network.layers.flatMap((layer) => layer.getWeights().flatMap((weight) => [...weight.dataSync()]));
}

describe('fineTune', () => {
  it('learns to tell pictures apart, and leaves source and memory as they were', async () => {
    const simclr = keep(tinySimCLR());
    const before = weightValues(simclr);
    const seen: FineTuneProgress[] = [];
    await expectTensors(0, async () => {
      const { classifier, losses, steps, outcome } = await fineTune(simclr, training, {
        ...quick,
        onProgress: (progress) => seen.push(progress),
      });
      expect(outcome).toBe('completed');
      expect(losses).toHaveLength(30);
      expect(seen[0]!.loss).toBeCloseTo(Math.log(3), 5); // the new layer is zero
      expect(losses.at(-1)!).toBeLessThan(0.5 * losses[0]!);
      expect(steps).toBe(90);
      expect(seen).toHaveLength(90);
      expect(seen.at(-1)).toMatchObject({ step: 90, totalSteps: 90, epoch: 29 });
      const result = await classifier.evaluate(asked.images, asked.labels);
      expect(result.accuracy).toBeGreaterThan(0.9);
      expect(result.predictions).toEqual(await classifier.predict(asked.images, { batchSize: 7 }));
      classifier.dispose();
      classifier.dispose();
    });
    expect(weightValues(simclr)).toEqual(before);
  });

  it('is a function of its seed', async () => {
    const simclr = keep(tinySimCLR());
    const lossesOf = async (seed: number) => {
      const { classifier, losses } = await fineTune(simclr, training, { ...quick, epochs: 3, seed });
      classifier.dispose();
      return losses;
    };
    const first = await lossesOf(1);
    expect(await lossesOf(1)).toEqual(first);
    expect(await lossesOf(2)).not.toEqual(first);
  });

  it('takes a step of SGD with Nesterov momentum on the mean cross entropy', async () => {
    // One step from zeros: softmax is 1/2 for both classes, so the bias moves by rate * 1.9 * (share - 1/2).
    const simclr = keep(tinySimCLR());
    const labels = Uint8Array.from({ length: 8 }, (_, i) => (i < 6 ? 0 : 1));
    const pictures = coloredPictures(8, 2);
    const { classifier } = await fineTune(
      simclr,
      { images: pictures.images, labels },
      { epochs: 1, batchSize: 8, learningRate: 0.1, augmentation: plain },
    );
    keep(classifier);
    const bias = classifier.network.getLayer('classifier').getWeights()[1]!.dataSync();
    expectClose(bias, [0.1 * 1.9 * 0.25, -0.1 * 1.9 * 0.25], { absolute: 1e-6 });
  });

  it('cuts a pass into steps of equal size and leaves no picture out', async () => {
    const simclr = keep(tinySimCLR());
    const { classifier, steps } = await fineTune(simclr, coloredPictures(9, 3), {
      epochs: 2,
      batchSize: 4,
      augmentation: plain,
    });
    classifier.dispose();
    expect(steps).toBe(6); // three steps of 3, not two of 4 and one of 1
  });

  it('moves the running statistics of batch normalization', async () => {
    const encoder = keep(normalizedEncoder());
    const mean = [...encoder.layers[1]!.getWeights()[2]!.dataSync()];
    const { classifier } = await fineTune({ encoder }, training, { epochs: 1 });
    keep(classifier);
    const copy = classifier.network.layers.find((layer) => layer.getClassName() === 'BatchNormalization')!;
    expect([...copy.getWeights()[2]!.dataSync()]).not.toEqual(mean);
    expect([...encoder.layers[1]!.getWeights()[2]!.dataSync()]).toEqual(mean);
  });

  it('leaves frozen layers of the encoder as they are', async () => {
    const encoder = keep(tinyEncoder());
    encoder.layers[0]!.trainable = false;
    const { classifier } = await fineTune({ encoder }, training, { ...quick, epochs: 3 });
    keep(classifier);
    const kernels = (from: LayersModel) =>
      from.layers
        .filter((layer) => layer.getClassName() === 'Conv2D')
        .map((layer) => [...layer.getWeights()[0]!.dataSync()]);
    const [first, second] = kernels(encoder);
    const [frozen, free] = kernels(classifier.network);
    expect(frozen).toEqual(first);
    expect(free).not.toEqual(second);
  });

  it('takes a source whose layers share names, and one that is called like the classifier', async () => {
    const named = (name: string) => layers.dense({ units: 4, name, activation: 'relu' });
    const encoder = keep(
      sequential({ layers: [layers.flatten({ inputShape: [8, 8, 3] }), named('a'), named('classifier')] }),
    );
    const head = keep(sequential({ layers: [layers.dense({ units: 3, inputShape: [4], name: 'a' })] }));
    await expectTensors(0, async () => {
      const source = { encoder, projectionHead: head };
      const { classifier } = await fineTune(source, training, { epochs: 1, attachTo: 1 });
      expect(classifier.network.layers.map(({ name }) => name).slice(-4)).toEqual([
        'a',
        'classifier',
        'a_',
        'classifier_',
      ]);
      classifier.dispose();
    });
  });

  it('leaves nothing behind when the source was disposed of', async () => {
    const simclr = tinySimCLR();
    simclr.dispose();
    await expectTensors(0, async () => {
      await expect(fineTune(simclr, training)).rejects.toThrow();
    });
  });

  it('writes the trained weights into the source when asked', async () => {
    const simclr = keep(tinySimCLR());
    const before = valuesOf(simclr.projectionHead);
    const { classifier } = await fineTune(simclr, training, {
      ...quick,
      epochs: 2,
      attachTo: 1,
      updateSource: true,
    });
    keep(classifier);
    const trained = valuesOf(classifier.network);
    expect(trained.slice(0, valuesOf(simclr.encoder).length)).toEqual(valuesOf(simclr.encoder));
    const after = valuesOf(simclr.projectionHead);
    expect(after.slice(0, 8 * 16 + 16)).not.toEqual(before.slice(0, 8 * 16 + 16));
    expect(after.slice(8 * 16 + 16)).toEqual(before.slice(8 * 16 + 16)); // the last layer took no part
  });

  it('trains a real ResNet of its own layers, normalization and all', async () => {
    const encoder = keep(resnet18({ inputShape: [8, 8, 3], stem: 'small', width: 2 }));
    const normalization = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.2, 0.2] };
    const optimizer = keep(tfTrain.sgd(0.1));
    await expectTensors(0, async () => {
      const { classifier, losses } = await fineTune({ encoder, normalization }, training, {
        epochs: 4,
        batchSize: 8,
        optimizer,
      });
      expect(losses.at(-1)!).toBeLessThan(losses[0]!);
      expect(classifier.normalization).toEqual(normalization);
      classifier.dispose();
    });
  }, 120_000);

  it('ends after the current step when aborted', async () => {
    const simclr = keep(tinySimCLR());
    const controller = new AbortController();
    const { classifier, steps, losses, outcome } = await fineTune(simclr, training, {
      ...quick,
      signal: controller.signal,
      onProgress: ({ step }) => step === 4 && controller.abort(),
    });
    keep(classifier);
    expect({ steps, outcome, epochs: losses.length }).toEqual({ steps: 4, outcome: 'aborted', epochs: 2 });
    expect(await classifier.predict(asked.images)).toHaveLength(30);
  });

  it('stops at a loss that is not finite, and leaves nothing behind', async () => {
    const simclr = keep(tinySimCLR());
    const before = weightValues(simclr);
    await expectTensors(0, async () => {
      const error = await rejection(
        fineTune(simclr, training, { ...quick, learningRate: 1e30, updateSource: true }),
      );
      expect(error).toBeInstanceOf(NonFiniteLossError);
    });
    expect(weightValues(simclr)).toEqual(before);
  });
});

describe('fineTune on a data set that gives batches', () => {
  it.each([
    ['the labels that its batches carry', asBatches(training), undefined, 1],
    ['labels by the numbers of its pictures', asBatches(training, false), [...training.labels], 0],
  ])('takes %s', async (_, images, labels, passesForLabels) => {
    const simclr = keep(tinySimCLR());
    await expectTensors(0, async () => {
      const { classifier, steps, losses, outcome } = await fineTune(
        simclr,
        { images, ...(labels && { labels }) },
        quick,
      );
      expect({ steps, outcome, classes: classifier.classes }).toEqual({
        steps: 90,
        outcome: 'completed',
        classes: 3,
      });
      expect(losses.at(-1)!).toBeLessThan(0.5 * losses[0]!);
      expect(images.passes.filter(({ shuffle }) => !shuffle)).toHaveLength(passesForLabels);
      const test = asBatches(asked);
      const inMemory = await classifier.evaluate(asked.images, asked.labels);
      expect(await classifier.evaluate(test)).toEqual(inMemory);
      expect(await classifier.evaluate(asBatches(asked, false), [...asked.labels])).toEqual(inMemory);
      expect(await classifier.predict(test, { batchSize: 4 })).toEqual(inMemory.predictions);
      classifier.dispose();
    });
  });

  it('takes an array of batches, with or without numbers', async () => {
    const simclr = keep(tinySimCLR());
    const lossesOf = async (images: ImageBatch[]) => {
      const { classifier, losses } = await fineTune(simclr, { images }, { ...quick, epochs: 2 });
      classifier.dispose();
      return losses;
    };
    const batch = (indices: number[]) => ({ ...selectImages(training, indices), indices });
    const parts = [batch([0, 1, 2, 3, 4]), batch([5, 6, 7])];
    expect(await lossesOf(parts.map(({ images, labels }) => ({ images, labels })))).toEqual(
      await lossesOf(parts),
    );
  });

  it('leaves no batch of one picture, and says when nothing has labels', async () => {
    const simclr = keep(tinySimCLR());
    const seven = asBatches(coloredPictures(7, 3));
    await expectTensors(0, async () => {
      const { classifier, steps } = await fineTune(simclr, { images: seven }, { epochs: 1, batchSize: 3 });
      classifier.dispose();
      expect(steps).toBe(2);
      await expect(fineTune(simclr, { images: asBatches(training, false) }, quick)).rejects.toThrow(
        'fineTune: labels must be given, because the batches of the data set carry none. Received: labels=undefined.',
      );
      const short = { images: asBatches(training, false), labels: [0, 1] };
      await expect(fineTune(simclr, short, quick)).rejects.toThrow(/2 labels for 24 rows/);
    });
  });
});

describe('where the classifier attaches', () => {
  const head = (batchNorm: boolean) =>
    keep(
      projectionHead({
        inputDim: 8,
        hidden: [6, 5],
        outputDim: 4,
        batchNormalization: { hidden: batchNorm, output: 'scale' },
      }),
    );
  /** What reaches the classifier. */
  const features = (network: LayersModel) => {
    const last = network.getLayer('classifier').input as SymbolicTensor;
    return model({ inputs: network.inputs, outputs: last });
  };

  it.each([false, true])(
    'takes the layers of the head with all that follows them, batchNorm %s',
    async (batchNorm) => {
      const encoder = keep(tinyEncoder());
      const projection = head(batchNorm);
      const images = keep(tensor4d(asked.images.data, [30, 8, 8, 3]));
      const h = keep(encoder.predict(images) as Tensor2D);
      const z = keep(projection.predict(h) as Tensor2D);
      for (const [attachTo, dim] of [
        ['h', 8],
        [1, 6],
        [2, 5],
        [3, 4],
      ] as const) {
        const source = { encoder, projectionHead: projection };
        const { network } = await classifierNetwork('test', source, attachTo, 3, true);
        const reached = keep(features(network).predict(images) as Tensor2D);
        expect(reached.shape).toEqual([30, dim]);
        if (attachTo === 'h') expectClose(reached.dataSync(), h.dataSync(), { absolute: 1e-6 });
        if (attachTo === 3) expectClose(reached.dataSync(), z.dataSync(), { absolute: 1e-6 });
        if (attachTo === 1 && !batchNorm) {
          const [kernel, bias] = projection.layers[1]!.getWeights();
          const hidden = tidy(() => relu(add(matMul(h, kernel as Tensor2D), bias!)));
          expectClose(reached.dataSync(), keep(hidden).dataSync(), { absolute: 1e-5 });
        }
        network.dispose();
      }
    },
  );

  it("begins from scratch with what the layers' initializers make", async () => {
    const fresh = keep(tinyEncoder());
    const trained = keep(tinyEncoder());
    trained.setWeights(trained.getWeights().map((weight) => keep(mul(weight, 2))));
    const { network } = await classifierNetwork('test', { encoder: trained }, 'h', 2, false);
    keep(network);
    const kernels = (from: LayersModel) => valuesOf(from).slice(0, 3 * 3 * 3 * 8);
    expect(kernels(network)).toEqual(kernels(fresh));
  });

  it('leaves no tensors of the parts of the head that are not kept', async () => {
    const encoder = keep(tinyEncoder());
    const projection = head(true);
    await expectTensors(0, async () => {
      const { network } = await classifierNetwork(
        'test',
        { encoder, projectionHead: projection },
        1,
        3,
        true,
      );
      network.dispose();
    });
  });

  it('refuses a head that branches or is too short', async () => {
    const encoder = keep(tinyEncoder());
    const x = input({ shape: [8] });
    const a = layers.dense({ units: 4 }).apply(x) as SymbolicTensor;
    const b = layers.dense({ units: 4 }).apply(x) as SymbolicTensor;
    const branches = keep(model({ inputs: x, outputs: layers.add().apply([a, b]) as SymbolicTensor }));
    await expect(fineTune({ encoder, projectionHead: branches }, training, { attachTo: 1 })).rejects.toThrow(
      /a chain of at least 1 dense layers. Received: projectionHead with layers that branch/,
    );
    await expect(
      fineTune({ encoder, projectionHead: head(false) }, training, { attachTo: 4 }),
    ).rejects.toThrow(/Received: projectionHead with 3 dense layers/);
  });
});

describe('FineTunedClassifier', () => {
  it('saves and loads, normalization included', async () => {
    const encoder = keep(
      sequential({
        layers: [
          layers.conv2d({ inputShape: [8, 8, 3], filters: 4, kernelSize: 3 }),
          new BatchNormalization(),
          layers.globalAveragePooling2d({}),
        ],
      }),
    );
    const normalization = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
    const { classifier } = await fineTune({ encoder, normalization }, training, { ...quick, epochs: 2 });
    keep(classifier);
    const store = memoryStore();
    await classifier.save(store);
    const { data, shape } = await classifier.probabilities(asked.images);
    expect(shape).toEqual([30, 3]);
    await expectTensors(0, async () => {
      const loaded = await FineTunedClassifier.load(store);
      expect(loaded).toMatchObject({ classes: 3, normalization });
      expectClose((await loaded.probabilities(asked.images)).data, data, { absolute: 1e-6 });
      loaded.dispose();
    });
    await encoder.save(store);
    await expectTensors(0, async () => {
      await expect(FineTunedClassifier.load(store)).rejects.toBeInstanceOf(CheckpointError);
    });
  });

  it('refuses pictures of another size, labels that are no class, and work after dispose', async () => {
    const simclr = keep(tinySimCLR());
    const { classifier } = await fineTune(simclr, training, { epochs: 1 });
    const tensors = memory().numTensors;
    const wide = { data: new Uint8Array(8 * 9 * 3), shape: [1, 8, 9, 3] } as const;
    await expect(classifier.predict(wide)).rejects.toThrow(/encoder's input shape \[N, 8,8,3\].*\[1,8,9,3\]/);
    await expect(classifier.evaluate(asked.images, asked.labels.slice(1))).rejects.toBeInstanceOf(ShapeError);
    await expect(
      classifier.evaluate(
        asked.images,
        asked.labels.map(() => 3),
      ),
    ).rejects.toBeInstanceOf(ValueRangeError);
    await expect(classifier.predict(asked.images, { batchSize: 0 })).rejects.toBeInstanceOf(
      InvalidOptionError,
    );
    expect(memory().numTensors).toBe(tensors);
    classifier.dispose();
    await expect(classifier.predict(asked.images)).rejects.toBeInstanceOf(SimCLRError);
    await expect(classifier.save(memoryStore())).rejects.toThrow(/must not be disposed/);
  });
});

describe('bad input of fineTune', () => {
  it.each<[string, Partial<{ images: unknown; labels: unknown; classes: number }>, FineTuneOptions, RegExp]>([
    ['no labels', { labels: undefined }, {}, /labels must be an array or a typed array of integers/],
    ['too few labels', { labels: Uint8Array.of(0, 1) }, {}, /Received: 2 labels for 24 rows/],
    [
      'one class only',
      { labels: new Uint8Array(24) },
      {},
      /at least two classes. Received: class 0 in every row/,
    ],
    ['a label out of range', { classes: 2 }, {}, /labels must be integers from 0 to 1. Received: labels\[/],
    [
      'no pictures',
      { images: undefined },
      {},
      /images must be a tensor, \{ data, shape \}, an iterable of batches or a function/,
    ],
    [
      'one picture',
      { images: { data: new Uint8Array(192), shape: [1, 8, 8, 3] } },
      {},
      /images must be at least 2/,
    ],
    ['attachTo 0', {}, { attachTo: 0 }, /attachTo must be "h" or an integer >= 1/],
    ['no such weights', {}, { weights: 'random' as 'scratch' }, /weights must be one of/],
    ['epochs 0', {}, { epochs: 0 }, /epochs must be an integer >= 1/],
    ['a batch of 1', {}, { batchSize: 1 }, /batchSize must be an integer >= 2/],
    ['a rate of 0', {}, { learningRate: 0 }, /learningRate must be a finite number > 0/],
    ['a negative decay', {}, { weightDecay: -1 }, /weightDecay must be a finite number >= 0/],
    ['no optimizer', {}, { optimizer: {} as never }, /optimizer must be a tfjs optimizer/],
    ['two rates', {}, { optimizer: tfTrain.sgd(1), learningRate: 1 }, /learningRate must be left out/],
    ['no transform', {}, { augmentation: {} as never }, /augmentation must be a transform/],
    ['a seed below 0', {}, { seed: -1 }, /seed must be an integer >= 0/],
  ])('refuses %s', async (_, change, options, message) => {
    const simclr = keep(tinySimCLR());
    await expectTensors(0, async () => {
      await expect(fineTune(simclr, { ...training, ...change } as never, options)).rejects.toThrow(message);
    });
  });

  it('refuses a source without a head where it attaches to one, and views of another size', async () => {
    const encoder = keep(tinyEncoder());
    await expect(fineTune({ encoder }, training, { attachTo: 1 })).rejects.toThrow(
      /a source with a projectionHead/,
    );
    const wide = { data: new Uint8Array(4 * 8 * 9 * 3), shape: [4, 8, 9, 3] } as const;
    const labels = Uint8Array.of(0, 1, 0, 1);
    await expectTensors(0, async () => {
      await expect(fineTune({ encoder }, { images: wide, labels }, { augmentation: plain })).rejects.toThrow(
        /pictures of the encoder's input shape \[4,8,8,3\]. Received: pictures=\[4,8,9,3\]/,
      );
    });
    await expect(fineTune({} as never, training)).rejects.toBeInstanceOf(ShapeError);
  });

  it('says where pictures are not in [0, 1]', async () => {
    const encoder = keep(tinyEncoder());
    const images = { data: training.images.data.map((value) => value * 255), shape: training.images.shape };
    await expectTensors(0, async () => {
      await expect(fineTune({ encoder }, { ...training, images })).rejects.toThrow(/divide by 255/);
    });
  });
});
