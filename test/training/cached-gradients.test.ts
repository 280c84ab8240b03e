import {
  concat,
  dispose,
  getBackend,
  type NamedTensorMap,
  randomUniform,
  slice,
  type Tensor2D,
  type Tensor4D,
  tensor1d,
  variableGrads,
} from '@tensorflow/tfjs-core';
import { type LayersModel, layers, sequential } from '@tensorflow/tfjs-layers';
import {
  BatchNormalization,
  contrastiveGradients,
  projectionHead,
  type ResNetOptions,
  resnet18,
  resnet34,
  resnet50,
  trainableVariables,
} from 'simclr-ts';
import { type LossConfig, lossFromConfig, type ViewLoss, vicRegLoss } from 'simclr-ts/losses';
import { cachedGradients } from 'simclr-ts/training';
import { describe, expect, it } from 'vitest';
import { expectClose } from '../helpers/close.js';
import { expectTensors } from '../helpers/leaks.js';
import { tinyEncoder } from './tiny.js';

const [chunks, size] = [3, 2];
const count = chunks * size;
const labels = [0, 1, 0, 2, 2, -1];

const losses: LossConfig[] = [
  { name: 'ntXent', temperature: 0.2 },
  { name: 'ntXent', temperature: 0.2, blockSize: 4 },
  { name: 'ntXentQueue', queueSize: 10 },
  { name: 'dcl' },
  { name: 'dclw' },
  { name: 'supervisedContrastive' },
  { name: 'vicReg' },
  { name: 'barlowTwins' },
];

interface Models {
  encoder: LayersModel;
  projectionHead: LayersModel;
}

/** The same models twice: normalizing whole batches, and in so many groups. */
function twins(make: (groups?: number) => Models, groups: number): { chunked: Models; grouped: Models } {
  const [chunked, grouped] = [make(), make(groups)];
  for (const role of ['encoder', 'projectionHead'] as const) {
    grouped[role].setWeights(chunked[role].getWeights());
  }
  return { chunked, grouped };
}

const part = (view: Tensor4D, chunk: number) => slice(view, [chunk * size, 0, 0, 0], [size, -1, -1, -1]);

/**
 * All chunks in one pass, each a group of the batch normalization: the pictures in the order in which the chunks have
 * them, the projections put back into that of the views.
 */
function groupStep(views: Tensor4D[], models: Models, loss: ViewLoss) {
  const order = Array.from({ length: chunks }, (_, chunk) => views.map((view) => part(view, chunk))).flat();
  return variableGrads(
    () => {
      const h = models.encoder.apply(concat(order), { training: true });
      const z = models.projectionHead.apply(h as Tensor4D, { training: true }) as Tensor2D;
      const projections = views.map((_, view) =>
        concat(
          Array.from({ length: chunks }, (_, chunk) =>
            slice(z, [(chunk * views.length + view) * size, 0], [size, -1]),
          ),
        ),
      );
      return loss.compute(projections, { labels });
    },
    trainableVariables(models.encoder, models.projectionHead),
  );
}

/** TensorFlow chooses how it sums a convolution by the size of the batch: chunks round otherwise than the whole. */
const relative = getBackend() === 'tensorflow' ? 5e-4 : 2e-4;

/** Compares by position, for the variables of the two have names of their own. */
function expectSame(
  actual: { models: Models; gradients: NamedTensorMap },
  expected: { models: Models; gradients: NamedTensorMap },
): void {
  const variables = ({ models }: typeof actual) =>
    trainableVariables(models.encoder, models.projectionHead).map(({ name }) => name);
  const names = variables(expected);
  const norm = (values: ArrayLike<number>) => Math.hypot(...Array.from(values));
  const whole = norm(names.map((name) => norm(expected.gradients[name]!.dataSync())));
  for (const [index, name] of variables(actual).entries()) {
    // Beside the largest: the bias before a normalization has a gradient of rounding errors only.
    expectClose(actual.gradients[name]!.dataSync(), expected.gradients[names[index]!]!.dataSync(), {
      relative,
      absolute: 1e-5 * whole,
    });
  }
  for (const role of ['encoder', 'projectionHead'] as const) {
    const statistics = expected.models[role].nonTrainableWeights.map((weight) => weight.read());
    for (const [index, weight] of actual.models[role].nonTrainableWeights.entries()) {
      expectClose(weight.read().dataSync(), statistics[index]!.dataSync(), {
        absolute: 2e-6,
        relative: 2e-5,
      });
    }
  }
}

