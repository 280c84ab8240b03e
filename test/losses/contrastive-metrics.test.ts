import { type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { InvalidOptionError, ShapeError, ValueRangeError } from '../../src/errors/index.js';
import { type ContrastiveMetrics, contrastiveMetrics } from '../../src/losses/index.js';
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { toRows } from './nt-xent-oracle.js';

const metricsOf = async (rows1: number[][], rows2: number[][], temperature?: number) => {
  const [view1, view2] = [tensor2d(rows1), tensor2d(rows2)];
  const metrics = await contrastiveMetrics(view1, view2, temperature === undefined ? {} : { temperature });
  view1.dispose();
  view2.dispose();
  return metrics;
};

/** Every definition by sorting and summing over lists, in float64. */
function naiveMetrics(rows1: number[][], rows2: number[][], temperature: number): ContrastiveMetrics {
  const count = rows1.length;
  const unit = (row: number[]) => row.map((value) => value / Math.hypot(...row));
  const all = [...rows1, ...rows2].map(unit);
  const similarity = (i: number, j: number) =>
    all[i]!.reduce((total, value, k) => total + value * all[j]![k]!, 0);
  const squared = (i: number, j: number) =>
    all[i]!.reduce((total, value, k) => total + (value - all[j]![k]!) ** 2, 0);
  const mean = (values: number[]) => values.reduce((total, value) => total + value, 0) / values.length;
  const indices = all.map((_, i) => i);
  const pair = (i: number) => (i + count) % (2 * count);
  const rank = (i: number, candidates: number[]) =>
    [...candidates].sort((a, b) => similarity(i, b) - similarity(i, a)).indexOf(pair(i));
  const others = (i: number) => indices.filter((j) => j !== i);
  const otherView = (i: number) => indices.filter((j) => j < count !== i < count);
  const negatives = (i: number) => indices.filter((j) => j !== i && j !== pair(i));
  const potential = (view: number[]) =>
    Math.log(mean(view.flatMap((i) => view.filter((j) => j !== i).map((j) => Math.exp(-2 * squared(i, j))))));
  return {
    top1Accuracy: mean(indices.map((i) => Number(rank(i, others(i)) < 1))),
    top5Accuracy: mean(indices.map((i) => Number(rank(i, others(i)) < 5))),
    crossViewTop1Accuracy: mean(indices.slice(0, count).map((i) => Number(rank(i, otherView(i)) < 1))),
    entropy: mean(
      indices.map((i) => {
        const weights = others(i).map((j) => Math.exp(similarity(i, j) / temperature));
        const mass = weights.reduce((total, value) => total + value, 0);
        return weights.reduce((total, value) => total - (value / mass) * Math.log(value / mass), 0);
      }),
    ),
    alignment: mean(indices.slice(0, count).map((i) => squared(i, pair(i)))),
    uniformity: (potential(indices.slice(0, count)) + potential(indices.slice(count))) / 2,
    positiveSimilarity: mean(indices.map((i) => similarity(i, pair(i)))),
    negativeSimilarity: mean(indices.flatMap((i) => negatives(i).map((j) => similarity(i, j)))),
  };
}

describe('contrastiveMetrics', () => {
  it.each([0.1, 0.5])(
    'equals the definitions written out in float64, at temperature %s',
    async (temperature) => {
      const [count, dim] = [12, 4];
      const values = hashedValues('metrics/view1', count * dim);
      const noise = hashedValues('metrics/noise', count * dim);
      const rows1 = toRows(values, dim);
      const rows2 = toRows(
        values.map((value, i) => value + 0.9 * noise[i]!),
        dim,
      );
      const actual = await metricsOf(rows1, rows2, temperature);
      const expected = naiveMetrics(rows1, rows2, temperature);
      expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
      const keys = Object.keys(expected) as Array<keyof ContrastiveMetrics>;
      expectClose(
        keys.map((key) => actual[key]),
        keys.map((key) => expected[key]),
        { absolute: 2e-6 },
      );
      // The sample is worth something only where the accuracies differ from one another and from 0 and 1.
      expect(
        new Set([0, expected.top1Accuracy, expected.crossViewTop1Accuracy, expected.top5Accuracy, 1]).size,
      ).toBe(5);
    },
  );

  it('scores perfect pairs of orthogonal images', async () => {
    const rows = [
      [2, 0, 0],
      [0, 3, 0],
      [0, 0, 4],
    ];
    const metrics = await metricsOf(rows, rows, 0.5);
    expect(metrics).toMatchObject({
      top1Accuracy: 1,
      top5Accuracy: 1,
      crossViewTop1Accuracy: 1,
      alignment: 0,
      positiveSimilarity: 1,
      negativeSimilarity: 0,
    });
    expectClose([metrics.uniformity], [-4], { relative: 1e-6 }); // d^2 = 2 for every pair
  });

  it('scores collapsed embeddings at chance', async () => {
    const rows = [
      [1, 2],
      [1, 2],
      [1, 2],
      [1, 2],
    ];
    const metrics = await metricsOf(rows, rows);
    expectClose([metrics.top1Accuracy, metrics.top5Accuracy], [1 / 7, 5 / 7], { relative: 1e-6 });
    expectClose([metrics.crossViewTop1Accuracy], [1 / 4], { relative: 1e-6 });
    expectClose([metrics.entropy], [Math.log(7)], { relative: 1e-6 });
    expectClose([metrics.uniformity, metrics.alignment], [0, 0], { absolute: 1e-6 });
  });

  it('has entropy 0 where the temperature is tiny, without NaN', async () => {
    const rows = [
      [1, 0],
      [0, 1],
    ];
    const metrics = await metricsOf(rows, rows, 1e-4);
    expect(metrics.entropy).toBe(0);
  });

  it('leaves no tensors behind', async () => {
    const view = tensor2d([
      [1, 2],
      [3, 4],
    ]);
    await expectTensors(0, () => contrastiveMetrics(view, view));
  });

  it('refuses bad input', async () => {
    const good = tensor2d([
      [1, 2],
      [3, 4],
    ]);
    const single = tensor2d([[1, 2]]);
    await expect(contrastiveMetrics(good, single)).rejects.toThrow(ShapeError);
    await expect(contrastiveMetrics(single, single)).rejects.toThrow(
      /^contrastiveMetrics: views must hold at least 2 images/,
    );
    await expect(contrastiveMetrics([[1]] as unknown as Tensor2D, good)).rejects.toThrow(ShapeError);
    await expect(contrastiveMetrics(good, good, { temperature: 0 })).rejects.toThrow(InvalidOptionError);
    const bad = tensor2d([
      [1, Number.NaN],
      [3, 4],
    ]);
    await expectTensors(0, async () => {
      await expect(contrastiveMetrics(good, bad)).rejects.toThrow(ValueRangeError);
    });
    await expect(contrastiveMetrics(good, bad)).rejects.toThrow(/embeddings must be finite\. Received: /);
  });
});
