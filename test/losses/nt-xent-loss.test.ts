import {
  env,
  grads,
  type Tensor1D,
  type Tensor2D,
  tensor1d,
  tensor2d,
  valueAndGrads,
} from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { InvalidOptionError, ShapeError } from '../../src/errors/index.js';
import { ntXentLoss } from '../../src/losses/index.js';
import fixture from '../fixtures/losses/nt-xent.json' with { type: 'json' };
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { naiveLoss, naiveRowLosses, toRows } from './nt-xent-oracle.js';

// tfjs counts what customGrad saves as a leak of a kernel under this flag (its own softmaxCrossEntropy fails too).
env().set('IS_TEST', false);
env().set('PROD', true);

const lossOf = async (rows1: number[][], rows2: number[][], temperature?: number): Promise<number> => {
  const [view1, view2] = [tensor2d(rows1), tensor2d(rows2)];
  const loss = ntXentLoss(view1, view2, temperature === undefined ? {} : { temperature });
  const value = (await loss.data())[0]!;
  for (const tensor of [view1, view2, loss]) tensor.dispose();
  return value;
};

/** The gradient at both views, view 1's rows first. */
const gradientOf = async (
  rows1: number[][],
  rows2: number[][],
  temperature: number,
  upstream?: ArrayLike<number>,
): Promise<number[]> => {
  const views = [tensor2d(rows1), tensor2d(rows2)];
  const weights = upstream && tensor1d(Array.from(upstream));
  const results = weights
    ? grads((a, b) => ntXentLoss(a as Tensor2D, b as Tensor2D, { temperature, reduction: 'none' }))(
        views,
        weights,
      )
    : grads((a, b) => ntXentLoss(a as Tensor2D, b as Tensor2D, { temperature }))(views);
  const values = (await Promise.all(results.map(async (result) => Array.from(await result.data())))).flat();
  for (const tensor of [...views, ...results]) tensor.dispose();
  weights?.dispose();
  return values;
};

const norm = (values: number[]) => Math.hypot(...values);
const dot = (a: number[], b: ArrayLike<number>) => a.reduce((total, value, i) => total + value * b[i]!, 0);

