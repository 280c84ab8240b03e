import { checkKeys } from '../../errors/check-keys.js';
import { checkBoolean, checkInteger, checkPositive, receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { checkSameDim, type Embeddings, readEmbeddings } from '../embeddings.js';
import {
  type ClassificationResult,
  type ClassProbabilities,
  classificationResult,
  mostProbableClass,
} from '../labels/classification.js';
import { checkLabels, checkTrainingLabels, type Labels } from '../labels/labels.js';
import type { LabeledEmbeddings } from '../neighbors/knn-classifier.js';
import { type RegularizationTrial, sweepRegularization } from './regularization-sweep.js';
import { softmaxProblem } from './softmax-fit.js';
import { forEachProbability } from './softmax-regression.js';

/** The strengths that `inverseRegularization: 'validation'` tries, as in scikit-learn's `LogisticRegressionCV`. */
const defaultGrid = Array.from({ length: 10 }, (_, i) => 10 ** (-4 + (8 * i) / 9));

/** Options of {@link linearProbe}. */
export interface LinearProbeOptions {
  /**
   * scikit-learn's `C`, > 0: the objective is C * Σ cross entropy + |W|² / 2, without a penalty on the intercepts. Smaller
   * values regularize more.
   *
   * A list of values, or `'validation'`, tries each on a part of the rows, picks the one with the highest accuracy on the
   * rest (of equally accurate ones the one with the lowest loss there), and fits it to all rows. `'validation'` tries ten
   * values from 1e-4 to 1e4 in equal ratios, as scikit-learn's `LogisticRegressionCV` does. CLIP sweeps from 1e-6 to 1e6 in
   * the same way (Radford et al. 2021, arXiv:2103.00020, appendix A.3).
   * @defaultValue `1` (scikit-learn)
   */
  inverseRegularization?: number | 'validation' | readonly number[];
  /**
   * Share of each class's rows, above 0 and below 1, that is held out to compare several strengths. A class with one row
   * is not held out.
   * @defaultValue `0.2`
   */
  validationShare?: number;
  /**
   * Seed that chooses the held-out rows, an integer >= 0.
   * @defaultValue `0`
   */
  seed?: number;
  /**
   * Stops after this many L-BFGS iterations, converged or not.
   * @defaultValue `1000`
   */
  maxIterations?: number;
  /**
   * Converged once no element of the gradient of the mean objective exceeds this.
   * @defaultValue `1e-6` (scikit-learn: 1e-4)
   */
  tolerance?: number;
  /**
   * Whether to subtract each column's mean and divide by its standard deviation over the training rows, as scikit-learn's
   * StandardScaler does. Constant columns are not divided.
   * @defaultValue `true`
   */
  standardize?: boolean;
}

/** A fitted linear classifier. */
export interface LinearProbe {
  /** Number of classes. */
  readonly classes: number;
  /** Weights for embeddings that are not standardized (standardization is folded in), row-major `[classes, dim]`. */
  readonly weights: Float32Array;
  /** One intercept per class; `-Infinity` for a class without training rows. */
  readonly intercepts: Float32Array;
  /** Number of columns of the embeddings. */
  readonly dim: number;
  /** Whether `tolerance` was reached. */
  readonly converged: boolean;
  /** scikit-learn's `C` of the fit, given or chosen. */
  readonly inverseRegularization: number;
  /** Results of each strength on the held-out rows, strongest regularization first; empty for a single strength. */
  readonly trials: readonly RegularizationTrial[];
  /** L-BFGS iterations taken. */
  readonly iterations: number;
  /** Mean cross entropy of the training rows plus the penalty |W|² / (2 C n), in nats. */
  readonly loss: number;
  /** The most probable class of each query `[q, d]`; of equally probable ones the lowest number. */
  predict(queries: Embeddings): Promise<Int32Array>;
  /** Class probabilities, `[q, classes]`. */
  probabilities(queries: Embeddings): Promise<ClassProbabilities>;
  /** Predicts classes and compares them with one class number per query. */
  evaluate(queries: Embeddings, labels: Labels): Promise<ClassificationResult>;
}

// scikit-learn's tolerance suffices to compare strengths. The chosen one is then fitted to the requested tolerance.
const sweepTolerance = 1e-4;

/** @throws {@link InvalidOptionError} unless `grid` is one strength or a list of strengths. */
function checkGrid(caller: string, grid: number | readonly number[]): void {
  const strengths: readonly number[] = typeof grid === 'object' ? Array.from(grid) : [grid];
  if (strengths.length === 0) {
    throw new InvalidOptionError(
      `${caller}: inverseRegularization must have at least one strength. Received: inverseRegularization=[].`,
    );
  }
  for (const strength of strengths) checkPositive(caller, 'inverseRegularization', strength);
}

/**
 * Fits multinomial logistic regression to fixed embeddings: the linear evaluation of a representation. It is fitted to
 * convergence, so that the accuracy does not depend on a learning rate or a number of epochs.
 *
 * The objective is convex. It is minimized in double precision on the host, so that every backend gives the same result.
 * Two classes use a softmax over both (scikit-learn's `multi_class='multinomial'`), whose `C` is half the `C` of the
 * binary form.
 *
 * @param training - Embeddings `[n, d]` and their classes.
 * @param options - See {@link LinearProbeOptions}.
 * @throws {@link ShapeError} unless embeddings are a float32 matrix with at least one row, with one label per row.
 * @throws {@link ValueRangeError} when a value is not finite, a label is not a class, all labels are the same, or
 * several strengths are compared and no class has two rows.
 * @throws {@link InvalidOptionError} when an option is outside its domain.
 * @example
 * const embeddings = { data: Float32Array.of(-2, -1, 1, 2), shape: [4, 1] } as const;
 * const probe = await linearProbe({ embeddings, labels: Uint8Array.of(0, 0, 1, 1) });
 * await probe.predict({ data: Float32Array.of(3), shape: [1, 1] }); // Int32Array [1]
 * @see Chen et al. 2020, arXiv:2002.05709, section 2.3 and appendix B.8 (linear evaluation by L-BFGS).
 */
export async function linearProbe(
  training: LabeledEmbeddings,
  options: LinearProbeOptions = {},
): Promise<LinearProbe> {
  const caller = 'linearProbe';
  checkKeys(caller, options, {
    inverseRegularization: 1,
    validationShare: 1,
    seed: 1,
    maxIterations: 1,
    tolerance: 1,
    standardize: 1,
  });
  const { inverseRegularization = 1, maxIterations = 1000, tolerance = 1e-6, standardize = true } = options;
  const { validationShare = 0.2, seed = 0 } = options;
  const grid = inverseRegularization === 'validation' ? defaultGrid : inverseRegularization;
  checkGrid(caller, grid);
  if (!(typeof validationShare === 'number' && validationShare > 0 && validationShare < 1)) {
    const expectation = 'validationShare must be a number above 0 and below 1';
    throw new InvalidOptionError(receivedMessage(caller, expectation, 'validationShare', validationShare));
  }
  checkInteger(caller, 'seed', seed, 0);
  checkInteger(caller, 'maxIterations', maxIterations);
  checkPositive(caller, 'tolerance', tolerance);
  checkBoolean(caller, 'standardize', standardize);
  const matrix = await readEmbeddings(caller, 'embeddings', training.embeddings);
  const { rows, dim } = matrix;
  const { labels } = training;
  const classes = checkTrainingLabels(caller, labels, rows, training.classes);
  const sweep =
    typeof grid === 'number'
      ? { trials: [], best: { inverseRegularization: grid } }
      : await sweepRegularization(caller, matrix, labels, classes, {
          grid,
          validationShare,
          seed,
          standardize,
          maxIterations,
          tolerance: Math.max(tolerance, sweepTolerance),
        });
  const problem = softmaxProblem(matrix, labels, classes, standardize);
  const { present } = problem;
  const { point, value, iterations, converged } = await problem.fit({
    ...sweep.best,
    maxIterations,
    tolerance,
  });

  const layer = problem.layer(point);
  const weights = new Float32Array(classes * dim);
  const intercepts = new Float32Array(classes).fill(Number.NEGATIVE_INFINITY);
  present.forEach((label, k) => {
    weights.set(layer.weights.subarray(k * dim, (k + 1) * dim), label * dim);
    intercepts[label] = layer.intercepts[k]!;
  });

  async function probabilitiesOf(method: string, queries: Embeddings): Promise<ClassProbabilities> {
    const asked = await readEmbeddings(method, 'queries', queries);
    checkSameDim(method, 'queries', asked, 'the training embeddings', matrix);
    const data = new Float32Array(asked.rows * classes);
    forEachProbability(asked, layer, present.length, (row, values, start) => {
      for (let k = 0; k < present.length; k++) data[row * classes + present[k]!] = values[start + k]!;
    });
    return { data, shape: [asked.rows, classes] };
  }

  return {
    classes,
    weights,
    intercepts,
    dim,
    converged,
    inverseRegularization: sweep.best.inverseRegularization,
    trials: sweep.trials,
    iterations,
    loss: value,
    predict: async (queries) => mostProbableClass(await probabilitiesOf('LinearProbe.predict', queries)),
    probabilities: (queries) => probabilitiesOf('LinearProbe.probabilities', queries),
    async evaluate(queries, actual) {
      const method = 'LinearProbe.evaluate';
      checkLabels(method, 'labels', actual, queries?.shape?.[0], classes);
      return classificationResult(await probabilitiesOf(method, queries), actual);
    },
  };
}
