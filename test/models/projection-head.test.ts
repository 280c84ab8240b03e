import { mul, sum, type Tensor, variableGrads } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, test } from 'vitest';
import { InvalidOptionError } from '../../src/errors/index.js';
import { type ProjectionHeadOptions, projectionHead } from '../../src/models/index.js';
import { expectClose } from '../helpers/close.js';
import { expectTensors } from '../helpers/leaks.js';
import { tidyAsync } from '../helpers/tidy-async.js';
import { filled } from './fill.js';

let models: LayersModel[] = [];

function made(options?: ProjectionHeadOptions): LayersModel {
  const model = projectionHead(options);
  models.push(model);
  return model;
}

afterEach(() => {
  for (const model of models) model.dispose();
  models = [];
});

function shapesOf(model: LayersModel): string[] {
  return model.weights.map((weight) => `${weight.originalName.split('.').pop()}[${weight.shape}]`);
}

describe('projectionHead', () => {
  test('default: 512 -> 512 -> 512 -> 64 with biases, ReLU after the first two', async () => {
    const model = made();
    expect(shapesOf(model)).toEqual([
      'dense1/kernel[512,512]',
      'dense1/bias[512]',
      'dense2/kernel[512,512]',
      'dense2/bias[512]',
      'dense3/kernel[512,64]',
      'dense3/bias[64]',
    ]);
    await tidyAsync(async () => {
      const h = filled('h', [3, 512]);
      let x = h;
      const [w1, b1, w2, b2, w3, b3] = await Promise.all(
        model.weights.map(async (weight) => await weight.read().data()),
      );
      const dense = (input: ArrayLike<number>, w: ArrayLike<number>, b: ArrayLike<number>, relu: boolean) =>
        Float64Array.from({ length: 3 * b.length }, (_, index) => {
          const [row, column] = [Math.floor(index / b.length), index % b.length];
          let total = b[column]!;
          for (let k = 0; k < 512; k++) total += input[row * 512 + k]! * w[k * b.length + column]!;
          return relu ? Math.max(0, total) : total;
        });
      const first = dense(await h.data(), w1!, b1!, true);
      const expected = dense(dense(first, w2!, b2!, true), w3!, b3!, false);
      x = model.predict(h) as Tensor;
      expect(x.shape).toEqual([3, 64]);
      const actual = await x.data();
      expectClose(actual, expected, { absolute: 5e-5 });
      expect(actual.some((value) => value < 0)).toBe(true);
    });
  });

  test("the paper's: one hidden layer, 128 out", () => {
    const model = made({ inputDim: 8, hidden: [8], outputDim: 128 });
    expect(shapesOf(model)).toEqual([
      'dense1/kernel[8,8]',
      'dense1/bias[8]',
      'dense2/kernel[8,128]',
      'dense2/bias[128]',
    ]);
  });

  test("the official code's: normalization on every layer, no offset on the last, no bias", async () => {
    const model = made({
      inputDim: 6,
      hidden: [6, 6],
      outputDim: 4,
      batchNormalization: { hidden: true, output: 'scale' },
      initializer: 'google',
    });
    const trained = model.trainableWeights.map((weight) => weight.originalName.split('.').pop());
    expect(trained).toEqual([
      'dense1/kernel',
      'bn1/gamma',
      'bn1/beta',
      'dense2/kernel',
      'bn2/gamma',
      'bn2/beta',
      'dense3/kernel',
      'bn3/gamma',
    ]);
    const h = filled('h', [5, 6]);
    const dz = filled('dz', [5, 4]);
    for (let repetition = 0; repetition < 2; repetition++) {
      await expectTensors(0, async () =>
        tidyAsync(async () => {
          const variables = model.trainableWeights.map((weight) => weight.read());
          const { grads } = variableGrads(
            () => sum(mul(model.apply(h, { training: true }) as Tensor, dz)),
            variables as never,
          );
          expect(Object.keys(grads)).toHaveLength(8);
          for (const gradient of Object.values(grads)) {
            expect((await gradient.data()).some((value) => value !== 0)).toBe(true);
          }
        }),
      );
    }
    // The last normalization has no ReLU behind it.
    await tidyAsync(async () => {
      const z = await (model.apply(h, { training: true }) as Tensor).data();
      expect(z.some((value) => value < 0)).toBe(true);
    });
    h.dispose();
    dz.dispose();
  });

  test('hidden: [] is a linear head, useBias overrides, an output normalization that is full has an offset', () => {
    expect(shapesOf(made({ inputDim: 3, hidden: [], outputDim: 2, useBias: false }))).toEqual([
      'dense1/kernel[3,2]',
    ]);
    const full = made({
      inputDim: 3,
      hidden: [],
      outputDim: 2,
      useBias: true,
      batchNormalization: { output: 'full' },
    });
    expect(shapesOf(full)).toEqual([
      'dense1/kernel[3,2]',
      'dense1/bias[2]',
      'bn1/gamma[2]',
      'bn1/beta[2]',
      'bn1/moving_mean[2]',
      'bn1/moving_variance[2]',
    ]);
  });

  test('a seed decides the weights; layers of equal shape differ', async () => {
    const kernels = async (options: ProjectionHeadOptions) =>
      await Promise.all(
        made({ inputDim: 4, hidden: [4], outputDim: 4, ...options })
          .weights.filter((weight) => weight.shape.length === 2)
          .map(async (weight) => [...(await weight.read().data())]),
      );
    const [first, second] = await kernels({});
    expect(await kernels({ name: 'other' })).toEqual([first, second]);
    expect(first).not.toEqual(second);
    expect((await kernels({ seed: 1 }))[0]).not.toEqual(first);
    expect(first!.every((value) => Math.abs(value) <= 0.5)).toBe(true);
  });

  test('refuses options outside their domain', () => {
    expect(() => projectionHead({ inputDim: 0 })).toThrow(InvalidOptionError);
    expect(() => projectionHead({ hidden: 512 as never })).toThrow(/hidden must be a list of layer widths/);
    expect(() => projectionHead({ hidden: [512, 0] })).toThrow(/hidden must be an integer >= 1/);
    expect(() => projectionHead({ outputDim: 1.5 })).toThrow(/outputDim must be/);
    expect(() => projectionHead({ batchNormalization: { output: true as never } })).toThrow(
      /batchNormalization\.output must be one of/,
    );
    expect(() => projectionHead({ initializer: 'he' as never })).toThrow(/initializer must be one of/);
    expect(() => projectionHead({ seed: 0.5 })).toThrow(/seed must be/);
  });
});
