import { columnGram, rowGram } from '../../linear-algebra/gram-matrix.js';
import { largestEigenpairs } from '../../linear-algebra/symmetric-eigenvectors.js';
import type { Matrix } from '../embeddings.js';

/** Scores that are linear in the columns: one per class. */
export interface RidgeLayer {
  /** `[classes, dim]`, row-major. */
  weights: Float64Array;
  intercepts: Float64Array;
}

/** Ridge regression of class membership for any penalty, from one decomposition. */
export interface RidgePath {
  /** `[rows, classes]`: the scores of each row by the fit to all other rows, in closed form. */
  leaveOneOut(penalty: number): Float64Array;
  /** The fit to all rows. */
  layer(penalty: number): RidgeLayer;
}

/** Directions whose share of the variance is below this are rounding errors. */
const leastShare = 1e-10;

/** Rows minus their mean. */
function centered({ data, rows, dim }: Matrix): { mean: Float64Array; matrix: Matrix } {
  const mean = new Float64Array(dim);
  for (let i = 0; i < data.length; i++) mean[i % dim] = mean[i % dim]! + data[i]! / rows;
  return { mean, matrix: { data: data.map((value, i) => value - mean[i % dim]!), rows, dim } };
}

/** The left singular vectors of a matrix, `[rank, rows]`, and its squared singular values. */
function leftSingularVectors(matrix: Matrix): { squares: Float64Array; vectors: Float64Array } {
  const { data, rows, dim } = matrix;
  const isWide = rows <= dim;
  const gram = isWide ? rowGram(matrix) : columnGram(matrix);
  const found = largestEigenpairs(gram, Math.min(rows, dim), Math.min(rows, dim));
  const least = leastShare * Math.max(found.values[0]!, Number.MIN_VALUE);
  const end = found.values.findIndex((value) => value <= least);
  const rank = end < 0 ? found.values.length : end;
  const squares = found.values.slice(0, rank);
  if (isWide) return { squares, vectors: found.vectors.slice(0, rank * rows) };
  const vectors = new Float64Array(rank * rows);
  for (let j = 0; j < rank; j++) {
    const scale = 1 / Math.sqrt(squares[j]!);
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let i = 0; i < dim; i++) sum += data[row * dim + i]! * found.vectors[j * dim + i]!;
      vectors[j * rows + row] = scale * sum;
    }
  }
  return { squares, vectors };
}

/**
 * Prepares ridge regression of one indicator per class with an intercept that is not penalized: least squares plus
 * `penalty * |W|²`.
 *
 * @param targets - A class number from 0 to `classes - 1` per row; at least two rows.
 * @see Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning" (2nd edition), sections 3.4.1 and 4.2, and
 *   equation 7.64 for leaving one out.
 */
export function ridgePath(given: Matrix, targets: Int32Array, classes: number): RidgePath {
  const { rows, dim } = given;
  const { mean, matrix } = centered(given);
  const { squares, vectors } = leftSingularVectors(matrix);
  const rank = squares.length;
  const shares = new Float64Array(classes);
  for (const target of targets) shares[target] = shares[target]! + 1 / rows;
  // Coordinates of the indicators in the singular vectors, [rank, classes]. The vectors sum to 0, so that the mean drops out.
  const coordinates = new Float64Array(rank * classes);
  for (let j = 0; j < rank; j++) {
    for (let row = 0; row < rows; row++) {
      const place = j * classes + targets[row]!;
      coordinates[place] = coordinates[place]! + vectors[j * rows + row]!;
    }
  }

  /** `[rows, classes]`: for each row Σ_j vector_j factor_j coordinates_j. */
  function combine(factors: Float64Array): Float64Array {
    const sums = new Float64Array(rows * classes);
    for (let j = 0; j < rank; j++) {
      for (let row = 0; row < rows; row++) {
        const value = factors[j]! * vectors[j * rows + row]!;
        for (let k = 0; k < classes; k++) {
          sums[row * classes + k] = sums[row * classes + k]! + value * coordinates[j * classes + k]!;
        }
      }
    }
    return sums;
  }

  return {
    leaveOneOut(penalty) {
      const factors = squares.map((square) => square / (square + penalty));
      const scores = combine(factors);
      for (let row = 0; row < rows; row++) {
        let leverage = 1 / rows;
        for (let j = 0; j < rank; j++) leverage += factors[j]! * vectors[j * rows + row]! ** 2;
        const scale = 1 / Math.max(1 - leverage, 1e-12);
        for (let k = 0; k < classes; k++) {
          const target = targets[row] === k ? 1 : 0;
          const fitted = shares[k]! + scores[row * classes + k]!;
          scores[row * classes + k] = target - scale * (target - fitted);
        }
      }
      return scores;
    },
    layer(penalty) {
      const duals = combine(squares.map((square) => 1 / (square + penalty)));
      const weights = new Float64Array(classes * dim);
      const intercepts = shares.slice();
      for (let k = 0; k < classes; k++) {
        for (let row = 0; row < rows; row++) {
          const dual = duals[row * classes + k]!;
          for (let i = 0; i < dim; i++) {
            weights[k * dim + i] = weights[k * dim + i]! + dual * matrix.data[row * dim + i]!;
          }
        }
        for (let i = 0; i < dim; i++) intercepts[k] = intercepts[k]! - weights[k * dim + i]! * mean[i]!;
      }
      return { weights, intercepts };
    },
  };
}
