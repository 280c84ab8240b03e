import { checkInteger, checkPositive, receivedMessage } from '../errors/checks.js';
import { InvalidOptionError } from '../errors/errors.js';
import { choleskyInPlace, choleskySolveInPlace } from './cholesky.js';
import {
  type ClassificationResult,
  type ClassScores,
  classificationResult,
  highestClass,
} from './classification.js';
import { columnStatistics } from './column-statistics.js';
import {
  checkLabels,
  checkSameDim,
  checkTrainingLabels,
  type Embeddings,
  type Labels,
  type Matrix,
  readEmbeddings,
} from './embeddings.js';
import { type ColumnScaling, columnGram } from './gram-matrix.js';
import type { LabeledEmbeddings } from './knn-classifier.js';
import { minimize } from './lbfgs.js';
import { foldStandardization, forEachProbability, softmaxObjective } from './softmax-regression.js';

/** Options of {@link linearProbe}. */
export interface LinearProbeOptions {
  /**
   * scikit-learn's `C`, > 0: the objective is C * Σ cross entropy + |W|² / 2, intercepts not penalised. Smaller
   * regularises more.
   * @default 1 (scikit-learn)
   */
  inverseRegularization?: number;
  /**
   * Stop after this many L-BFGS iterations, whether converged or not.
   * @default 1000
   */
  maxIterations?: number;
  /**
   * Converged when no element of the gradient of the mean objective exceeds this.
   * @default 1e-6 (scikit-learn: 1e-4)
   */
  tolerance?: number;
  /**
   * Subtract each column's mean and divide by its standard deviation, as scikit-learn's StandardScaler does with the
   * training rows. Constant columns are not divided.
   * @default true
   */
  standardize?: boolean;
}

/** A fitted linear classifier. */
export interface LinearProbe {
  /** Number of classes. */
  readonly classes: number;
  /** Weights on embeddings as they come (standardisation folded in), row-major `[classes, dim]`. */
  readonly weights: Float32Array;
  /** One for each class; `-Infinity` for a class that no training row has. */
  readonly intercepts: Float32Array;
  /** Number of columns. */
  readonly dim: number;
  /** Whether `tolerance` was reached. */
  readonly converged: boolean;
  /** L-BFGS iterations taken. */
  readonly iterations: number;
  /** Mean cross entropy of the training rows plus the penalty |W|² / (2 C n), in nats. */
  readonly loss: number;
  /** The most probable class of each query `[q, d]`; of equal ones the lowest number. */
  predict(queries: Embeddings): Promise<Int32Array>;
  /** Class probabilities, `[q, classes]`. */
  probabilities(queries: Embeddings): Promise<ClassScores>;
  /** Predicts and compares with one class number a query. */
  evaluate(queries: Embeddings, labels: Labels): Promise<ClassificationResult>;
}

const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/** The classes that occur, in order, and each row's place among them. */
function presentClasses(labels: Labels, classes: number): { present: number[]; targets: Int32Array } {
  const place = new Int32Array(classes).fill(-1);
  for (const label of labels) place[label] = 0;
  const present: number[] = [];
  for (let k = 0; k < classes; k++) if (place[k] === 0) place[k] = present.push(k) - 1;
  return { present, targets: Int32Array.from(labels, (label) => place[label]!) };
}

function scalingOf(matrix: Matrix, standardize: boolean): ColumnScaling {
  if (!standardize)
    return { mean: new Float64Array(matrix.dim), scale: new Float64Array(matrix.dim).fill(1) };
  const { mean, std } = columnStatistics(matrix);
  return { mean, scale: std.map((value) => (value > 0 ? 1 / value : 1)) };
}

/**
 * The inverse of the Hessian's bound at zero weights, (XᵀX / (K n) + penalty)⁻¹ for each class: correlated columns,
 * which embeddings have, then cost L-BFGS tens of iterations and not hundreds.
 */
