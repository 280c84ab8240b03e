import {
  env,
  grads,
  type Scalar,
  type Tensor,
  type Tensor2D,
  tensor2d,
  valueAndGrads,
} from '@tensorflow/tfjs-core';
import {
  barlowTwinsLoss,
  type DCLWLossOptions,
  dclLoss,
  dclwLoss,
  ntXentLoss,
  ntXentQueueLoss,
  supervisedContrastiveLoss,
  vicRegLoss,
} from 'simclr-ts/losses';
import { describe, expect, it } from 'vitest';
import fixture from '../fixtures/losses/lightly.json' with { type: 'json' };
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { isGraphics } from '../helpers/setting.js';
import { toRows } from './nt-xent-oracle.js';

// tfjs counts what customGrad saves as a leak of a kernel under this flag (its own softmaxCrossEntropy fails too).
env().set('IS_TEST', false);
env().set('PROD', true);

type Loss = (views: Tensor2D[], options: object, name: string) => Scalar;

const losses: Record<string, Loss> = {
  dcl: (views, options) => dclLoss(views, options),
  dclw: (views, options) => dclwLoss(views, options),
  vicReg: (views, options) => vicRegLoss(views, options),
  barlowTwins: (views, options) => barlowTwinsLoss(views, options),
  ntXent: (views, options) => ntXentLoss(views, options),
  supervisedContrastive: (views, options) =>
    supervisedContrastiveLoss(
      views,
      Array.from({ length: views[0]!.shape[0] }, (_, i) => (i * i) % 3),
      options,
    ),
  ntXentQueue: ([view1, view2], options, name) => {
    const [count, dim] = view1!.shape;
    const queue = toRows(hashedValues(`${name}/queue`, 3 * count * dim), dim).map((row) => {
      const length = Math.hypot(...row);
      return row.map((value) => value / length);
    });
    return ntXentQueueLoss(view1!, view2!, tensor2d(queue), options);
  },
};

const viewsOf = (name: string, number: number, count: number, dim: number): Tensor2D[] =>
  Array.from({ length: number }, (_, v) => {
    const values = hashedValues(`${name}/view${v + 1}`, count * dim);
    return tensor2d(
      values.map((value, i) => ((i % dim) % 2 === 0 ? value : 3 * value)),
      [count, dim],
    );
  });

const gradientOf = async (loss: (views: Tensor2D[]) => Scalar, views: Tensor2D[]): Promise<number[]> =>
  (
    await Promise.all(
      grads((...inputs: Tensor[]) => loss(inputs as Tensor2D[]))(views).map(async (result) => [
        ...(await result.data()),
      ]),
    )
  ).flat();

const norm = (values: ArrayLike<number>) => Math.hypot(...Array.from(values));

/** Graphics devices take three sizes of the four: each is a set of programs to compile. */
const cases = fixture.cases.filter(({ count }) => !isGraphics() || count !== 8);

describe('losses agree with lightly and pytorch-metric-learning', () => {
  it.each(cases)(
    '$loss of $views views, $count images, $dim dimensions, $options',
    async ({ loss, views: number, count, dim, options, ...expected }) => {
      const name = `lightly/${count}x${dim}`;
      const views = viewsOf(name, number, count, dim);
      const ours = (inputs: Tensor2D[]) => losses[loss]!(inputs, options, name);
      expectClose(await ours(views).data(), [expected.value], { relative: 5e-6, absolute: 1e-5 });
      const gradient = await gradientOf(ours, views);
      const probe = hashedValues(`${name}/probe`, number * count * dim);
      const along = gradient.reduce((sum, value, i) => sum + value * probe[i]!, 0);
      // Two images of Barlow Twins: 1e-5 beside variances whose difference the gradient is.
      const relative = 5e-5;
      expectClose([norm(gradient)], [expected.gradientNorm], { relative, absolute: 1e-5 });
      expectClose([along], [expected.gradientDotProbe], {
        absolute: 1e-5 + 3 * relative * expected.gradientNorm,
      });
      if (expected.gradient) expectClose(gradient, expected.gradient, { relative, absolute: 1e-5 });
    },
  );
});