const picturesOf = (views: number): Tensor4D[] =>
  Array.from({ length: views }, (_, view) => randomUniform([count, 8, 8, 3], 0, 1, 'float32', view + 1));

const headOf = (inputDim: number, groups?: number) =>
  projectionHead({
    inputDim,
    hidden: [6],
    outputDim: 5,
    batchNormalization: { hidden: true, ...(groups && { groups }) },
  });

const resnet =
  (make: (options: ResNetOptions) => LayersModel, dim: number) =>
  (groups?: number): Models => ({
    encoder: make({
      inputShape: [8, 8, 3],
      stem: 'small',
      width: 2,
      seed: 3,
      ...(groups && { batchNormalization: { groups } }),
    }),
    projectionHead: headOf(dim, groups),
  });

const encoders = {
  resnet18: resnet(resnet18, 16),
  resnet34: resnet(resnet34, 16),
  resnet50: resnet(resnet50, 64),
};

/** One convolution and its normalization: what the losses are tried with. */
const small = (groups?: number): Models => ({
  encoder: sequential({
    layers: [
      layers.conv2d({ inputShape: [8, 8, 3], filters: 8, kernelSize: 3, strides: 2 }),
      new BatchNormalization({ activation: 'relu', ...(groups && { groups }) }),
      layers.globalAveragePooling2d({}),
    ],
  }),
  projectionHead: headOf(8, groups),
});

const options = (models: Models, loss: ViewLoss) => ({
  ...models,
  loss,
  labels,
  variables: trainableVariables(models.encoder, models.projectionHead),
});

describe('cachedGradients equals one step with batch normalization in groups of a chunk', () => {
  const check = async (make: (groups?: number) => Models, config: LossConfig, number = 2): Promise<void> => {
    const { chunked, grouped } = twins(make, chunks);
    const loss = lossFromConfig(config, { dim: 5 });
    const views = picturesOf(number);
    const expected = groupStep(views, grouped, loss);
    const actual = await cachedGradients({
      ...options(chunked, loss),
      chunks,
      views: (chunk) => views.map((view) => part(view, chunk)),
    });
    expectClose(actual.loss.dataSync(), expected.value.dataSync(), { relative: 1e-5 });
    expectSame(
      { models: chunked, gradients: actual.gradients },
      { models: grouped, gradients: expected.grads },
    );
    loss.dispose?.();
    for (const model of [chunked, grouped].flatMap((models) => Object.values(models))) model.dispose();
  };

  it.each(Object.entries(encoders))('%s', (_, encoder) => check(encoder, losses[0]!));

  it.each(losses)('%j', (config) => check(small, config));

  it('three views', () => check(small, { name: 'ntXent' }, 3));

  it('one pass per view', async () => {
    const { chunked, grouped } = twins(small, chunks);
    const loss = lossFromConfig('ntXent', { dim: 5 });
    const views = picturesOf(2);
    const expected = contrastiveGradients(views, { ...options(grouped, loss), viewBatching: 'separate' });
    const actual = await cachedGradients({
      ...options(chunked, loss),
      viewBatching: 'separate',
      chunks,
      views: (chunk) => views.map((view) => part(view, chunk)),
    });
    expectClose(actual.loss.dataSync(), expected.loss.dataSync(), { relative: 1e-5 });
    expectSame({ models: chunked, gradients: actual.gradients }, { models: grouped, ...expected });
  });
});

