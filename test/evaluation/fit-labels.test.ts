import { describe, expect, it } from 'vitest';
import { InvalidOptionError, ShapeError, ValueRangeError } from '../../src/errors/index.js';
import { fitLabels, proposeToLabel } from '../../src/evaluation/index.js';
import { fitInverseTemperature } from '../../src/evaluation/naming/inverse-temperature.js';
import { ridgePath } from '../../src/evaluation/naming/ridge-path.js';
import golden from '../fixtures/evaluation/naming.json' with { type: 'json' };
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { embeddings, test, train, trainLabels } from './golden.js';

function units(values: Float32Array, dim: number): Float32Array {
  const result = Float32Array.from(values);
  for (let start = 0; start < values.length; start += dim) {
    const length = Math.hypot(...values.subarray(start, start + dim));
    for (let i = start; i < start + dim; i++) result[i] = values[i]! / length;
  }
  return result;
}

/** The vectors of make_naming.py: near the axis of their class. */
function made(name: string, rows: number, dim: number, classes: number) {
  const labels = Int32Array.from({ length: rows }, (_, row) => row % classes);
  const values = hashedValues(name, rows * dim);
  for (const [row, label] of labels.entries()) values[row * dim + label] = values[row * dim + label]! + 0.8;
  return { values, labels };
}

describe('ridgePath', () => {
  it.each(golden.cases)("is scikit-learn's Ridge, and its leave-one-out predictions: $name", (given) => {
    const { name, rows, dim, classes, penalty } = given;
    const { values, labels } = made(name, rows, dim, classes);
    const path = ridgePath({ data: units(values, dim), rows, dim }, labels, classes);
    const scores = path.leaveOneOut(penalty);
    expectClose(scores, given.leaveOneOut, { absolute: 1e-5 });
    const { weights, intercepts } = path.layer(penalty);
    const queries = units(hashedValues(`${name} queries`, 5 * dim), dim);
    const predicted = Array.from({ length: 5 * classes }, (_, i) => {
      const [query, k] = [Math.floor(i / classes), i % classes];
      let sum = intercepts[k]!;
      for (let j = 0; j < dim; j++) sum += weights[k * dim + j]! * queries[query * dim + j]!;
      return sum;
    });
    expectClose(predicted, given.queries, { absolute: 1e-5 });
    const fitted = fitInverseTemperature({ scores, classes, targets: labels, used: [...labels.keys()] });
    expectClose([fitted.factor], [given.factor], { relative: 1e-4 });
    expectClose([fitted.loss], [given.loss], { absolute: 1e-6 });
  });

  it('gives the shares of the classes where all rows are equal', () => {
    const path = ridgePath(
      { data: Float32Array.of(1, 0, 1, 0, 1, 0), rows: 3, dim: 2 },
      Int32Array.of(0, 1, 1),
      2,
    );
    const { weights, intercepts } = path.layer(1);
    expect([...weights]).toEqual([0, 0, 0, 0]);
    expectClose(intercepts, [1 / 3, 2 / 3], { absolute: 1e-12 });
  });
});