/** The definition of DCL in float64, word by word, with DCLW's weights where there is a sigma. */
function naiveDCL(views: number[][][], { temperature = 0.1, sigma }: DCLWLossOptions): number {
  const images = views[0]!.length;
  const rows = views.flat().map((row) => row.map((value) => value / Math.hypot(...row)));
  const similarity = (i: number, j: number) =>
    rows[i]!.reduce((sum, value, k) => sum + value * rows[j]![k]!, 0);
  const others = rows.map((_, i) =>
    rows.map((_, k) => k).filter((k) => k !== i && k % images === i % images),
  );
  const close = rows.map(
    (_, i) => others[i]!.reduce((sum, k) => sum + similarity(i, k), 0) / others[i]!.length,
  );
  const total = rows.map((_, i) => {
    const view = i - (i % images);
    const softmax = (scale: number) =>
      Math.exp(close[i]! / scale) /
      close.slice(view, view + images).reduce((sum, value) => sum + Math.exp(value / scale), 0);
    const weight = sigma === undefined ? 1 : 2 - images * softmax(sigma);
    const mass = rows.reduce(
      (sum, _, k) => (k % images === i % images ? sum : sum + Math.exp(similarity(i, k) / temperature)),
      0,
    );
    return Math.log(mass) - (weight * close[i]!) / temperature;
  });
  return total.reduce((sum, value) => sum + value, 0) / rows.length;
}

describe('dclLoss and dclwLoss of three views', () => {
  const [count, dim] = [5, 4];
  const values = Array.from({ length: 3 }, (_, v) => toRows(hashedValues(`dcl/${v}`, count * dim), dim));

  it('are their definition', async () => {
    const views = values.map((rows) => tensor2d(rows));
    expectClose(await dclLoss(views, { temperature: 0.2 }).data(), [naiveDCL(values, { temperature: 0.2 })], {
      relative: 2e-6,
    });
    const options = { temperature: 0.2, sigma: 0.4 };
    expectClose(await dclwLoss(views, options).data(), [naiveDCL(values, options)], { relative: 2e-6 });
  });

  it('have the gradient of central differences', async () => {
    const step = 1e-5;
    const expected = values.flatMap((rows, v) =>
      rows.flatMap((row, i) =>
        row.map((_, k) => {
          const at = (offset: number) => {
            const moved = structuredClone(values);
            moved[v]![i]![k]! += offset;
            return naiveDCL(moved, { temperature: 0.2 });
          };
          return (at(step) - at(-step)) / (2 * step);
        }),
      ),
    );
    const views = values.map((rows) => tensor2d(rows));
    expectClose(await gradientOf((inputs) => dclLoss(inputs, { temperature: 0.2 }), views), expected, {
      relative: 2e-5,
    });
  });
});

