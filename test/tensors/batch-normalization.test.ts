import {
  add,
  keep,
  mul,
  relu,
  relu6,
  sum,
  type Tensor,
  tensor,
  tidy,
  valueAndGrads,
} from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { InvalidOptionError, ShapeError } from '../../src/errors/index.js';
import { batchNormalization, batchNormalizationInference } from '../../src/tensors/index.js';
import fixture from '../fixtures/models/batch-normalization.json' with { type: 'json' };
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { tidyAsync } from '../helpers/tidy-async.js';

function filled(name: string, shape: number[], scale = 1, offset = 0): Tensor {
  const values = hashedValues(
    name,
    shape.reduce((product, size) => product * size, 1),
  );
  return tensor(
    values.map((value) => value * scale + offset),
    shape,
  );
}

type Case = (typeof fixture.cases)[number];

/** The tensors of a case, in the order of the gradients. */
function inputsOf({ name, shape, gamma, beta, residual }: Case) {
  const channels = shape.slice(-1);
  return [
    filled(`${name}/x`, shape, 2, 3),
    ...(gamma ? [filled(`${name}/gamma`, channels, 0.5, 1)] : []),
    ...(beta ? [filled(`${name}/beta`, channels)] : []),
    ...(residual ? [filled(`${name}/residual`, shape)] : []),
  ];
}

function optionsOf(item: Case, [, ...rest]: Tensor[]) {
  return {
    gamma: item.gamma ? rest.shift() : undefined,
    beta: item.beta ? rest.shift() : undefined,
    residual: item.residual ? rest.shift() : undefined,
    activation: item.relu ? 'relu' : undefined,
    epsilon: 1e-5,
  } as { epsilon: number };
}

const tolerance = { relative: 1e-5, absolute: 5e-6 };

describe('batchNormalization', () => {
  test.each(fixture.cases)('$name: forward and backward as PyTorch', async (item) => {
    await expectTensors(0, async () =>
      tidyAsync(async () => {
        const dy = filled(`${item.name}/dy`, item.shape);
        let kept: Tensor | undefined;
        const { grads } = valueAndGrads((...inputs: Tensor[]) => {
          const options = { ...optionsOf(item, inputs), groups: item.groups };
          const { output } = batchNormalization(inputs[0]!, options);
          expect(output.shape).toEqual(item.shape);
          kept = keep(output);
          return sum(mul(output, dy));
        })(inputsOf(item));
        expectClose(await kept!.data(), item.output, tolerance);
        kept!.dispose();
        const expected = [item.dx, item.dgamma, item.dbeta, item.dresidual].filter(
          (gradient) => gradient !== undefined,
        );
        expect(grads).toHaveLength(expected.length);
        for (const [index, gradient] of expected.entries()) {
          expectClose(await grads[index]!.data(), gradient, tolerance);
        }
      }),
    );
  });

  test('mean and biased variance of every group, from values far off zero', async () => {
    await expectTensors(0, async () =>
      tidyAsync(async () => {
        const x = filled('offset', [6, 2, 3, 2], 0.5, 1000);
        const { mean, variance } = batchNormalization(x, { epsilon: 1e-5, groups: 2 });
        const data = await x.data();
        for (let group = 0; group < 2; group++) {
          for (let channel = 0; channel < 2; channel++) {
            const values = Array.from({ length: 18 }, (_, i) => data[group * 36 + i * 2 + channel]!);
            const average = values.reduce((total, value) => total + value, 0) / 18;
            const spread = values.reduce((total, value) => total + (value - average) ** 2, 0) / 18;
            expect((await mean.array())[group]![channel]).toBeCloseTo(average, 3);
            expect((await variance.array())[group]![channel]! / spread).toBeCloseTo(1, 4);
          }
        }
      }),
    );
  });

  test('without a tape: the caller owns exactly output, mean and variance', async () => {
    const x = filled('owned', [4, 3]);
    const result = await expectTensors(3, () => batchNormalization(x, { epsilon: 1e-5, groups: 1 }));
    expect(result.mean.shape).toEqual([1, 3]);
    expect(result.count).toBe(4);
    for (const item of [x, result.output, result.mean, result.variance]) item.dispose();
  });

  test('gradient agrees with finite differences (residual, ReLU, groups)', async () => {
    await tidyAsync(async () => {
      const shape = [4, 2, 1, 2];
      const inputs = [
        filled('fd/x', shape, 2, 1),
        filled('fd/gamma', [2], 0.5, 1),
        filled('fd/beta', [2]),
        filled('fd/residual', shape),
      ];
      const dy = filled('fd/dy', shape);
      const value = (...[x, gamma, beta, residual]: Tensor[]) =>
        sum(
          mul(
            batchNormalization(x!, {
              gamma: gamma as never,
              beta: beta as never,
              residual: residual!,
              activation: 'relu',
              epsilon: 1e-3,
              groups: 2,
            }).output,
            dy,
          ),
        );
      const { grads } = valueAndGrads(value)(inputs);
      const step = 1e-3;
      for (const [position, input] of inputs.entries()) {
        const difference = async (index: number) => {
          const moved = async (sign: number) => {
            const delta = new Float32Array(input.size);
            delta[index] = sign * step;
            const changed = [...inputs];
            changed[position] = add(input, tensor(delta, input.shape));
            return (await value(...changed).data())[0]!;
          };
          return ((await moved(1)) - (await moved(-1))) / (2 * step);
        };
        const numeric: number[] = [];
        for (let index = 0; index < input.size; index++) numeric.push(await difference(index));
        expectClose(await grads[position]!.data(), numeric, { absolute: 3e-3 });
      }
    });
  });

  const activations = [
    { activation: 'relu', apply: relu },
    { activation: 'relu6', apply: relu6 },
  ] as const;

  // Values from -15 to 15: channels of one vector, and of a rest.
  test.each(activations)('$activation is applied last, with its gradient', async ({ activation, apply }) => {
    await tidyAsync(async () => {
      const shape = [6, 3, 2, 7];
      const inputs = ['x', 'gamma', 'beta', 'residual'].map((name, index) =>
        filled(name, index === 1 || index === 2 ? [7] : shape, 6, index === 1 ? 1 : 0),
      );
      const dy = filled('dy', shape);
      const compute = (given: Tensor[], fused: boolean) => {
        const [x, gamma, beta, residual] = given;
        const { output } = batchNormalization(x!, {
          gamma: gamma as never,
          beta: beta as never,
          residual: residual!,
          epsilon: 1e-3,
          groups: 2,
          ...(fused && { activation }),
        });
        return fused ? output : apply(output);
      };
      const run = (fused: boolean) =>
        valueAndGrads((...given: Tensor[]) => sum(mul(compute(given, fused), dy)))(inputs);
      const [expected, actual] = [run(false), run(true)];
      const [plain, fused] = [compute(inputs, false), compute(inputs, true)];
      expectClose(await fused.data(), await plain.data(), { absolute: 1e-5 });
      for (const [index, gradient] of expected.grads.entries()) {
        expectClose(await actual.grads[index]!.data(), await gradient.data(), tolerance);
      }
      const values = [...(await fused.data())];
      const top = activation === 'relu6' ? 6 : Math.max(...values);
      for (const edge of [0, top]) expect(values.filter((value) => value === edge).length).toBeGreaterThan(0);
      expect(Math.max(...values)).toBe(top);
    });
  });

  test('NaN passes through ReLU6', async () => {
    await tidyAsync(async () => {
      const x = filled('nan', [4, 5]);
      const beta = tensor([1, Number.NaN, 9, 1, -9]) as never;
      const { output } = batchNormalization(x, { beta, epsilon: 1e-5, groups: 1, activation: 'relu6' });
      const [, nan, high, , low] = await output.data();
      expect([nan, high, Math.abs(low!)]).toEqual([Number.NaN, 6, 0]); // WebGL gives -0
    });
  });

  test('refuses what does not fit', () => {
    tidy(() => {
      const x = filled('x', [4, 3]);
      const base = { epsilon: 1e-5, groups: 1 };
      const short = filled('short', [2]) as never;
      expect(() => batchNormalization(filled('x', [3]), base)).toThrow(ShapeError);
      expect(() => batchNormalization(x, { ...base, gamma: short })).toThrow(
        /gamma must have one value for each of the 3 channels of x. Received: gamma=\[2\]/,
      );
      expect(() => batchNormalization(x, { ...base, beta: short })).toThrow(/beta must have one value/);
      expect(() => batchNormalization(x, { ...base, residual: filled('r', [4, 2]) })).toThrow(
        /x and residual must have the same shape/,
      );
      expect(() => batchNormalization(x, { ...base, groups: 3 })).toThrow(/groups must divide the batch/);
      expect(() => batchNormalization(x, { ...base, groups: 4 })).toThrow(
        /more than one value for each channel in every group/,
      );
      expect(() => batchNormalization(filled('x', [1, 3]), base)).toThrow(/use a larger batch/);
      expect(() => batchNormalization(x, { ...base, groups: 0 })).toThrow(InvalidOptionError);
      expect(() => batchNormalization(x, { ...base, epsilon: 0 })).toThrow(
        /epsilon must be a finite number > 0/,
      );
      expect(() => batchNormalization(x, { ...base, activation: 'tanh' as never })).toThrow(/activation/);
    });
  });
});

