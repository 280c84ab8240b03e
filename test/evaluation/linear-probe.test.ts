import { describe, expect, it } from 'vitest';
import { InvalidOptionError } from '../../src/errors/index.js';
import { linearProbe } from '../../src/evaluation/index.js';
import { drawStratified } from '../../src/evaluation/labels/stratified-selection.js';
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { embeddings, golden, rowsBelow, test, testLabels, train, trainLabels } from './golden.js';
import { similarity } from './similarity.js';

/** Rows of the training digits by number. */
function rowsOf(rows: Uint32Array) {
  return {
    embeddings: embeddings(
      [...rows].flatMap((row) => [...train.data.subarray(row * 64, (row + 1) * 64)]),
      64,
    ),
    labels: Uint8Array.from(rows, (row) => trainLabels[row]!),
  };
}

describe('linearProbe', () => {
  it.each(golden.linearProbe)(
    "agrees with scikit-learn's LogisticRegression: C $inverseRegularization, standardize $standardize, $classes classes",
    async ({ inverseRegularization, standardize, classes, accuracy, top5Accuracy, probabilities }) => {
      const asked = rowsBelow(test, testLabels, classes);
      const probe = await linearProbe(rowsBelow(train, trainLabels, classes), {
        inverseRegularization,
        standardize,
        tolerance: 1e-9,
        maxIterations: 2000,
      });
      expect(probe.converged).toBe(true);
      expectClose((await probe.probabilities(asked.embeddings)).data, probabilities, { absolute: 2e-6 });
      const result = await probe.evaluate(asked.embeddings, asked.labels);
      expect(result.accuracy).toBeCloseTo(accuracy, 10);
      expect(result.top5Accuracy).toBe(top5Accuracy);
      expect(result.predictions).toEqual(await probe.predict(asked.embeddings));
    },
  );

  it('is close to that with its default tolerance already', async () => {
    const probe = await linearProbe({ embeddings: train, labels: trainLabels });
    expect(probe.converged).toBe(true);
    expectClose((await probe.probabilities(test)).data, golden.linearProbe[0]!.probabilities, {
      absolute: 2e-3,
    });
  });

  it('has weights that give its probabilities from the embeddings as they come', async () => {
    const probe = await linearProbe({ embeddings: train, labels: trainLabels });
    const { data } = await probe.probabilities(test);
    const logits = Array.from({ length: 10 }, (_, k) =>
      test.data
        .subarray(0, 64)
        .reduce((sum, value, i) => sum + value * probe.weights[k * 64 + i]!, probe.intercepts[k]!),
    );
    const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
    expectClose(
      data.subarray(0, 10),
      logits.map((logit) => Math.exp(logit) / sum),
      { absolute: 1e-5 },
    );
  });

  it('does not let the scale and offset of a column matter when it standardizes', async () => {
    const values = hashedValues('columns', 60 * 3);
    const labels = Uint8Array.from({ length: 60 }, (_, row) =>
      values[row * 3]! + values[row * 3 + 1]! > 0 ? 1 : 0,
    );
    const moved = values.map((value, i) =>
      i % 3 === 0 ? 1000 + 256 * value : i % 3 === 1 ? 2 ** -10 * value : value,
    );
    const [a, b] = await Promise.all(
      [values, moved].map(async (data) => {
        const input = embeddings(data, 3);
        const probe = await linearProbe({ embeddings: input, labels }, { tolerance: 1e-9 });
        return (await probe.probabilities(input)).data;
      }),
    );
    expectClose(b!, a!, { absolute: 1e-3 }); // 1000 + 256 x is rounded to 2^-14
  });

  it('gives a class that no training row has probability 0', async () => {
    const { embeddings: few, labels } = rowsBelow(train, trainLabels, 3);
    const shifted = labels.map((label) => (label === 2 ? 4 : label));
    const probe = await linearProbe({ embeddings: few, labels: shifted, classes: 6 });
    expect(probe.classes).toBe(6);
    expect([...probe.intercepts].map(Number.isFinite)).toEqual([true, true, false, false, true, false]);
    const { data, shape } = await probe.probabilities(few);
    expect(shape).toEqual([labels.length, 6]);
    for (let row = 0; row < labels.length; row++) {
      const [p0, p1, p2, p3, p4, p5] = data.subarray(row * 6, row * 6 + 6);
      expect([p2, p3, p5]).toEqual([0, 0, 0]);
      expect(p0! + p1! + p4!).toBeCloseTo(1, 5);
    }
    expect((await probe.evaluate(few, shifted)).accuracy).toBe(1);
  });

  it('copes with constant columns, duplicates and fewer rows than columns', async () => {
    const values = hashedValues('wide', 12 * 40).map((value, i) =>
      i % 40 === 0 ? 0.1 : i % 40 === 1 ? 0 : value,
    );
    for (let row = 0; row < 12; row++) values[row * 40 + 3] = values[row * 40 + 2]!;
    const wide = embeddings(values, 40);
    const labels = Uint8Array.from({ length: 12 }, (_, row) => row % 3);
    const probe = await linearProbe({ embeddings: wide, labels }, { inverseRegularization: 1e6 });
    expect(probe.weights.every(Number.isFinite)).toBe(true);
    expect((await probe.evaluate(wide, labels)).accuracy).toBe(1);
  });

  it('says when it has not converged', async () => {
    const probe = await linearProbe({ embeddings: train, labels: trainLabels }, { maxIterations: 2 });
    expect(probe.converged).toBe(false);
    expect(probe.iterations).toBe(2);
  });

  it('chooses among strengths by what each gives on rows that were held out', async () => {
    const strengths = [10, 1e-4, 1e-2];
    const probe = await linearProbe(
      { embeddings: train, labels: trainLabels },
      { inverseRegularization: strengths, validationShare: 0.25, seed: 3, tolerance: 1e-9 },
    );
    expect(probe.trials.map((trial) => trial.inverseRegularization)).toEqual([1e-4, 1e-2, 10]);
    const heldOut = drawStratified(trainLabels, 3, (members) => Math.round(0.25 * members));
    const kept = Uint32Array.from(trainLabels.keys()).filter((row) => !heldOut.includes(row));
    for (const { inverseRegularization, accuracy, loss } of probe.trials) {
      const alone = await linearProbe(rowsOf(kept), { inverseRegularization, tolerance: 1e-9 });
      const asked = rowsOf(heldOut);
      const { data } = await alone.probabilities(asked.embeddings);
      expect(accuracy).toBe((await alone.evaluate(asked.embeddings, asked.labels)).accuracy);
      const losses = [...asked.labels].map((label, row) => -Math.log(data[row * 10 + label]!));
      const mean = losses.reduce((sum, value) => sum + value, 0) / losses.length;
      expect(Math.abs(loss - mean)).toBeLessThan(0.02); // trials stop at a tolerance of 1e-4
    }
    const highest = Math.max(...probe.trials.map(({ accuracy }) => accuracy));
    const [best] = probe.trials
      .filter(({ accuracy }) => accuracy === highest)
      .sort((a, b) => a.loss - b.loss);
    expect(probe.inverseRegularization).toBe(best!.inverseRegularization);
    const chosen = await linearProbe(
      { embeddings: train, labels: trainLabels },
      { inverseRegularization: best!.inverseRegularization, tolerance: 1e-9 },
    );
    expect(chosen.trials).toEqual([]);
    expectClose(probe.weights, chosen.weights, { absolute: 1e-4 });
  });

  it('of equally accurate strengths takes the one with the lowest loss', async () => {
    // Three clusters far apart: every strength classifies all of them, the strongest with probabilities near 1/3.
    const noise = hashedValues('clusters', 60 * 3);
    const clusters = embeddings(
      noise.map((value, i) => 0.1 * value + (Math.floor(i / 3) % 3 === i % 3 ? 1 : 0)),
      3,
    );
    const labels = Uint8Array.from({ length: 60 }, (_, row) => row % 3);
    const probe = await linearProbe(
      { embeddings: clusters, labels },
      { inverseRegularization: 'validation' },
    );
    expect(probe.trials.every(({ accuracy }) => accuracy === 1)).toBe(true);
    expect(probe.trials[0]!.loss).toBeGreaterThan(1);
    const lowest = Math.min(...probe.trials.map(({ loss }) => loss));
    const chosen = probe.trials.find((trial) => trial.inverseRegularization === probe.inverseRegularization)!;
    expect(chosen.loss).toBe(lowest);
    const { data } = await probe.probabilities(clusters);
    labels.forEach((label, row) => {
      expect(data[row * 3 + label]).toBeGreaterThan(0.9);
    });
  });

  it("tries the strengths of scikit-learn's LogisticRegressionCV by default", async () => {
    const probe = await linearProbe(rowsBelow(train, trainLabels, 3), {
      inverseRegularization: 'validation',
    });
    expectClose(
      probe.trials.map(({ inverseRegularization }) => Math.log(inverseRegularization)),
      similarity.grid.map(Math.log),
      { absolute: 1e-12 },
    );
    expect(probe.converged).toBe(true);
  });

  it('holds out no class of a single row, and refuses when there are no others', async () => {
    const few = embeddings([1, 2, 3, 4, 5], 1);
    const options = { inverseRegularization: [0.1, 1] };
    const probe = await linearProbe({ embeddings: few, labels: Uint8Array.of(0, 0, 1, 1, 2) }, options);
    expect(probe.trials).toHaveLength(2);
    await expect(
      linearProbe({ embeddings: few, labels: Uint8Array.of(0, 1, 2, 3, 4) }, options),
    ).rejects.toThrow(/a class of at least two rows/);
  });

  it('leaves no tensors', async () => {
    await expectTensors(0, async () =>
      (await linearProbe({ embeddings: train, labels: trainLabels })).predict(test),
    );
  });

  it.each([
    [{ inverseRegularization: 0 }, /inverseRegularization must be a finite number > 0/],
    [{ inverseRegularization: [] }, /at least one strength/],
    [{ inverseRegularization: [1, -1] }, /inverseRegularization must be a finite number > 0/],
    [{ validationShare: 1 }, /validationShare must be a number above 0 and below 1/],
    [{ seed: 0.5 }, /seed must be an integer >= 0/],
    [{ maxIterations: 0 }, /maxIterations must be an integer >= 1/],
    [{ tolerance: -1 }, /tolerance must be a finite number > 0/],
    [
      { standardize: 'yes' as unknown as boolean },
      /standardize must be a boolean. Received: standardize="yes"/,
    ],
  ])('refuses %j', async (options, message) => {
    const fit = linearProbe({ embeddings: train, labels: trainLabels }, options);
    await expect(fit).rejects.toThrow(message);
    await expect(fit).rejects.toBeInstanceOf(InvalidOptionError);
  });
});
