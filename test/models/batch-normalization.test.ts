import {
  mul,
  type Scalar,
  sum,
  type Tensor,
  type Tensor2D,
  tidy,
  variableGrads,
} from '@tensorflow/tfjs-core';
import { input } from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, test } from 'vitest';
import { InvalidOptionError, ShapeError } from '../../src/errors/index.js';
import { BatchNormalization } from '../../src/models/index.js';
import fixture from '../fixtures/models/batch-normalization.json' with { type: 'json' };
import { expectClose } from '../helpers/close.js';
import { expectTensors } from '../helpers/leaks.js';
import { tidyAsync } from '../helpers/tidy-async.js';
import { filled } from './fill.js';

type Case = (typeof fixture.cases)[number];
const tolerance = { relative: 1e-5, absolute: 5e-6 };
let layer: BatchNormalization | undefined;

afterEach(() => {
  layer?.dispose();
  layer = undefined;
});

/** A layer with the weights of a case, and what it is called on. */
function prepare({ name, shape, gamma, beta, residual, relu, groups }: Case) {
  const made = new BatchNormalization({
    scale: gamma,
    center: beta,
    groups,
    ...(relu && { activation: 'relu' as const }),
  });
  const x = filled(`${name}/x`, shape, 2, 3);
  const inputs = residual ? [x, filled(`${name}/residual`, shape)] : [x];
  tidy(() => void made.apply(inputs)); // makes the weights
  for (const weight of made.weights) {
    if (weight.originalName.endsWith('gamma')) weight.write(filled(`${name}/gamma`, shape.slice(-1), 0.5, 1));
    if (weight.originalName.endsWith('beta')) weight.write(filled(`${name}/beta`, shape.slice(-1)));
  }
  return { made, inputs };
}

function weightNamed(name: string): Tensor {
  return layer!.weights.find((weight) => weight.originalName.endsWith(name))!.read();
}

describe('BatchNormalization', () => {
  test.each(fixture.cases)('$name: training, running statistics, inference as PyTorch', async (item) => {
    await tidyAsync(async () => {
      const { made, inputs } = prepare(item);
      layer = made;
      const output = layer.apply(inputs, { training: true }) as Tensor;
      expectClose(await output.data(), item.output, tolerance);
      expectClose(await weightNamed('moving_mean').data(), item.runningMean, tolerance);
      expectClose(await weightNamed('moving_variance').data(), item.runningVariance, tolerance);
      const inference = layer.apply(inputs) as Tensor;
      expectClose(await inference.data(), item.inference, tolerance);
    });
  });

  test.each(fixture.cases)(
    '$name: gradients reach the weights that there are, and nothing leaks',
    async (item) => {
      const { made, inputs } = prepare(item);
      layer = made;
      const dy = filled(`${item.name}/dy`, item.shape);
      for (let repetition = 0; repetition < 3; repetition++) {
        await expectTensors(0, async () =>
          tidyAsync(async () => {
            const loss = () => sum(mul(layer!.apply(inputs, { training: true }) as Tensor, dy)) as Scalar;
            const variables = layer!.trainableWeights.map((weight) => weight.read() as never);
            if (variables.length === 0) {
              loss();
              return;
            }
            const { grads } = variableGrads(loss, variables);
            const expected = { gamma: item.dgamma, beta: item.dbeta };
            const present = Object.entries(expected).filter(([, gradient]) => gradient !== undefined);
            expect(Object.keys(grads)).toHaveLength(present.length);
            for (const [role, gradient] of present) {
              const name = Object.keys(grads).find((key) => key.includes(`/${role}`))!;
              expectClose(await grads[name]!.data(), gradient!, tolerance);
            }
          }),
        );
      }
      for (const tensor of [...inputs, dy]) tensor.dispose();
    },
  );

  test('updateRunningStatistics: false leaves the running statistics as they are', async () => {
    await tidyAsync(async () => {
      layer = new BatchNormalization();
      const x = filled<Tensor2D>('x', [4, 3]);
      layer.apply(x, { training: true, updateRunningStatistics: false });
      expect([...(await weightNamed('moving_mean').data())]).toEqual([0, 0, 0]);
      expect([...(await weightNamed('moving_variance').data())]).toEqual([1, 1, 1]);
    });
  });

  test('weights are named as elsewhere in the field, and only gamma and beta are trained', () => {
    layer = new BatchNormalization({ name: 'some.bn' });
    layer.apply(input({ shape: [4] }));
    const names = ['some.bn/gamma', 'some.bn/beta', 'some.bn/moving_mean', 'some.bn/moving_variance'];
    expect(layer.weights.map((weight) => weight.originalName)).toEqual(names);
    expect(layer.trainableWeights.map((weight) => weight.originalName)).toEqual(names.slice(0, 2));
  });

  test('gammaInitializer: zeros lets the residual through', async () => {
    await tidyAsync(async () => {
      layer = new BatchNormalization({ gammaInitializer: 'zeros' });
      const [x, residual] = [filled<Tensor2D>('x', [4, 3]), filled<Tensor2D>('r', [4, 3])];
      const output = layer.apply([x, residual], { training: true }) as Tensor;
      expectClose(await output.data(), await residual.data(), { absolute: 0 });
    });
  });

  test('refuses options outside their domain and batches without variance', () => {
    expect(() => new BatchNormalization({ epsilon: -1 })).toThrow(InvalidOptionError);
    expect(() => new BatchNormalization({ momentum: 1.5 })).toThrow(/momentum must be a number from 0 to 1/);
    expect(() => new BatchNormalization({ groups: 0 })).toThrow(/groups must be an integer >= 1/);
    expect(() => new BatchNormalization({ activation: 'elu' as never })).toThrow(/activation/);
    expect(() => new BatchNormalization({ gammaInitializer: 'two' as never })).toThrow(/gammaInitializer/);
    expect(() => new BatchNormalization().build([null, null])).toThrow(/last axis must have a known size/);
    layer = new BatchNormalization();
    tidy(() => {
      expect(() => layer!.apply(filled('one', [1, 3]), { training: true })).toThrow(ShapeError);
      expect(() => layer!.apply(filled('one', [1, 3]), { training: true })).toThrow(/use a larger batch/);
    });
  });
});