describe('batchNormalizationInference', () => {
  test.each(fixture.cases)('$name: as PyTorch', async (item) => {
    await expectTensors(0, async () =>
      tidyAsync(async () => {
        const inputs = inputsOf(item);
        const mean = tensor(item.runningMean) as never;
        const variance = tensor(item.runningVariance) as never;
        const output = batchNormalizationInference(inputs[0]!, {
          ...optionsOf(item, inputs),
          mean,
          variance,
        });
        expectClose(await output.data(), item.inference, tolerance);
      }),
    );
  });

  test.each([false, true])('relu6, with a gradient to record: %s', async (records) => {
    await tidyAsync(async () => {
      const [x, mean, variance] = [filled('x', [3, 4], 20), filled('m', [4]), filled('v', [4], 0.5, 1)];
      const options = { mean: mean as never, variance: variance as never, epsilon: 1e-5 };
      const expected = relu6(batchNormalizationInference(x, options));
      const clipped = (input: Tensor) =>
        batchNormalizationInference(input, { ...options, activation: 'relu6' });
      let output = clipped(x);
      if (records) {
        valueAndGrads((input: Tensor) => {
          output = keep(clipped(input));
          return sum(output);
        })([x]);
      }
      expectClose(await output.data(), await expected.data(), tolerance);
      expect(Math.max(...(await output.data()))).toBe(6);
      if (records) output.dispose();
    });
  });

  test('refuses statistics of another number of channels', () => {
    tidy(() => {
      const [x, three, two] = [filled('x', [4, 3]), filled('m', [3]) as never, filled('v', [2]) as never];
      expect(() => batchNormalizationInference(x, { mean: two, variance: three, epsilon: 1e-5 })).toThrow(
        /mean must have one value for each of the 3 channels/,
      );
      expect(() => batchNormalizationInference(x, { mean: three, variance: two, epsilon: 1e-5 })).toThrow(
        /variance must have one value for each of the 3 channels/,
      );
    });
  });
});
