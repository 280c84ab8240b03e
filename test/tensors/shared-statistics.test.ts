import { mul, sum, type Tensor, type Tensor1D, tensor, tidy, valueAndGrads } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  type BatchNormalizationOptions,
  batchNormalization,
  withSharedStatistics,
} from '../../src/tensors/index.js';
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { playAll } from '../helpers/play-ranks.js';

const pictureShape = [3, 2, 4];
const pictureSize = 24;

/** Rows `from` to `to` of a tensor `[6, 3, 2, 4]` that is made up. */
function rows(name: string, from: number, to: number, offset = 0): Tensor {
  const values = hashedValues(name, 6 * pictureSize).subarray(from * pictureSize, to * pictureSize);
  return tensor(
    values.map((value) => value + offset),
    [to - from, ...pictureShape],
  );
}

/** Output, then the gradients of x, gamma, beta and residual, for pictures `from` to `to`. */
function run(from: number, to: number, activation: 'relu' | undefined, affine: boolean) {
  return tidy(() => {
    const channel = (name: string) => tensor(hashedValues(name, 4), [4]) as Tensor1D;
    const inputs = [
      rows('x', from, to, 30),
      ...(affine ? [channel('gamma'), channel('beta'), rows('residual', from, to)] : []),
    ];
    let output: number[] = [];
    let statistics: number[] = [];
    const { grads } = valueAndGrads((...given: Tensor[]) => {
      const [x, gamma, beta, residual] = given;
      const options = { gamma, beta, residual, activation, epsilon: 1e-5, groups: 1 };
      const result = batchNormalization(x!, options as BatchNormalizationOptions);
      output = [...result.output.dataSync()];
      statistics = [...result.mean.dataSync(), ...result.variance.dataSync(), result.count];
      return sum(mul(result.output, rows('dy', from, to)));
    })(inputs);
    return { output, statistics, gradients: grads.map((gradient) => [...gradient.dataSync()]) };
  });
}

describe('withSharedStatistics', () => {
  it.each([
    { activation: 'relu', affine: true },
    { activation: undefined, affine: true },
    { activation: undefined, affine: false },
  ] as const)('normalizes as one batch of all, forward and backward (%o)', async ({ activation, affine }) => {
    await expectTensors(0, () => {
      const whole = run(0, 6, activation, affine);
      // Parts of different sizes: what is averaged are values, not ranks.
      const cuts = [0, 1, 3, 6];
      const parts = playAll(3, ({ rank, synchronous }) =>
        withSharedStatistics(
          (values) => synchronous!.allReduce(values),
          () => run(cuts[rank]!, cuts[rank + 1]!, activation, affine),
        ),
      );
      const tolerance = { relative: 2e-5 };
      expectClose(
        parts.flatMap(({ output }) => output),
        whole.output,
        tolerance,
      );
      for (const { statistics } of parts) expectClose(statistics, whole.statistics, tolerance);
      const pieces = (index: number) => parts.map(({ gradients }) => gradients[index]!);
      expectClose(pieces(0).flat(), whole.gradients[0]!, tolerance);
      if (!affine) return;
      expectClose(pieces(3).flat(), whole.gradients[3]!, tolerance);
      for (const index of [1, 2]) {
        const total = whole.gradients[index]!.map((_, c) =>
          pieces(index).reduce((all, own) => all + own[c]!, 0),
        );
        expectClose(total, whole.gradients[index]!, tolerance);
      }
    });
  });

  it('leaves layers with groups to themselves, and ends with its body', () => {
    const asked: number[] = [];
    const x = rows('x', 0, 6);
    const normalize = (groups: number) => {
      const { output, mean, variance } = batchNormalization(x, { epsilon: 1e-5, groups });
      for (const part of [output, mean, variance]) part.dispose();
    };
    const ask = (values: Float64Array) => {
      asked.push(values.length);
    };
    withSharedStatistics(ask, () => normalize(2));
    expect(asked).toEqual([]);
    expect(() =>
      withSharedStatistics(ask, () => {
        normalize(1);
        throw new Error('the body');
      }),
    ).toThrow('the body');
    normalize(1);
    expect(asked).toEqual([9]);
    x.dispose();
  });
});