function preconditioner(matrix: Matrix, classes: number, scaling: ColumnScaling, penalty: number) {
  const { rows, dim } = matrix;
  const factor = columnGram(matrix, scaling);
  let trace = 0;
  for (let i = 0; i < factor.length; i++) factor[i] = factor[i]! / (classes * rows);
  for (let i = 0; i < dim; i++) trace += factor[i * dim + i]!;
  for (let i = 0; i < dim; i++) factor[i * dim + i] = factor[i * dim + i]! + penalty;
  choleskyInPlace(factor, dim, 1e-10 * (trace / dim) || 1e-10);
  return (vector: Float64Array) => {
    for (let k = 0; k < classes; k++) {
      choleskySolveInPlace(factor, dim, vector, k * dim);
      vector[classes * dim + k] = vector[classes * dim + k]! * classes;
    }
  };
}

/** Whether factoring `dim` x `dim` costs less than the hundred or so passes over the rows that it saves. */
function preconditionerPays(rows: number, dim: number, classes: number): boolean {
  return dim ** 3 / 3 < 100 * 4 * rows * dim * classes;
}

/**
 * Fits multinomial logistic regression to fixed embeddings: the linear evaluation of a representation, taken to
 * convergence so that no learning rate or number of epochs enters the figure.
 *
 * The objective is convex; it is minimised in double precision on the host, so the result is the same on every
 * backend. With two classes this is softmax over both (scikit-learn's `multi_class='multinomial'`), whose `C` is
 * half the `C` of its binary form.
 *
 * @param training - Embeddings `[n, d]` and their classes.
 * @param options - See {@link LinearProbeOptions}.
 * @throws {@link ShapeError} when embeddings are no float32 matrix, are empty, or rows and labels differ in number.
 * @throws {@link ValueRangeError} when a value is not finite, a label is no class, or all labels are the same.
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
  const { inverseRegularization = 1, maxIterations = 1000, tolerance = 1e-6, standardize = true } = options;
  checkPositive(caller, 'inverseRegularization', inverseRegularization);
  checkInteger(caller, 'maxIterations', maxIterations);
  checkPositive(caller, 'tolerance', tolerance);
  if (typeof standardize !== 'boolean') {
    throw new InvalidOptionError(
      receivedMessage(caller, 'standardize must be a boolean', 'standardize', standardize),
    );
  }
  const matrix = await readEmbeddings(caller, 'embeddings', training.embeddings);
  const { rows, dim } = matrix;
  const classes = checkTrainingLabels(caller, training.labels, rows, training.classes);
  const { present, targets } = presentClasses(training.labels, classes);
  const scaling = scalingOf(matrix, standardize);
  const penalty = 1 / (inverseRegularization * rows);
  const { point, value, iterations, converged } = await minimize({
    evaluate: softmaxObjective(matrix, targets, present.length, scaling, penalty),
    precondition: preconditionerPays(rows, dim, present.length)
      ? preconditioner(matrix, present.length, scaling, penalty)
      : () => {},
    start: new Float64Array(present.length * (dim + 1)),
    maxIterations,
    tolerance,
    pause,
  });

  const layer = foldStandardization(point, present.length, scaling);
  const weights = new Float32Array(classes * dim);
  const intercepts = new Float32Array(classes).fill(Number.NEGATIVE_INFINITY);
  present.forEach((label, k) => {
    weights.set(layer.weights.subarray(k * dim, (k + 1) * dim), label * dim);
    intercepts[label] = layer.intercepts[k]!;
  });

  async function probabilitiesOf(method: string, queries: Embeddings): Promise<ClassScores> {
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
    iterations,
    loss: value,
    predict: async (queries) => highestClass(await probabilitiesOf('LinearProbe.predict', queries)),
    probabilities: (queries) => probabilitiesOf('LinearProbe.probabilities', queries),
    async evaluate(queries, actual) {
      const method = 'LinearProbe.evaluate';
      checkLabels(method, 'labels', actual, queries?.shape?.[0], classes);
      return classificationResult(await probabilitiesOf(method, queries), actual);
    },
  };
}