describe('ntXentLoss', () => {
  // Asserted by optax for its ntxent (to 4 decimals) and computed in float64 from the paper.
  const view1 = [
    [-1.954, 1.078],
    [1.8745, -0.0195],
  ];
  const view2 = [
    [0.238, -0.5703],
    [-0.6719, -1.921],
  ];

  it('equals the published values, with and without a zero row', async () => {
    expectClose([await lossOf(view1, view2, 0.07)], [14.010320041574154], { relative: 1e-6 });
    expectClose([await lossOf([[0, 0], view1[1]!], view2, 0.07)], [9.288926990449813], { relative: 1e-6 });
  });

  it.each(fixture.cases)(
    'agrees with PyTorch: $count images, $dim dimensions, temperature $temperature',
    async ({ count, dim, temperature, ...expected }) => {
      const name = `nt-xent/${count}x${dim}`;
      const rows1 = toRows(hashedValues(`${name}/view1`, count * dim), dim);
      const rows2 = toRows(hashedValues(`${name}/view2`, count * dim), dim);
      const probe = hashedValues(`${name}/probe`, 2 * count * dim);
      const upstream = hashedValues(`${name}/upstream`, 2 * count);

      expectClose([await lossOf(rows1, rows2, temperature)], [expected.loss], { relative: 2e-6 });
      const rows = ntXentLoss(tensor2d(rows1), tensor2d(rows2), { temperature, reduction: 'none' });
      expectClose((await rows.data()).subarray(0, 4), expected.rows, { relative: 2e-6, absolute: 1e-5 });
      const gradient = await gradientOf(rows1, rows2, temperature);
      expectClose([norm(gradient)], [expected.gradientNorm], { relative: 1e-5 });
      expectClose([dot(gradient, probe)], [expected.gradientDotProbe], {
        absolute: 2e-5 * expected.gradientNorm,
      });
      const weighted = await gradientOf(rows1, rows2, temperature, upstream);
      expectClose([norm(weighted)], [expected.weightedNorm], { relative: 1e-5 });
      expectClose([dot(weighted, probe)], [expected.weightedDotProbe], {
        absolute: 2e-5 * expected.weightedNorm,
      });
      if (expected.gradient) expectClose(gradient, expected.gradient, { relative: 1e-5 });
      if (expected.weighted) expectClose(weighted, expected.weighted, { relative: 1e-5 });
    },
  );

  it('agrees with equation 1 written out in float64, where positives are close', async () => {
    for (const temperature of [0.07, 0.5, 2]) {
      const noise = hashedValues('oracle/noise', 5 * 7);
      const values = hashedValues('oracle/view1', 5 * 7);
      const rows1 = toRows(values, 7);
      const rows2 = toRows(
        values.map((value, i) => value + 0.2 * noise[i]!),
        7,
      );
      const expected = naiveRowLosses(rows1, rows2, temperature);
      const rows = ntXentLoss(tensor2d(rows1), tensor2d(rows2), { temperature, reduction: 'none' });
      expectClose(await rows.data(), expected, { absolute: 3e-6 / temperature });
    }
  });

  it('has the default temperature 0.5', async () => {
    expectClose([await lossOf(view1, view2)], [naiveLoss(view1, view2, 0.5)], { relative: 1e-6 });
  });

  it('reduces to the mean, the sum or nothing', async () => {
    const expected = naiveRowLosses(view1, view2, 0.5);
    const [a, b] = [tensor2d(view1), tensor2d(view2)];
    expectClose(await ntXentLoss(a, b, { reduction: 'none' }).data(), expected, { relative: 1e-6 });
    const sum = expected.reduce((total, value) => total + value, 0);
    expectClose(await ntXentLoss(a, b, { reduction: 'sum' }).data(), [sum], { relative: 1e-6 });
    expectClose(await ntXentLoss(a, b, { reduction: 'mean' }).data(), [sum / 4], { relative: 1e-6 });
    expect(ntXentLoss(a, b).shape).toEqual([]);
    expect(ntXentLoss(a, b, { reduction: 'none' }).shape).toEqual([4]);
  });

  it('gives the gradient of the sum as 2N times that of the mean', async () => {
    const views = [tensor2d(view1), tensor2d(view2)];
    const ofSum = grads((a, b) => ntXentLoss(a as Tensor2D, b as Tensor2D, { reduction: 'sum' }))(views);
    const values = (await Promise.all(ofSum.map(async (result) => Array.from(await result.data())))).flat();
    expectClose(
      values.map((value) => value / 4),
      await gradientOf(view1, view2, 0.5),
      { relative: 1e-6 },
    );
  });

  it('has the gradient that central differences of the float64 oracle give', async () => {
    const [count, dim, step] = [4, 5, 1e-5];
    const values = Float64Array.from(hashedValues('differences', 2 * count * dim));
    const upstream = hashedValues('differences/upstream', 2 * count);
    for (const temperature of [0.1, 0.5]) {
      const weightedLoss = (inputs: Float64Array) => {
        const rows = toRows(inputs, dim);
        return dot(naiveRowLosses(rows.slice(0, count), rows.slice(count), temperature), upstream);
      };
      const expected = Array.from(values, (_, i) => {
        const at = (offset: number) =>
          weightedLoss(values.map((value, k) => (k === i ? value + offset : value)));
        return (at(step) - at(-step)) / (2 * step);
      });
      const rows = toRows(values, dim);
      const actual = await gradientOf(rows.slice(0, count), rows.slice(count), temperature, upstream);
      expectClose(actual, expected, { relative: 1e-5 });
    }
  });

  it('stays finite and right at temperatures where every exponential underflows', async () => {
    for (const temperature of [0.01, 0.001, 1e-4]) {
      // All similarities are far below the known maximum 1: exp((s - 1) / t) is 0 in float32 for every pair.
      const rows1 = [
        [1, 0, 0],
        [0, 1, 0],
      ];
      const rows2 = [
        [0, 0, 1],
        [-1, -1, -1],
      ];
      // Row 0: its positive is at 0, others at 0 and -1/sqrt(3): log(2). Row 1: positive -1/sqrt(3), others at 0, 0.
      const gap = 1 / Math.sqrt(3) / temperature;
      const expected = [Math.log(2), gap + Math.log(2), Math.log(2), Math.log(3)];
      const rows = ntXentLoss(tensor2d(rows1), tensor2d(rows2), { temperature, reduction: 'none' });
      // Row 3 has three others that are equally far, its positive among them.
      expectClose(await rows.data(), expected, { relative: 1e-6 });
      expect((await gradientOf(rows1, rows2, temperature)).every(Number.isFinite)).toBe(true);
    }
  });

  it('gives zero rows a finite loss and a zero gradient, and all others a finite one', async () => {
    const gradient = await gradientOf([[0, 0], view1[1]!], view2, 0.07);
    expect(gradient.slice(0, 2).map(Math.abs)).toEqual([0, 0]);
    expect(gradient.every(Number.isFinite)).toBe(true);
    expect(norm(gradient)).toBeGreaterThan(0.1);
    const zeros = [
      [0, 0],
      [0, 0],
    ];
    expectClose([await lossOf(zeros, zeros)], [Math.log(3)], { relative: 1e-6 });
    expect((await gradientOf(zeros, zeros, 0.5)).map(Math.abs)).toEqual(new Array(8).fill(0));
  });

  it('leaves no tensors behind', async () => {
    const views = [tensor2d(view1), tensor2d(view2)] as const;
    await expectTensors(0, () => ntXentLoss(...views).dispose());
    await expectTensors(0, () => {
      const { value, grads: results } = valueAndGrads((a, b) => ntXentLoss(a as Tensor2D, b as Tensor2D))([
        ...views,
      ]);
      for (const tensor of [value, ...results]) tensor.dispose();
    });
    await expectTensors(0, () => expect(() => ntXentLoss(...views, { temperature: 0 })).toThrow());
  });

  describe('refuses', () => {
    const good = tensor2d(view1);

    it('views that are no float32 matrices', () => {
      expect(() => ntXentLoss(tensor1d([1, 2]) as unknown as Tensor2D, good)).toThrow(ShapeError);
      expect(() => ntXentLoss(tensor1d([1, 2]) as unknown as Tensor2D, good)).toThrow(
        'ntXentLoss: view1 must have shape [N, D] (rank 2). Received: view1=[2] (rank 1).',
      );
      expect(() => ntXentLoss(good, view2 as unknown as Tensor2D)).toThrow(/view2 must be a tensor/);
      expect(() => ntXentLoss(good, tensor2d(view2, [2, 2], 'int32'))).toThrow(
        /view2 must be float32.*int32/,
      );
    });

    it('views of different shapes, and a single image', () => {
      expect(() => ntXentLoss(good, tensor2d([[1, 2]]))).toThrow(
        'ntXentLoss: view1 and view2 must have the same shape. Received: view1=[2,2], view2=[1,2].',
      );
      expect(() => ntXentLoss(tensor2d([[1, 2]]), tensor2d([[1, 2]]))).toThrow(ShapeError);
      expect(() => ntXentLoss(tensor2d([[1, 2]]), tensor2d([[1, 2]]))).toThrow(
        /at least 2 images.*view1=\[1,2\]/,
      );
      const empty = tensor2d([], [2, 0]);
      expect(() => ntXentLoss(empty, empty)).toThrow(/1 dimension.*view1=\[2,0\]/);
    });

    it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '0.5' as unknown as number])(
      'temperature %s',
      (temperature) => {
        expect(() => ntXentLoss(good, good, { temperature })).toThrow(InvalidOptionError);
        expect(() => ntXentLoss(good, good, { temperature })).toThrow(
          /temperature must be a finite number > 0/,
        );
      },
    );

    it('an unknown reduction', () => {
      const call = () => ntXentLoss(good, good, { reduction: 'average' as 'mean' });
      expect(call).toThrow(InvalidOptionError);
      expect(call).toThrow(/reduction must be one of "mean", "sum", "none"\. Received: reduction="average"/);
    });
  });

  it('has the type that its reduction says', () => {
    const views = [tensor2d(view1), tensor2d(view2)] as const;
    const rows: Tensor1D = ntXentLoss(...views, { reduction: 'none' });
    expect(rows.rank).toBe(1);
  });
});
