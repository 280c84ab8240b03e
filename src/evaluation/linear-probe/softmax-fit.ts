import { choleskyInPlace, choleskySolver } from '../../linear-algebra/cholesky.js';
import { type ColumnScaling, columnGram } from '../../linear-algebra/gram-matrix.js';
import { randomGenerator } from '../../random/index.js';
import type { Matrix } from '../embeddings.js';
import type { Labels } from '../labels/labels.js';
import { columnStatistics } from '../linear-algebra/column-statistics.js';
import { type Minimum, minimize } from './lbfgs.js';
import { foldStandardization, type LinearLayer, softmaxObjective } from './softmax-regression.js';

/** Settings of one fit. */
export interface FitSettings {
  /** scikit-learn's `C`. */
  inverseRegularization: number;
  maxIterations: number;
  tolerance: number;
  /** Initial parameters. @defaultValue zeros */
  start?: Float64Array;
}

/** Rows prepared for several fits that differ only in their settings. */
export interface SoftmaxProblem {
  /** The classes that occur, in ascending order. Parameters have one row per class. */
  present: readonly number[];
  /** Minimizes the objective; see {@link softmaxObjective}. */
  fit(settings: FitSettings): Promise<Minimum>;
  /** Converts parameters into a layer for columns that are not standardized. */
  layer(point: Float64Array): LinearLayer;
}

const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/** The classes that occur, in ascending order, and each row's position among them. */
function presentClasses(labels: Labels, classes: number): { present: number[]; targets: Int32Array } {
  const place = new Int32Array(classes).fill(-1);
  for (let row = 0; row < labels.length; row++) place[labels[row]!] = 0;
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

/** Copies the rows with these numbers. */
export function takeRows({ data, dim }: Matrix, numbers: ArrayLike<number>): Matrix {
  const rows = numbers.length;
  const taken = new Float32Array(rows * dim);
  for (let i = 0; i < rows; i++)
    taken.set(data.subarray(numbers[i]! * dim, (numbers[i]! + 1) * dim), i * dim);
  return { data: taken, rows, dim };
}

/** Enough rows for the covariance of the preconditioner. The objective itself uses all rows. */
function sampleRows(matrix: Matrix): Matrix {
  const count = 8 * matrix.dim;
  if (matrix.rows <= count) return matrix;
  return takeRows(matrix, randomGenerator(0).permutation(matrix.rows).subarray(0, count));
}

/**
 * Multiplies by the inverse of a bound of the Hessian at zero weights, (XᵀX / (K n) + penalty)⁻¹ per class. With it, the
 * correlated columns of embeddings cost L-BFGS tens of iterations instead of hundreds.
 *
 * @param gram - XᵀX / (K n).
 */
function preconditioner(gram: Float64Array, dim: number, classes: number, penalty: number) {
  const factor = gram.slice();
  let trace = 0;
  for (let i = 0; i < dim; i++) {
    trace += factor[i * dim + i]!;
    factor[i * dim + i] = factor[i * dim + i]! + penalty;
  }
  choleskyInPlace(factor, dim, 1e-10 * (trace / dim) || 1e-10);
  const solve = choleskySolver(factor, dim);
  return (vector: Float64Array) => {
    solve(vector, classes);
    for (let k = classes * dim; k < classes * (dim + 1); k++) vector[k] = vector[k]! * classes;
  };
}

/** Whether factoring a `dim` x `dim` matrix costs less than the roughly 100 passes over the rows that it saves. */
function preconditionerPays(rows: number, dim: number, classes: number): boolean {
  return dim ** 3 / 3 < 100 * 4 * rows * dim * classes;
}

/**
 * Prepares multinomial logistic regression for fitting.
 *
 * @param labels - One checked label per row.
 * @param standardize - Whether to scale columns by their mean and standard deviation.
 */
export function softmaxProblem(
  matrix: Matrix,
  labels: Labels,
  classes: number,
  standardize: boolean,
): SoftmaxProblem {
  const { rows, dim } = matrix;
  const { present, targets } = presentClasses(labels, classes);
  const count = present.length;
  const scaling = scalingOf(matrix, standardize);
  let gram: Float64Array | undefined;
  const scaledGram = () => {
    if (gram) return gram;
    const sample = sampleRows(matrix);
    gram = columnGram(sample, scaling).map((value) => value / (count * sample.rows));
    return gram;
  };
  return {
    present,
    layer: (point) => foldStandardization(point, count, scaling),
    fit({ inverseRegularization, maxIterations, tolerance, start }) {
      const penalty = 1 / (inverseRegularization * rows);
      return minimize({
        evaluate: softmaxObjective(matrix, targets, count, scaling, penalty),
        precondition: preconditionerPays(rows, dim, count)
          ? preconditioner(scaledGram(), dim, count, penalty)
          : () => {},
        start: start ?? new Float64Array(count * (dim + 1)),
        maxIterations,
        tolerance,
        pause,
      });
    },
  };
}
