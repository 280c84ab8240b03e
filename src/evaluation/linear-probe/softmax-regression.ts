import type { ColumnScaling } from '../../linear-algebra/gram-matrix.js';
import type { Matrix } from '../embeddings.js';

// The rows of one block stay in the cache between the two products that read them.
const blockRows = 64;

const roundUp = (size: number) => Math.ceil(size / 4) * 4;

/** A linear layer on raw columns, with its classes padded by zeros to a multiple of 4. */
export interface LinearLayer {
  /** `[paddedClasses, dim]`, row-major. */
  weights: Float64Array;
  /** `[paddedClasses]`. */
  intercepts: Float64Array;
}

/**
 * Folds standardization into a layer, so that embeddings need no standardized copy:
 * Σ w (x - mean) scale + b = Σ (w scale) x + (b - Σ w scale mean).
 *
 * @param parameters - `classes * dim` weights on standardized columns, then `classes` intercepts.
 */
export function foldStandardization(
  parameters: Float64Array,
  classes: number,
  scaling: ColumnScaling,
): LinearLayer {
  const dim = scaling.mean.length;
  const weights = new Float64Array(roundUp(classes) * dim);
  const intercepts = new Float64Array(roundUp(classes));
  for (let k = 0; k < classes; k++) {
    let intercept = parameters[classes * dim + k]!;
    for (let column = 0; column < dim; column++) {
      const weight = parameters[k * dim + column]! * scaling.scale[column]!;
      weights[k * dim + column] = weight;
      intercept -= weight * scaling.mean[column]!;
    }
    intercepts[k] = intercept;
  }
  return { weights, intercepts };
}

/** Writes the logits of rows `first ... first + count - 1` into `out` `[roundUp(count), paddedClasses]`, in 4 x 4 tiles. */
function logitsOfBlock(
  matrix: Matrix,
  first: number,
  count: number,
  layer: LinearLayer,
  out: Float64Array,
): void {
  const { data, dim } = matrix;
  const { weights, intercepts } = layer;
  const padded = intercepts.length;
  const last = first + count - 1;
  for (let row = 0; row < count; row += 4) {
    const a0 = (first + row) * dim;
    const a1 = Math.min(first + row + 1, last) * dim;
    const a2 = Math.min(first + row + 2, last) * dim;
    const a3 = Math.min(first + row + 3, last) * dim;
    for (let k = 0; k < padded; k += 4) {
      const b0 = k * dim;
      const b1 = b0 + dim;
      const b2 = b1 + dim;
      const b3 = b2 + dim;
      let s00 = 0;
      let s01 = 0;
      let s02 = 0;
      let s03 = 0;
      let s10 = 0;
      let s11 = 0;
      let s12 = 0;
      let s13 = 0;
      let s20 = 0;
      let s21 = 0;
      let s22 = 0;
      let s23 = 0;
      let s30 = 0;
      let s31 = 0;
      let s32 = 0;
      let s33 = 0;
      for (let i = 0; i < dim; i++) {
        const x0 = data[a0 + i]!;
        const x1 = data[a1 + i]!;
        const x2 = data[a2 + i]!;
        const x3 = data[a3 + i]!;
        const y0 = weights[b0 + i]!;
        const y1 = weights[b1 + i]!;
        const y2 = weights[b2 + i]!;
        const y3 = weights[b3 + i]!;
        s00 += x0 * y0;
        s01 += x0 * y1;
        s02 += x0 * y2;
        s03 += x0 * y3;
        s10 += x1 * y0;
        s11 += x1 * y1;
        s12 += x1 * y2;
        s13 += x1 * y3;
        s20 += x2 * y0;
        s21 += x2 * y1;
        s22 += x2 * y2;
        s23 += x2 * y3;
        s30 += x3 * y0;
        s31 += x3 * y1;
        s32 += x3 * y2;
        s33 += x3 * y3;
      }
      const sums = [s00, s01, s02, s03, s10, s11, s12, s13, s20, s21, s22, s23, s30, s31, s32, s33];
      for (let t = 0; t < 16; t++) {
        const column = k + (t & 3);
        out[(row + (t >> 2)) * padded + column] = sums[t]! + intercepts[column]!;
      }
    }
  }
}

