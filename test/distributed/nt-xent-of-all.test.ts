import { type Scalar, type Tensor, type Tensor2D, tensor2d, valueAndGrads } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  type Communicator,
  dataParallel,
  gatherProjections,
  ntXentOfAll,
  singleProcess,
  sumGradients,
} from '../../src/distributed/index.js';
import { DistributedError, InvalidOptionError, ShapeError } from '../../src/errors/index.js';
import { ntXentLoss } from '../../src/losses/index.js';
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { playAll } from '../helpers/play-ranks.js';
import { tinySimCLR } from '../training/tiny.js';

const view = (name: string, count: number): Tensor2D => tensor2d(hashedValues(name, count * 3), [count, 3]);

interface Outcome {
  loss: number;
  gradients: number[][];
}

function differentiate(loss: (a: Tensor2D, b: Tensor2D) => Scalar, a: Tensor2D, b: Tensor2D): Outcome {
  const { value, grads } = valueAndGrads(loss as (...views: Tensor[]) => Scalar)([a, b]);
  const outcome = {
    loss: value.dataSync()[0]!,
    gradients: grads.map((gradient) => [...gradient.dataSync()]),
  };
  for (const tensor of [value, ...grads, a, b]) tensor.dispose();
  return outcome;
}

describe.each([1, 2, 3])('over %i ranks', (size) => {
  const count = 4;
  const own = (name: string, rank: number) =>
    tensor2d(hashedValues(name, size * count * 3).slice(rank * count * 3, (rank + 1) * count * 3), [
      count,
      3,
    ]);
  const whole = (temperature: number) =>
    differentiate(
      (a, b) => ntXentLoss(a, b, { temperature }),
      view('a', size * count),
      view('b', size * count),
    );

  it.each([0.1, 0.5])(
    'ntXentOfAll is NT-Xent of all views, gradient included (temperature %d)',
    async (temperature) => {
      await expectTensors(0, () => {
        const expected = whole(temperature);
        const ranks = playAll(size, (communicator) =>
          differentiate(
            (a, b) => ntXentOfAll(a, b, communicator, { temperature }),
            own('a', communicator.rank),
            own('b', communicator.rank),
          ),
        );
        for (const { loss } of ranks) expectClose([loss], [expected.loss], { relative: 1e-6 });
        for (const index of [0, 1]) {
          const gathered = ranks.flatMap(({ gradients }) => gradients[index]!);
          expectClose(gathered, expected.gradients[index]!, { relative: 1e-5 });
        }
      });
    },
  );

  it('gatherProjections lets any loss be one of all views', async () => {
    await expectTensors(0, () => {
      const expected = whole(0.5);
      const ranks = playAll(size, (communicator) =>
        differentiate(
          (a, b) => ntXentLoss(...gatherProjections(a, b, communicator)),
          own('a', communicator.rank),
          own('b', communicator.rank),
        ),
      );
      for (const { loss } of ranks) expectClose([loss], [expected.loss], { relative: 1e-6 });
      for (const index of [0, 1]) {
        const gathered = ranks.flatMap(({ gradients }) => gradients[index]!);
        expectClose(gathered, expected.gradients[index]!, { relative: 1e-5 });
      }
    });
  });
});

describe('bad input', () => {
  const asynchronous: Communicator = { ...singleProcess(), size: 2, synchronous: undefined };

  it('is refused by name', async () => {
    const [a, b] = [view('a', 4), view('b', 4)];
    expect(() => ntXentOfAll(a, view('b', 3), singleProcess())).toThrow(ShapeError);
    expect(() => ntXentOfAll(a, b, singleProcess(), { temperature: 0 })).toThrow(InvalidOptionError);
    expect(() => ntXentOfAll(a, b, asynchronous)).toThrow(DistributedError);
    expect(() => dataParallel(tinySimCLR(), asynchronous)).toThrow(
      'dataParallel: communicator must have synchronous operations',
    );
    await expect(sumGradients({ a }, singleProcess(), { bucketBytes: 2 })).rejects.toThrow(
      InvalidOptionError,
    );
  });
});
