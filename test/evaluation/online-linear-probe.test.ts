import { afterEach, describe, expect, it } from 'vitest';
import { onlineLinearProbe } from '../../src/evaluation/index.js';
import { OnlineSoftmax } from '../../src/evaluation/linear-probe/online-softmax.js';
import { ShapeError, type SimCLR, ValueRangeError } from '../../src/index.js';
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { tinyPictures, tinySimCLR, weightValues } from '../training/tiny.js';
import { asBatches, coloredPictures } from './labeled-tiny.js';

const labeled = coloredPictures(30, 3);
const validation = coloredPictures(15, 3, 2);
let trainers: SimCLR[] = [];
function trainer(): SimCLR {
  const simclr = tinySimCLR();
  trainers.push(simclr);
  return simclr;
}
afterEach(() => {
  for (const simclr of trainers) simclr.dispose();
  trainers = [];
});

describe('onlineLinearProbe', () => {
  it('learns alongside training, writes metrics and does not touch the encoder', async () => {
    const pictures = tinyPictures(16);
    const alone = trainer();
    await alone.fit(pictures, { epochs: 8, batchSize: 8 });
    const probed = trainer();
    const probe = onlineLinearProbe({ ...labeled, validation, batchSize: 16, learningRate: 0.3 });
    const first = await probed.fit(pictures, { epochs: 4, batchSize: 8, callbacks: [probe] });
    const second = await expectTensors(0, () =>
      probed.fit(pictures, { epochs: 4, batchSize: 8, callbacks: [probe] }),
    );
    expect(weightValues(probed)).toEqual(weightValues(alone));
    const metrics = [...first.epochs, ...second.epochs].map((epoch) => epoch.metrics);
    expect(Object.keys(metrics[0]!).sort()).toEqual([
      'onlineProbeAccuracy',
      'onlineProbeLoss',
      'onlineProbeTrainAccuracy',
    ]);
    expect(metrics.at(-1)!.onlineProbeLoss!).toBeLessThan(metrics[0]!.onlineProbeLoss!);
    expect(metrics.at(-1)!.onlineProbeAccuracy!).toBeGreaterThan(0.8);
    for (const { onlineProbeTrainAccuracy } of metrics) {
      expect(onlineProbeTrainAccuracy! >= 0 && onlineProbeTrainAccuracy! <= 1).toBe(true);
    }
  });

  it('measures the same on batches that carry their labels', async () => {
    const metricsOf = async (images: object, other: object) => {
      const probe = onlineLinearProbe({ ...images, validation: other, batchSize: 8 } as never);
      const options = { epochs: 3, batchSize: 8, callbacks: [probe] };
      const simclr = trainer();
      await simclr.fit(tinyPictures(16), { batchSize: 8, maxSteps: 1 }); // makes the optimizer's slots
      const { epochs } = await expectTensors(0, () => simclr.fit(tinyPictures(16), options));
      return epochs.map(({ metrics }) => metrics);
    };
    const expected = await metricsOf(labeled, validation);
    expect(await metricsOf({ images: asBatches(labeled) }, { images: asBatches(validation) })).toEqual(
      expected,
    );
  });

  it('refuses a data set without labels when training begins', async () => {
    const probe = onlineLinearProbe({ images: asBatches(labeled, false) });
    const fit = trainer().fit(tinyPictures(16), { batchSize: 8, callbacks: [probe] });
    await expect(fit).rejects.toThrow(/^onlineLinearProbe: labels must be given, because/);
  });

  it('steps only as often as asked, and measures nothing where it did not', async () => {
    const simclr = trainer();
    const options = { batchSize: 8, maxSteps: 4, epochs: 2 };
    const rare = onlineLinearProbe({ ...labeled, everySteps: 3, name: 'rare' });
    const { epochs } = await simclr.fit(tinyPictures(16), { ...options, callbacks: [rare] });
    expect(epochs.map(({ metrics }) => Object.keys(metrics))).toEqual([
      [],
      ['rareLoss', 'rareTrainAccuracy'],
    ]);
    expect(epochs[1]!.metrics.rareLoss).toBeCloseTo(Math.log(3), 10); // its first batch, before the update
  });

  it.each<[string, object, RegExp, typeof ShapeError]>([
    ['no labels', { labels: undefined }, /labels must be an array or a typed array of integers/, ShapeError],
    ['too few labels', { labels: Uint8Array.of(0, 1) }, /2 labels for 30 rows/, ShapeError],
    ['one class', { labels: new Uint8Array(30) }, /at least two classes/, ValueRangeError],
    [
      'labels of validation out of range',
      { validation: { ...validation, labels: new Uint8Array(15).fill(3) } },
      /validation.labels must be integers from 0 to 2/,
      ValueRangeError,
    ],
  ])('refuses %s', (_, change, message, kind) => {
    expect(() => onlineLinearProbe({ ...labeled, ...change })).toThrow(message);
    expect(() => onlineLinearProbe({ ...labeled, ...change })).toThrow(kind);
  });

  it.each([
    [{ batchSize: 0 }, /batchSize/],
    [{ everySteps: 0 }, /everySteps/],
    [{ learningRate: 0 }, /learningRate/],
    [{ seed: -1 }, /seed/],
    [{ name: '' }, /name/],
  ])('refuses %j', (change, message) => {
    expect(() => onlineLinearProbe({ ...labeled, ...change })).toThrow(message);
  });
});

describe('OnlineSoftmax', () => {
  it('moves against the gradient of the mean cross entropy, as finite differences have it', () => {
    const matrix = { data: hashedValues('online', 6 * 3), rows: 6, dim: 3 };
    const labels = [0, 1, 2, 0, 1, 1];
    const meanLoss = (shift: (parameters: Float64Array) => void) => {
      const softmax = new OnlineSoftmax(3, 3, 1e-300); // updates nothing
      softmax.parameters.set(hashedValues('parameters', 12));
      shift(softmax.parameters);
      return softmax.update(matrix, labels).loss / 6;
    };
    const softmax = new OnlineSoftmax(3, 3, 0.01);
    softmax.parameters.set(hashedValues('parameters', 12));
    const before = softmax.parameters.slice();
    softmax.update(matrix, labels);
    // Adam's first step is rate * g / (|g| + 1e-8): its sign tells the gradient's.
    const moved = softmax.parameters.map((value, i) => value - before[i]!);
    const expected = before.map((_, i) => {
      const difference = meanLoss((p) => (p[i]! += 1e-5)) - meanLoss((p) => (p[i]! -= 1e-5));
      const slope = difference / 2e-5;
      return (-0.01 * slope) / (Math.abs(slope) + 1e-8);
    });
    expectClose(moved, expected, { absolute: 1e-6 });
  });
});