describe('similarities in blocks of rows', () => {
  const views = viewsOf('blocks', 3, 7, 5);
  const labels = [0, 1, 0, 2, -1, 1, -1];
  const blocked: Record<string, (views: Tensor2D[], blockSize?: number) => Scalar> = {
    ntXentLoss: (inputs, blockSize) =>
      ntXentLoss(inputs, { temperature: 0.2, ...(blockSize && { blockSize }) }),
    dclLoss: (inputs, blockSize) => dclLoss(inputs, { ...(blockSize && { blockSize }) }),
    dclwLoss: (inputs, blockSize) => dclwLoss(inputs, { ...(blockSize && { blockSize }) }),
    supervisedContrastiveLoss: (inputs, blockSize) =>
      supervisedContrastiveLoss(inputs, labels, { ...(blockSize && { blockSize }) }),
  };

  it.each(Object.entries(blocked))('give %s the same value and gradient', async (_, loss) => {
    const expected = await loss(views).data();
    const gradient = await gradientOf((inputs) => loss(inputs), views);
    for (const blockSize of [1, 3, 7, 20, 21, 100]) {
      expectClose(await loss(views, blockSize).data(), expected, { relative: 1e-6 });
      expectClose(await gradientOf((inputs) => loss(inputs, blockSize), views), gradient, { relative: 2e-6 });
    }
  });

  it('also of each row', async () => {
    const options = { reduction: 'none', temperature: 0.2 } as const;
    const rows = await ntXentLoss(views, options).data();
    expectClose(await ntXentLoss(views, { ...options, blockSize: 4 }).data(), rows, { relative: 1e-6 });
  });

  it('are the default beyond 2048 views, and never exist all at once', async () => {
    const [view1, view2] = viewsOf('many', 2, 1030, 2) as [Tensor2D, Tensor2D];
    const both = (blockSize: number | undefined) =>
      gradientOf(
        ([a, b]) => ntXentLoss(a!, b!, { temperature: 1, ...(blockSize && { blockSize }) }),
        [view1, view2],
      );
    expectClose(await both(undefined), await both(2060), { relative: 1e-5 });
  });
});

describe('properties', () => {
  const labels = [3, 3, 1, 0, 1, 1];
  const views = viewsOf('properties', 2, 6, 4);
  const [view1, view2] = views as [Tensor2D, Tensor2D];
  const numberOf = async (loss: Scalar) => (await loss.data())[0]!;
  const symmetric: Record<string, (a: Tensor2D, b: Tensor2D) => Scalar> = {
    dclLoss,
    dclwLoss,
    vicRegLoss,
    barlowTwinsLoss,
    supervisedContrastiveLoss: (a, b) => supervisedContrastiveLoss([a, b], labels),
  };

  it.each(Object.entries(symmetric))('%s is symmetric in the views', async (_, loss) => {
    expectClose([await numberOf(loss(view2, view1))], [await numberOf(loss(view1, view2))], {
      relative: 2e-6,
    });
  });

  type Either = { (a: Tensor2D, b: Tensor2D): Scalar; (views: Tensor2D[]): Scalar };
  it.each(Object.entries<Either>({ dclLoss, dclwLoss, vicRegLoss, barlowTwinsLoss }))(
    '%s takes two views as arguments or as an array',
    async (_, loss) => {
      expect(await numberOf(loss(view1, view2))).toBe(await numberOf(loss([view1, view2])));
    },
  );

  it('supervised contrastive without known labels, or with one per picture, is NT-Xent', async () => {
    const expected = await numberOf(ntXentLoss(views, { temperature: 0.3 }));
    for (const alone of [[0, 1, 2, 3, 4, 5], new Int32Array(6).fill(-1)]) {
      const loss = supervisedContrastiveLoss(views, alone, { temperature: 0.3 });
      expectClose([await numberOf(loss)], [expected], { relative: 2e-6 });
    }
  });

  it('supervised contrastive depends on who is with whom, not on the names of the classes', async () => {
    const loss = (classes: number[]) => numberOf(supervisedContrastiveLoss(views, classes));
    expect(await loss([7, 7, 2, 9, 2, 2])).toBeCloseTo(await loss(labels), 5);
    expect(Math.abs((await loss([3, 1, 3, 0, 1, 1])) - (await loss(labels)))).toBeGreaterThan(0.01);
  });

  it('equal embeddings give the logarithm of the number of candidates', async () => {
    const equal = tensor2d(Array.from({ length: 6 }, () => [1, 2, 3, 4]));
    expectClose([await numberOf(dclLoss(equal, equal, { temperature: 0.5 }))], [Math.log(10)], {
      absolute: 1e-5,
    });
    expectClose([await numberOf(ntXentLoss([equal, equal, equal]))], [Math.log(17)], { relative: 1e-6 });
    const queue = tensor2d(Array.from({ length: 9 }, () => [1, 2, 3, 4].map((x) => x / Math.sqrt(30))));
    expectClose([await numberOf(ntXentQueueLoss(equal, equal, queue))], [Math.log(10)], { relative: 1e-6 });
  });

  it('VICReg of wide, independent and equal views is 0, and its terms are weighed one by one', async () => {
    const orthogonal = tensor2d([
      [3, 3],
      [-3, 3],
      [3, -3],
      [-3, -3],
    ]);
    expectClose([await numberOf(vicRegLoss(orthogonal, orthogonal))], [0], { absolute: 1e-5 });
    const collapsed = tensor2d([[1], [1]]);
    // variance 0: 1 - sqrt(epsilon), for both views, halved
    const options = { invariance: 0, covariance: 0, variance: 2, epsilon: 1e-4 };
    expectClose([await numberOf(vicRegLoss(collapsed, collapsed, options))], [2 * 0.99], { relative: 1e-6 });
  });

  it.each(
    Object.entries({ ...symmetric, ntXentQueueLoss: (a: Tensor2D, b: Tensor2D) => ntXentQueueLoss(a, b, a) }),
  )('%s leaves no tensor behind, with its gradient or without', async (_, loss) => {
    await expectTensors(0, () => loss(view1, view2).dispose());
    await expectTensors(0, () => {
      const { value, grads: results } = valueAndGrads((a, b) => loss(a as Tensor2D, b as Tensor2D))(views);
      for (const tensor of [value, ...results]) tensor.dispose();
    });
  });
});