/** `sums[k] += Σ_row residuals[row, k] * data[row]`, in tiles of 4 rows and 4 classes. */
function addOuterProducts(
  matrix: Matrix,
  first: number,
  count: number,
  residuals: Float64Array,
  padded: number,
  sums: Float64Array,
): void {
  const { data, dim } = matrix;
  const last = first + count - 1;
  for (let row = 0; row < count; row += 4) {
    const a0 = (first + row) * dim;
    const a1 = Math.min(first + row + 1, last) * dim;
    const a2 = Math.min(first + row + 2, last) * dim;
    const a3 = Math.min(first + row + 3, last) * dim;
    for (let k = 0; k < padded; k += 4) {
      const r0 = row * padded + k;
      const r1 = r0 + padded;
      const r2 = r1 + padded;
      const r3 = r2 + padded;
      const r00 = residuals[r0]!;
      const r01 = residuals[r0 + 1]!;
      const r02 = residuals[r0 + 2]!;
      const r03 = residuals[r0 + 3]!;
      const r10 = residuals[r1]!;
      const r11 = residuals[r1 + 1]!;
      const r12 = residuals[r1 + 2]!;
      const r13 = residuals[r1 + 3]!;
      const r20 = residuals[r2]!;
      const r21 = residuals[r2 + 1]!;
      const r22 = residuals[r2 + 2]!;
      const r23 = residuals[r2 + 3]!;
      const r30 = residuals[r3]!;
      const r31 = residuals[r3 + 1]!;
      const r32 = residuals[r3 + 2]!;
      const r33 = residuals[r3 + 3]!;
      const b0 = k * dim;
      const b1 = b0 + dim;
      const b2 = b1 + dim;
      const b3 = b2 + dim;
      for (let i = 0; i < dim; i++) {
        const x0 = data[a0 + i]!;
        const x1 = data[a1 + i]!;
        const x2 = data[a2 + i]!;
        const x3 = data[a3 + i]!;
        sums[b0 + i] = sums[b0 + i]! + r00 * x0 + r10 * x1 + r20 * x2 + r30 * x3;
        sums[b1 + i] = sums[b1 + i]! + r01 * x0 + r11 * x1 + r21 * x2 + r31 * x3;
        sums[b2 + i] = sums[b2 + i]! + r02 * x0 + r12 * x1 + r22 * x2 + r32 * x3;
        sums[b3 + i] = sums[b3 + i]! + r03 * x0 + r13 * x1 + r23 * x2 + r33 * x3;
      }
    }
  }
}

/** Turns `classes` logits at `start` into probabilities in place. @returns log Σ exp of the logits. */
function softmaxInPlace(values: Float64Array, start: number, classes: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = start; k < start + classes; k++) largest = Math.max(largest, values[k]!);
  let sum = 0;
  for (let k = start; k < start + classes; k++) {
    const value = Math.exp(values[k]! - largest);
    values[k] = value;
    sum += value;
  }
  for (let k = start; k < start + classes; k++) values[k] = values[k]! / sum;
  return largest + Math.log(sum);
}

/** Calls `visit` with each row's class probabilities, `values[start ... start + classes - 1]`. */
export function forEachProbability(
  matrix: Matrix,
  layer: LinearLayer,
  classes: number,
  visit: (row: number, values: Float64Array, start: number) => void,
): void {
  const padded = layer.intercepts.length;
  const block = new Float64Array(blockRows * padded);
  for (let first = 0; first < matrix.rows; first += blockRows) {
    const count = Math.min(blockRows, matrix.rows - first);
    logitsOfBlock(matrix, first, count, layer, block);
    for (let row = 0; row < count; row++) {
      softmaxInPlace(block, row * padded, classes);
      visit(first + row, block, row * padded);
    }
  }
}

/**
 * The objective of multinomial logistic regression on standardized columns: mean cross entropy + penalty/2 * |W|², without
 * a penalty on the intercepts.
 *
 * @param targets - One class number from 0 to `classes - 1` per row.
 * @returns A function that returns the value at `parameters` (see {@link foldStandardization}) and writes the gradient.
 */
export function softmaxObjective(
  matrix: Matrix,
  targets: Int32Array,
  classes: number,
  scaling: ColumnScaling,
  penalty: number,
): (parameters: Float64Array, gradient: Float64Array) => number {
  const { rows, dim } = matrix;
  const padded = roundUp(classes);
  const block = new Float64Array(blockRows * padded);
  const sums = new Float64Array(padded * dim);
  const residualSums = new Float64Array(classes);
  return (parameters, gradient) => {
    const layer = foldStandardization(parameters, classes, scaling);
    sums.fill(0);
    residualSums.fill(0);
    let loss = 0;
    for (let first = 0; first < rows; first += blockRows) {
      const count = Math.min(blockRows, rows - first);
      logitsOfBlock(matrix, first, count, layer, block);
      for (let row = 0; row < count; row++) {
        const start = row * padded;
        const target = start + targets[first + row]!;
        const logit = block[target]!;
        loss += softmaxInPlace(block, start, classes) - logit;
        block[target] = block[target]! - 1;
        for (let k = 0; k < classes; k++) residualSums[k] = residualSums[k]! + block[start + k]!;
      }
      block.fill(0, count * padded, roundUp(count) * padded); // padding of the last tile
      addOuterProducts(matrix, first, count, block, padded, sums);
    }
    let squares = 0;
    for (let k = 0; k < classes; k++) {
      const residual = residualSums[k]!;
      for (let column = 0; column < dim; column++) {
        const place = k * dim + column;
        const weight = parameters[place]!;
        squares += weight * weight;
        const raw = sums[place]! - scaling.mean[column]! * residual;
        gradient[place] = (raw * scaling.scale[column]!) / rows + penalty * weight;
      }
      gradient[classes * dim + k] = residual / rows;
    }
    return loss / rows + (penalty / 2) * squares;
  };
}
