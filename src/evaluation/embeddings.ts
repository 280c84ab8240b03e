import type { Tensor2D } from '@tensorflow/tfjs-core';
import { hasTag, receivedMessage } from '../errors/checks.js';
import { ShapeError, ValueRangeError } from '../errors/errors.js';
import type { Matrix } from '../linear-algebra/matrix.js';

/** Embeddings in host memory, row-major: row i is `data.subarray(i * d, (i + 1) * d)`. */
export interface EmbeddingArray {
  /** `n * d` finite numbers. Kept by reference: do not change them while a classifier fitted to them is in use. */
  data: Float32Array;
  /** `[n, d]`: rows and dimensions, both >= 1. */
  shape: readonly [number, number];
}

/**
 * An {@link EmbeddingArray} whose shape TypeScript knows only as a list of numbers. Its length is checked at the call.
 */
export interface EmbeddingArrayLike {
  /** `n * d` finite numbers, row-major. */
  readonly data: Float32Array;
  /** `[n, d]`. */
  readonly shape: readonly number[];
}

/** Input of the evaluation functions: a float32 tensor of shape `[n, d]`, or an array with that shape. */
export type Embeddings = EmbeddingArrayLike | Tensor2D;

export type { Matrix };

/**
 * Checks embeddings and copies those of a tensor to host memory. The tensor is not disposed.
 *
 * @throws {@link ShapeError} unless they are a float32 matrix with at least one row and one column.
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