describe('bad input', () => {
  const [view1, view2] = viewsOf('bad', 2, 4, 3) as [Tensor2D, Tensor2D];
  const narrow = tensor2d([[1, 2]]);

  it.each<[string, string, () => unknown]>([
    ['ShapeError', 'dclLoss: view1 and view2 must have the same shape', () => dclLoss(view1, narrow)],
    ['ShapeError', 'vicRegLoss: views must hold at least 2 images', () => vicRegLoss(narrow, narrow)],
    [
      'ShapeError',
      'barlowTwinsLoss: view2 must be a tensor',
      () => barlowTwinsLoss(view1, undefined as never),
    ],
    ['InvalidOptionError', 'views must be at least two tensors', () => ntXentLoss([view1])],
    ['InvalidOptionError', 'dclLoss: temperature', () => dclLoss(view1, view2, { temperature: 0 })],
    ['InvalidOptionError', 'dclwLoss: sigma', () => dclwLoss(view1, view2, { sigma: -1 })],
    ['InvalidOptionError', 'dclLoss: blockSize', () => dclLoss(view1, view2, { blockSize: 0.5 })],
    ['InvalidOptionError', 'ntXentLoss: blockSize', () => ntXentLoss(view1, view2, { blockSize: 0 })],
    ['InvalidOptionError', 'vicRegLoss: covariance', () => vicRegLoss(view1, view2, { covariance: -1 })],
    ['InvalidOptionError', 'vicRegLoss: epsilon', () => vicRegLoss(view1, view2, { epsilon: 0 })],
    ['InvalidOptionError', 'redundancy', () => barlowTwinsLoss(view1, view2, { redundancy: Number.NaN })],
    ['ShapeError', 'labels must have one label', () => supervisedContrastiveLoss([view1, view2], [1, 2])],
    ['ValueRangeError', 'labels', () => supervisedContrastiveLoss([view1, view2], [1, 2, 0.5, 1])],
    [
      'InvalidOptionError',
      'blockSize',
      () => supervisedContrastiveLoss([view1, view2], [1, 2, 0, 1], { blockSize: 0 }),
    ],
    ['ShapeError', 'queue must hold at least one row of 3', () => ntXentQueueLoss(view1, view2, narrow)],
    ['InvalidOptionError', 'temperature', () => ntXentQueueLoss(view1, view2, view1, { temperature: -1 })],
  ])('is a %s: %s', (name, text, call) => {
    let error: Error | undefined;
    try {
      call();
    } catch (caught) {
      error = caught as Error;
    }
    expect(error?.name).toBe(name);
    expect(error?.message).toContain(text);
  });
});