describe('fitLabels', () => {
  it('names digits from a few, with probabilities that hold', async () => {
    // Rows in turns, because later ones are by other people; in threes, because digits take turns, too.
    const half = (first: number) => {
      const rows = [...trainLabels.keys()].filter((row) => Math.floor(row / 3) % 2 === first);
      const [, dim] = train.shape;
      const values = rows.flatMap((row) => [...train.data.subarray(row * dim, (row + 1) * dim)]);
      return {
        embeddings: embeddings(values, dim),
        labels: Int32Array.from(rows, (row) => trainLabels[row]!),
      };
    };
    const [named, asked] = [half(0), half(1)];
    const model = await expectTensors(0, () => fitLabels(named, { noneShare: 0 }));
    const { labels, confidences, probabilities } = await expectTensors(0, () =>
      model.predict(asked.embeddings),
    );
    const right = Array.from(labels, (label, row) => label === asked.labels[row]);
    const accuracy = right.filter(Boolean).length / right.length;
    expect(accuracy).toBeGreaterThan(0.8);
    expect(model.calibrated).toBe(true);
    expect(Math.abs(model.leaveOneOutAccuracy - accuracy)).toBeLessThan(0.1);
    const confidence = confidences.reduce((sum, value) => sum + value, 0) / confidences.length;
    expect(Math.abs(confidence - accuracy)).toBeLessThan(0.1);
    for (let row = 0; row < 5; row++) {
      const own = probabilities.data.subarray(row * 10, (row + 1) * 10);
      expect(own.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
      expect(Math.max(...own)).toBe(confidences[row]);
    }
  });

  it('does not depend on the lengths of vectors', async () => {
    const scaled = {
      ...train,
      data: train.data.map((value, i) => value * (1 + (Math.floor(i / train.shape[1]) % 7))),
    };
    const [one, other] = await Promise.all(
      [train, scaled].map(async (given) =>
        (await fitLabels({ embeddings: given, labels: trainLabels })).predict(test),
      ),
    );
    expectClose(other!.confidences, one!.confidences, { absolute: 1e-4 });
  });

  it('finds what is none of the classes by distance', async () => {
    // Classes along two axes; queries along others.
    const labels = Int32Array.from({ length: 20 }, (_, row) => row % 2);
    const noise = hashedValues('none', 20 * 6);
    const near = noise.map((value, i) => 0.2 * value + (i % 6 === labels[Math.floor(i / 6)] ? 1 : 0));
    const model = await fitLabels({ embeddings: embeddings(near, 6), labels }, { noneShare: 0.05 });
    const queries = embeddings([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1], 6);
    const { labels: found, similarities } = await model.predict(queries);
    expect([...found]).toEqual([0, -1, -1]);
    expect(similarities[1]).toBeLessThan(model.noneBelow);
    const every = await fitLabels({ embeddings: embeddings(near, 6), labels }, { noneShare: 0 });
    expect(every.noneBelow).toBe(-1);
    expect([...(await every.predict(queries)).labels]).not.toContain(-1);
    const few = { embeddings: embeddings(near.subarray(0, 18 * 6), 6), labels: labels.subarray(0, 18) };
    expect((await fitLabels(few, { noneShare: 0.05 })).noneBelow).toBe(-1); // 5 % of 18 is not a row
  });

  it('gives up about the share of rows that it is asked to', async () => {
    // Drawn from one distribution, as the share assumes.
    const draw = (name: string) => made(name, 400, 8, 4);
    const [named, asked] = [draw('named'), draw('asked')];
    for (const noneShare of [0.05, 0.2]) {
      const model = await fitLabels(
        { embeddings: embeddings(named.values, 8), labels: named.labels },
        { noneShare },
      );
      const { labels } = await model.predict(embeddings(asked.values, 8));
      const none = labels.filter((label) => label < 0).length / labels.length;
      expect(Math.abs(none - noneShare)).toBeLessThan(0.5 * noneShare);
    }
  });

  it('learns what people called none', async () => {
    const { values, labels } = made('called none', 30, 8, 3);
    const called = labels.map((label) => (label === 2 ? -1 : label));
    const model = await fitLabels({ embeddings: embeddings(values, 8), labels: called }, { noneShare: 0 });
    expect(model.classes).toBe(2);
    const axes = embeddings([1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0], 8);
    const { labels: found, probabilities } = await model.predict(axes);
    expect([...found]).toEqual([0, 1, -1]);
    expect(probabilities.data[4]! + probabilities.data[5]!).toBeLessThan(0.5);
  });

  it('takes one class, a class with one row, and a class without', async () => {
    const one = await fitLabels(
      { embeddings: embeddings([1, 0, 0.9, 0.1, 0.9, -0.1], 2), labels: [0, 0, 0] },
      { noneShare: 0.25 },
    );
    const { labels, confidences } = await one.predict(embeddings([1, 0.05, -1, 0], 2));
    expect([[...labels], [...confidences], one.calibrated]).toEqual([[0, -1], [1, 1], false]);

    const single = await fitLabels({ embeddings: embeddings([1, 0, 0, 1], 2), labels: [0, 1] });
    expect(single.calibrated).toBe(false);
    expect(single.leaveOneOutAccuracy).toBeNaN();
    const predicted = await single.predict(embeddings([1, 0.2, 0.1, 1], 2));
    expect([...predicted.labels]).toEqual([0, 1]);
    expect(predicted.confidences[0]).toBeLessThan(1);

    const lonely = await fitLabels({
      embeddings: embeddings([1, 0, 0, 0.9, 0.1, 0, 0, 1, 0, 0.1, 0.9, 0, 0, 0, 1], 3),
      labels: [0, 0, 1, 1, 3],
      classes: 5,
    });
    const found = await lonely.predict(embeddings([0, 0.1, 1], 3));
    expect(found.labels[0]).toBe(3);
    expect(found.probabilities.shape).toEqual([1, 5]);
    expect([found.probabilities.data[2], found.probabilities.data[4]]).toEqual([0, 0]);
  });

  it.each<[string, Parameters<typeof fitLabels>, RegExp, typeof ShapeError]>([
    ['only none', [{ embeddings: embeddings([1, 2], 2), labels: [-1] }], /-1 in all 1 rows/, ValueRangeError],
    ['too few labels', [{ embeddings: train, labels: [0, 1] }], /2 labels for 200 rows/, ShapeError],
    [
      'a label below -1',
      [{ embeddings: embeddings([1, 2], 2), labels: [-2] }],
      /labels\[0\]=-2/,
      ValueRangeError,
    ],
    [
      'a label above the classes',
      [{ embeddings: embeddings([1, 2], 2), labels: [3], classes: 3 }],
      /from -1 to 2/,
      ValueRangeError,
    ],
    [
      'a share of 1',
      [{ embeddings: embeddings([1, 2], 2), labels: [0] }, { noneShare: 1 }],
      /noneShare=1/,
      InvalidOptionError,
    ],
    ['NaN', [{ embeddings: embeddings([1, Number.NaN], 2), labels: [0] }], /must be finite/, ValueRangeError],
  ])('refuses %s', async (_, parameters, message, kind) => {
    const call = fitLabels(...parameters);
    await expect(call).rejects.toThrow(message);
    await expect(call).rejects.toBeInstanceOf(kind);
  });
});

describe('proposeToLabel', () => {
  /** Groups of ten rows around axes. */
  const groups = 6;
  const noise = hashedValues('groups', groups * 10 * groups);
  const rows = embeddings(
    noise.map((value, i) => 0.1 * value + (Math.floor(i / groups / 10) === i % groups ? 1 : 0)),
    groups,
  );
  const groupsOf = (proposed: Int32Array) => Array.from(proposed, (row) => Math.floor(row / 10)).sort();

  it('proposes one of each group before there are names', async () => {
    const proposed = await expectTensors(0, () =>
      proposeToLabel(rows, { rows: [], labels: [] }, { count: groups }),
    );
    expect(groupsOf(proposed)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('then those that names do not cover', async () => {
    const named = { rows: [3, 14, 25], labels: [0, 1, -1] };
    const proposed = await expectTensors(0, () => proposeToLabel(rows, named, { count: 3 }));
    expect(groupsOf(proposed)).toEqual([3, 4, 5]);
    const all = await proposeToLabel(rows, named, { count: 57 });
    expect([...all, 3, 14, 25].sort((a, b) => a - b)).toEqual([...Array(60).keys()]);
  });

  it('prefers what is uncertain among what is equally covered', async () => {
    // Two classes far apart; of two groups as far from the named rows, one lies between both classes.
    const between = [...Array(10)].flatMap((_, i) => [1, 1, 0.9 + 0.02 * i, 0]);
    const beyond = [...Array(10)].flatMap((_, i) => [1.41, 0, 0, 0.9 + 0.02 * i]);
    const points = embeddings([1, 0, 0, 0, 1, 0.1, 0, 0, 0, 1, 0, 0, 0.1, 1, 0, 0, ...between, ...beyond], 4);
    const proposed = await proposeToLabel(points, { rows: [0, 1, 2, 3], labels: [0, 0, 1, 1] }, { count: 1 });
    expect(proposed[0]).toBeGreaterThanOrEqual(4);
    expect(proposed[0]).toBeLessThan(14);
  });

  it.each<[string, Parameters<typeof proposeToLabel>, RegExp, typeof ShapeError]>([
    [
      'more than are left',
      [rows, { rows: [0], labels: [0] }, { count: 60 }],
      /rows without a name=59/,
      InvalidOptionError,
    ],
    [
      'a row twice',
      [rows, { rows: [0, 0], labels: [0, 0] }, { count: 1 }],
      /2 rows, 1 of them different/,
      ValueRangeError,
    ],
    [
      'a row that is not there',
      [rows, { rows: [60], labels: [0] }, { count: 1 }],
      /named\.rows\[0\]=60/,
      ValueRangeError,
    ],
    ['a label too few', [rows, { rows: [0], labels: [] }, { count: 1 }], /0 labels for 1 rows/, ShapeError],
  ])('refuses %s', async (_, parameters, message, kind) => {
    const call = proposeToLabel(...parameters);
    await expect(call).rejects.toThrow(message);
    await expect(call).rejects.toBeInstanceOf(kind);
  });
});
