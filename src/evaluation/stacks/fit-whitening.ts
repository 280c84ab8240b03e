import { matMul, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { spreadRows } from '../../data/spread-rows.js';
import { ShapeError } from '../../errors/errors.js';
import { type Covariance, CovarianceSums } from '../../linear-algebra/covariance.js';
import { principalComponents } from '../../linear-algebra/whitening.js';
import { checkSameDim, type EmbeddingArray, type Embeddings, readEmbeddings } from '../embeddings.js';

/** Rows that the covariance is taken of, at most: some forty for each direction that is whitened. */
const mostRows = 10_000;

/** Rows per product on the backend. */
const blockRows = 4096;

/** Most directions that are whitened, and rows for each of them, as the read-out has them (docs/readout.md). */
const mostDirections = 256;
const rowsPerDirection = 8;

/** How to center and whiten embeddings; {@link fitWhitening} fits it. */
export interface Whitening {
  /** Length of the vectors, before and after. */
  readonly dim: number;
  /** Directions of the largest variance that were given the same variance. 0 where all rows are alike. */
  readonly directions: number;
  /**
   * Centers and whitens embeddings, those that it was fitted to or others.
   *
   * @param embeddings - Shape `[n, dim]`.
   * @returns New rows. Zeros where all rows that it was fitted to are alike.
   * @throws {@link ShapeError} when they have another number of columns.
   */
  apply(embeddings: Embeddings): Promise<EmbeddingArray>;
}

/** The symmetric matrix that whitens, `[dim, dim]`. */
function whitener(statistics: Covariance): { directions: number; matrix: Float32Array } {
  const dim = statistics.mean.length;
  const most = Math.max(1, Math.min(mostDirections, Math.floor(statistics.rows / rowsPerDirection)));
  const { variances, vectors } = principalComponents(statistics, most);
  const directions = variances.length;
  const matrix = new Float32Array(dim * dim);
  if (directions === 0) return { directions, matrix };
  const rest = 1 / Math.sqrt(variances.at(-1)!);
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? rest : 0;
      for (let k = 0; k < directions - 1; k++) {
        const factor = 1 / Math.sqrt(variances[k]!) - rest;
        sum += factor * vectors[k * dim + i]! * vectors[k * dim + j]!;
      }
      matrix[i * dim + j] = sum;
      matrix[j * dim + i] = sum;
    }
  }
  return { directions, matrix };
}

/**
 * Fits the centering and whitening of embeddings to themselves, so that cosine similarities tell pictures apart: of plain
 * representations, a few strong directions that all pictures share decide.
 *
 * With μ the mean of the rows and λ_k, v_k the eigenvalues of their covariance with their vectors, the result is
 * Σ_k v_k v_kᵀ (x - μ) / √max(λ_k, λ_m), where m is an eighth of the rows, and at most 256: the m strongest directions get the
 * same variance, and the others keep theirs relative to the last of them. Whitening all of them would blow up the small
 * differences between near-duplicates, and with few rows make all rows equally far apart.
 *
 * @param embeddings - Shape `[n, d]`, n >= 2. Of more than 10,000 rows, 10,000 evenly spread ones are read.
 * @throws {@link ShapeError} unless they are a float32 matrix of at least two rows.
 * @throws {@link ValueRangeError} when a value is NaN or infinite.
 * @example
 * const whitening = await fitWhitening(h);
 * const { indices } = await nearestNeighbors(await whitening.apply(query), await whitening.apply(h), 5);
 * @see Kessy, Lewin and Strimmer 2018, "Optimal whitening and decorrelation" (ZCA); Jégou and Chum 2012 (for retrieval).
 */
export async function fitWhitening(embeddings: Embeddings): Promise<Whitening> {
  const caller = 'fitWhitening';
  const fitted = await readEmbeddings(caller, 'embeddings', embeddings);
  const { data, dim } = fitted;
  if (fitted.rows < 2) {
    throw new ShapeError(
      `${caller}: embeddings must have at least two rows. Received: embeddings=[${fitted.rows},${dim}].`,
    );
  }
  const sums = new CovarianceSums(dim);
  for (const row of spreadRows(fitted.rows, mostRows)) sums.add(data.subarray(row * dim, (row + 1) * dim));
  const statistics = sums.result();
  const { mean } = statistics;
  const { directions, matrix } = whitener(statistics);

  async function apply(others: Embeddings): Promise<EmbeddingArray> {
    const name = 'Whitening.apply';
    const asked = await readEmbeddings(name, 'embeddings', others);
    checkSameDim(name, 'embeddings', asked, 'those that it was fitted to', fitted);
    const result = new Float32Array(asked.rows * dim);
    for (let first = 0; first < asked.rows; first += blockRows) {
      const count = Math.min(blockRows, asked.rows - first);
      const centered = new Float32Array(count * dim);
      for (let i = 0; i < centered.length; i++) centered[i] = asked.data[first * dim + i]! - mean[i % dim]!;
      const product = tidy(() => matMul(tensor2d(centered, [count, dim]), tensor2d(matrix, [dim, dim])));
      result.set(await product.data<'float32'>().finally(() => product.dispose()), first * dim);
    }
    return { data: result, shape: [asked.rows, dim] };
  }
  return { dim, directions, apply };
}
