import { ValueRangeError } from '../../errors/errors.js';
import type { Matrix } from '../embeddings.js';
import type { Labels } from '../labels/labels.js';
import { drawStratified } from '../labels/stratified-selection.js';
import { type FitSettings, softmaxProblem, takeRows } from './softmax-fit.js';
import { forEachProbability } from './softmax-regression.js';

/** Results of one strength of regularization on the held-out rows. */
export interface RegularizationTrial {
  /** scikit-learn's `C`. */
  inverseRegularization: number;
  /** Accuracy on the held-out rows. */
  accuracy: number;
  /** Mean cross entropy of the held-out rows, in nats. */
  loss: number;
}

/** Options of {@link sweepRegularization}. */
export interface SweepOptions {
  /** Strengths to try. */
  grid: readonly number[];
  /** Share of each class to hold out. */
  validationShare: number;
  seed: number;
  standardize: boolean;
  maxIterations: number;
  tolerance: number;
}

/** The trials, and where to start the fit on all rows. */
export interface Sweep {
  trials: RegularizationTrial[];
  best: Pick<FitSettings, 'inverseRegularization'> & { start: Float64Array };
}

/**
 * Fits each strength on a part of the rows, strongest regularization first, starting from the previous fit. Picks the
 * one with the highest accuracy on the rest; of equally accurate ones the one with the lowest loss there; of those the
 * strongest.
 *
 * @throws {@link ValueRangeError} when no class has two rows, so that none can be held out.
 */
export async function sweepRegularization(
  caller: string,
  matrix: Matrix,
  labels: Labels,
  classes: number,
  options: SweepOptions,
): Promise<Sweep> {
  const { grid, validationShare, seed, standardize, maxIterations, tolerance } = options;
  const heldOut = drawStratified(labels, seed, (members) =>
    Math.min(members - 1, Math.max(1, Math.round(validationShare * members))),
  );
  if (heldOut.length === 0) {
    throw new ValueRangeError(
      `${caller}: labels must have a class of at least two rows, so that one can be held out. Received: one row per class.`,
    );
  }
  const isHeldOut = new Uint8Array(matrix.rows);
  for (const row of heldOut) isHeldOut[row] = 1;
  const kept = Uint32Array.from(isHeldOut.keys()).filter((row) => isHeldOut[row] === 0);
  const labelsOf = (rows: Uint32Array) => Int32Array.from(rows, (row) => labels[row]!);
  const problem = softmaxProblem(takeRows(matrix, kept), labelsOf(kept), classes, standardize);
  const validation = takeRows(matrix, heldOut);
  const actual = labelsOf(heldOut);

  const trials: RegularizationTrial[] = [];
  const starts: Float64Array[] = [];
  let start: Float64Array | undefined;
  for (const inverseRegularization of [...grid].sort((a, b) => a - b)) {
    const settings = { inverseRegularization, maxIterations, tolerance };
    const { point } = await problem.fit(start ? { ...settings, start } : settings);
    start = point;
    starts.push(point);
    let correct = 0;
    let loss = 0;
    forEachProbability(validation, problem.layer(point), problem.present.length, (row, values, first) => {
      let best = 0;
      for (let k = 1; k < problem.present.length; k++)
        if (values[first + k]! > values[first + best]!) best = k;
      if (problem.present[best] === actual[row]) correct++;
      loss -= Math.log(Math.max(values[first + problem.present.indexOf(actual[row]!)]!, Number.MIN_VALUE));
    });
    trials.push({ inverseRegularization, accuracy: correct / validation.rows, loss: loss / validation.rows });
  }
  let best = 0;
  for (let i = 1; i < trials.length; i++) if (isBetter(trials[i]!, trials[best]!)) best = i;
  return {
    trials,
    best: { inverseRegularization: trials[best]!.inverseRegularization, start: starts[best]! },
  };
}

/** With few held-out rows, many strengths are equally accurate. Then the loss decides. */
function isBetter(trial: RegularizationTrial, other: RegularizationTrial): boolean {
  if (trial.accuracy !== other.accuracy) return trial.accuracy > other.accuracy;
  return trial.loss < other.loss;
}