describe('cachedGradients without batch normalization equals the plain step', () => {
  const models = {
    encoder: tinyEncoder(),
    projectionHead: projectionHead({ inputDim: 8, hidden: [16], outputDim: 5 }),
  };
  const views = picturesOf(2);

  it.each(losses)('%j', async (config) => {
    const loss = lossFromConfig(config, { dim: 5 });
    await expectTensors(0, async () => {
      const expected = contrastiveGradients(views, options(models, loss));
      for (const number of [1, 2, 6]) {
        const each = count / number;
        const actual = await cachedGradients({
          ...options(models, loss),
          chunks: number,
          views: (chunk) => views.map((view) => slice(view, [chunk * each, 0, 0, 0], [each, -1, -1, -1])),
        });
        expectClose(actual.loss.dataSync(), expected.loss.dataSync(), { relative: 1e-5 });
        expectSame({ models, gradients: actual.gradients }, { models, ...expected });
        for (const tensor of [actual.loss, ...Object.values(actual.gradients)]) tensor.dispose();
      }
      for (const tensor of [expected.loss, ...Object.values(expected.gradients)]) tensor.dispose();
    });
    loss.dispose?.();
  });

  it('with a loss that leaves a view aside', async () => {
    const first: ViewLoss = { name: 'first', compute: ([z]) => vicRegLoss(z!, z!) };
    const expected = contrastiveGradients(views, options(models, first));
    const actual = await cachedGradients({
      ...options(models, first),
      chunks,
      views: (chunk) => views.map((view) => part(view, chunk)),
    });
    expectSame({ models, gradients: actual.gradients }, { models, ...expected });
  });
});

describe('cachedGradients with memory for some views', () => {
  it.each([
    ['none', 0, 5],
    ['one chunk', 1, 4],
    ['all', 2, 3],
  ] as const)('for %s makes the others again, and comes to the same', async (_, kept, calls) => {
    const models = small();
    const views = picturesOf(2);
    const bytes = 4 * views.reduce((total, view) => total + part(view, 0).size, 0);
    const run = async (viewBytes: number) => {
      let count = 0;
      const result = await cachedGradients({
        ...options(models, lossFromConfig('ntXent', { dim: 5 })),
        chunks,
        viewBytes,
        views: (chunk) => {
          count++;
          return views.map((view) => part(view, chunk));
        },
      });
      const values = Object.values(result.gradients).map((gradient) => [...gradient.dataSync()]);
      dispose([result.loss, ...Object.values(result.gradients)]);
      return { count, values };
    };
    const reference = await run(0);
    await expectTensors(0, async () => {
      const { count, values } = await run(kept * bytes);
      expect(count).toBe(calls);
      expect(values).toEqual(reference.values);
    });
  });
});

describe('cachedGradients that fails', () => {
  const { encoder, projectionHead: head } = small();
  const loss = lossFromConfig('ntXent', { dim: 5 });
  const views = picturesOf(2);
  const statistics = () => encoder.nonTrainableWeights.map((weight) => [...weight.read().dataSync()]);
  const run = (fails: (call: number) => void, used: ViewLoss = loss) => {
    let calls = 0;
    return cachedGradients({
      ...options({ encoder, projectionHead: head }, used),
      chunks,
      viewBytes: 0,
      views: (chunk) => {
        fails(++calls);
        return views.map((view) => part(view, chunk));
      },
    });
  };

  it.each([1, 2, 3, 5])(
    'in call %i for views leaves nothing behind, and the statistics as they were',
    async (call) => {
      const before = statistics();
      await expectTensors(0, () =>
        expect(
          run((number) => {
            if (number === call) throw new Error('mine');
          }),
        ).rejects.toThrow('mine'),
      );
      expect(statistics()).toEqual(before);
    },
  );

  it('in the loss says so', async () => {
    await expectTensors(0, () =>
      expect(run(() => {}, { name: 'x', compute: () => tensor1d([1, 2]) as never })).rejects.toThrow(
        'loss must return a scalar',
      ),
    );
  });

  it('for want of memory for views that is a number says so', async () => {
    const bad = {
      ...options({ encoder, projectionHead: head }, loss),
      chunks,
      viewBytes: -1,
      views: () => views,
    };
    await expect(cachedGradients(bad)).rejects.toThrow('cachedGradients: viewBytes must be');
  });

  it('for want of chunks says so', async () => {
    const bad = { ...options({ encoder, projectionHead: head }, loss), chunks: 0, views: () => views };
    await expect(cachedGradients(bad)).rejects.toThrow('cachedGradients: chunks must be an integer >= 1');
  });
});
