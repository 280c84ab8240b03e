import { ShapeError } from '../../errors/errors.js';
import { columnGram, rowGram } from '../../linear-algebra/gram-matrix.js';
import { symmetricEigenvalues } from '../../linear-algebra/symmetric-eigenvalues.js';
import { type Embeddings, readEmbeddings } from '../embeddings.js';
import { columnStatistics } from '../linear-algebra/column-statistics.js';
import { unitBlock, unitRows } from '../linear-algebra/unit-rows.js';

/** Result of {@link embeddingHealth}. */
export interface EmbeddingHealth {
  /** Mean over the dimensions of the standard deviation of the L2-normalized embeddings, >= 0. */
  std: number;
  /** 1/√d, the `std` of directions spread evenly over the sphere. */
  expectedStd: number;
  /** Mean cosine similarity over all pairs of different rows, from -1 to 1. Near 1, all rows point the same way. */
  meanSimilarity: number;
  /** RankMe: exp of the entropy of the normalized singular values, from 1 to min(n, d). */
  effectiveRank: number;
  /** The min(n, d) singular values of the embeddings, neither centered nor normalized, in descending order. */
  singularValues: Float64Array;
  /** Dimensions with the same value in every row, within the resolution of float32. */
  deadDimensions: number[];
  /**
   * `true` when `meanSimilarity` exceeds 0.999 (all rows share one direction) or `effectiveRank` is below 1.5 (all rows lie
   * on one axis). The thresholds are generous: `false` does not prove that embeddings are healthy.
   */
  collapsed: boolean;
}

/**
 * Detects collapsed embeddings: to one point, to few directions, or with dead dimensions.
 *
 * With singular values σ_k of the embeddings and shares p_k = σ_k / Σσ, effectiveRank = exp(-Σ p_k log p_k).
 *
 * @param embeddings - Shape `[n, d]`, n >= 2; representations or projections. 10,000 x 512 takes about two
 *   seconds; time grows with n d² + d³.
 * @throws {@link ShapeError} when they are not a float32 matrix of at least two rows.
 * @throws {@link ValueRangeError} when a value is NaN or infinite.
 * @example
 * const health = await embeddingHealth({ data: Float32Array.of(1, 0, 0, 1, -1, 0), shape: [3, 2] });
 * health.collapsed; // false
 * @see Chen and He 2020, arXiv:2011.10566, section 4.1 (std); Garrido et al. 2022, arXiv:2210.02885 (RankMe).
 */
export async function embeddingHealth(embeddings: Embeddings): Promise<EmbeddingHealth> {
  const matrix = await readEmbeddings('embeddingHealth', 'embeddings', embeddings);
  const { rows, dim } = matrix;
  if (rows < 2) {
    throw new ShapeError(
      `embeddingHealth: embeddings must have at least 2 rows. Received: embeddings=[${rows},${dim}].`,
    );
  }
  const units = { data: unitBlock(unitRows(matrix), 0, rows), rows, dim };
  const unitStatistics = columnStatistics(units);
  const std = unitStatistics.std.reduce((sum, value) => sum + value, 0) / dim;
  // Σ over pairs of u_i . u_j = |Σ u_i|² - Σ |u_i|²; rows of zeros have length 0.
  const squaredMean = unitStatistics.mean.reduce((sum, value) => sum + value * value, 0);
  let squaredLengths = 0;
  for (const value of units.data) squaredLengths += value * value;
  const meanSimilarity = (rows * rows * squaredMean - squaredLengths) / (rows * (rows - 1));

  const size = Math.min(rows, dim);
  const gram = rows < dim ? rowGram(matrix) : columnGram(matrix);
  const singularValues = symmetricEigenvalues(gram, size).map((value) => Math.sqrt(Math.max(0, value)));
  const total = singularValues.reduce((sum, value) => sum + value, 0);
  let entropy = 0;
  for (const value of singularValues) {
    const share = total > 0 ? value / total : 0;
    if (share > 0) entropy -= share * Math.log(share);
  }
  const effectiveRank = Math.exp(entropy);
  const statistics = columnStatistics(matrix);
  const deadDimensions: number[] = [];
  for (let column = 0; column < dim; column++) if (statistics.std[column] === 0) deadDimensions.push(column);
  return {
    std,
    expectedStd: 1 / Math.sqrt(dim),
    meanSimilarity: Math.max(-1, Math.min(1, meanSimilarity)),
    effectiveRank,
    singularValues,
    deadDimensions,
    collapsed: meanSimilarity > 0.999 || effectiveRank < 1.5,
  };
}
