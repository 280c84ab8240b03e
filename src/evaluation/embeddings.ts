import type { Tensor2D } from '@tensorflow/tfjs-core';
import { checkInteger, describeValue, hasTag, receivedMessage } from '../errors/checks.js';
import { ShapeError, ValueRangeError } from '../errors/errors.js';

/** Embeddings in host memory, row-major: row i is `data.subarray(i * d, (i + 1) * d)`. */
export interface EmbeddingArray {
  /** `n * d` finite numbers. Kept by reference: do not change them while something made from them is in use. */
  data: Float32Array;
  /** `[n, d]`: rows and dimensions, both >= 1. */
  shape: readonly [number, number];
}

/**
 * An {@link EmbeddingArray}, or the same with a shape that TypeScript knows as a list of numbers. Its length is checked
 * at the call.
 */
export interface EmbeddingArrayLike {
  /** `n * d` finite numbers. */
  readonly data: Float32Array;
  /** `[n, d]`. */
  readonly shape: readonly number[];
}

/** Embeddings as every function of this room takes them: an array or a float32 tensor of shape `[n, d]`. */
export type Embeddings = EmbeddingArrayLike | Tensor2D;

/** One class number (0, 1, ...) for each row. */
export type Labels = Uint8Array | Int32Array | Uint32Array;

/** Checked embeddings in host memory. */
export interface Matrix {
  data: Float32Array;
  rows: number;
  dim: number;
}

/**
 * Checks embeddings and brings them into host memory. A tensor is read, not disposed of.
 *
 * @throws {@link ShapeError} when they are no float32 matrix with at least one row and one column.
 * @throws {@link ValueRangeError} when a value is NaN or infinite.
 */
export async function readEmbeddings(
  caller: string,
  argument: string,
  embeddings: Embeddings,
): Promise<Matrix> {
  const shape: unknown = embeddings?.shape;
  const expectation = `${argument} must be a float32 tensor [n, d] or { data: Float32Array, shape: [n, d] }`;
  if (!Array.isArray(shape)) throw new ShapeError(receivedMessage(caller, expectation, argument, embeddings));
  if (shape.length !== 2) {
    throw new ShapeError(
      `${caller}: ${argument} must have shape [n, d] (rank 2). Received: ${argument}=[${shape}].`,
    );
  }
  const [rows, dim] = shape as [number, number];
  if (!(Number.isInteger(rows) && Number.isInteger(dim) && rows >= 1 && dim >= 1)) {
    throw new ShapeError(
      `${caller}: ${argument} must have at least one row and one column. Received: ${argument}=[${shape}].`,
    );
  }
  const isTensor = typeof embeddings.data === 'function';
  if (isTensor && (embeddings as Tensor2D).dtype !== 'float32') {
    throw new ShapeError(
      `${caller}: ${argument} must be float32. Received: ${argument} of dtype ${(embeddings as Tensor2D).dtype}.`,
    );
  }
  const data = isTensor
    ? await (embeddings as Tensor2D).data<'float32'>()
    : (embeddings as EmbeddingArray).data;
  if (!hasTag(data, 'Float32Array')) {
    throw new ShapeError(receivedMessage(caller, expectation, `${argument}.data`, data));
  }
  if (data.length !== rows * dim) {
    throw new ShapeError(
      `${caller}: ${argument} of shape [${shape}] must hold ${rows * dim} values. Received: ${argument}.data.length=${data.length}.`,
    );
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new ValueRangeError(
      `${caller}: ${argument} must be finite. Received: ${data[bad]} in row ${Math.floor(bad / dim)}, column ${bad % dim}.`,
    );
  }
  return { data, rows, dim };
}

/** @throws {@link ShapeError} unless both have the same number of dimensions. */
export function checkSameDim(caller: string, nameA: string, a: Matrix, nameB: string, b: Matrix): void {
  if (a.dim !== b.dim) {
    throw new ShapeError(
      `${caller}: ${nameA} and ${nameB} must have the same number of columns. Received: ${nameA}=[${a.rows},${a.dim}], ${nameB}=[${b.rows},${b.dim}].`,
    );
  }
}

/**
 * Checks one class number a row.
 *
 * @param rows - How many there must be; left out, any number from 1.
 * @param classes - The number of classes; left out, the largest label + 1.
 * @returns The number of classes.
 * @throws {@link ShapeError} when their number is not `rows`, {@link ValueRangeError} when one is no class.
 */
export function checkLabels(
  caller: string,
  argument: string,
  labels: Labels,
  rows: number | undefined,
  classes: number | undefined,
): number {
  if (!['Uint8Array', 'Int32Array', 'Uint32Array'].some((kind) => hasTag(labels, kind))) {
    throw new ShapeError(
      receivedMessage(
        caller,
        `${argument} must be a Uint8Array, Int32Array or Uint32Array`,
        argument,
        labels,
      ),
    );
  }
  if (rows !== undefined && labels.length !== rows) {
    throw new ShapeError(
      `${caller}: ${argument} must hold one class number for each row. Received: ${labels.length} labels for ${rows} rows.`,
    );
  }
  if (labels.length === 0)
    throw new ShapeError(`${caller}: ${argument} must not be empty. Received: ${argument}=[].`);
  if (classes !== undefined) checkInteger(caller, 'classes', classes, 2);
  let largest = 0;
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    if (label < 0 || (classes !== undefined && label >= classes)) {
      const range = classes === undefined ? '>= 0' : `from 0 to ${classes - 1}`;
      throw new ValueRangeError(
        `${caller}: ${argument} must be class numbers ${range}. Received: ${describeValue(label)} in row ${row}.`,
      );
    }
    if (label > largest) largest = label;
  }
  return classes ?? largest + 1;
}

/**
 * What a classifier can be fitted to: labels of at least two classes.
 *
 * @returns The number of classes.
 * @throws {@link ValueRangeError} when all labels are the same.
 */
export function checkTrainingLabels(
  caller: string,
  labels: Labels,
  rows: number,
  classes: number | undefined,
): number {
  const count = checkLabels(caller, 'labels', labels, rows, classes);
  const first = labels[0]!;
  if (labels.every((label: number) => label === first)) {
    throw new ValueRangeError(
      `${caller}: labels must hold at least two classes. Received: class ${first} in every row.`,
    );
  }
  return count;
}
