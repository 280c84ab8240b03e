import { checkKeys } from '../errors/check-keys.js';
import { checkNonNegative } from '../errors/checks.js';
import { type EmbeddingArray, type Embeddings, readEmbeddings } from './embeddings.js';

/** Options of {@link weighComponents}. */
export interface WeighComponentsOptions {
  /**
   * How fast weights fall, >= 0; 0 leaves vectors as they are.
   * @defaultValue `0.5`, which does best for few names on CIFAR-10 (docs/labeling.md)
   */
  exponent?: number;
}

/**
 * Weighs the columns of vectors whose columns are ordered by importance, such as those of a read-out: column k = 0, 1, ...
 * times (k + 1)^-exponent.
 *
 * A read-out is whitened: directions of little variance, which are mostly chance, are as long as those of much. Thousands of
 * references average chance out; a few names do not. The variance of natural pictures along their k-th direction falls
 * about as 1/k, so that an exponent of 0.5 gives back what whitening took.
 *
 * @param embeddings - Shape `[n, d]`. Not changed.
 * @param options - See {@link WeighComponentsOptions}.
 * @returns New vectors in host memory, of the same shape.
 * @throws {@link ShapeError} unless embeddings are a float32 matrix with at least one row.
 * @throws {@link ValueRangeError} when a value is NaN or infinite.
 * @throws {@link InvalidOptionError} when `exponent` is not a finite number >= 0.
 * @example
 * const vectors = await weighComponents(await readout.embed(images));
 * const { rows } = await selectDiverse(vectors, { count: 100 });
 * @see Field 1987, "Relations between the statistics of natural images and the response properties of cortical cells".
 */
export async function weighComponents(
  embeddings: Embeddings,
  options: WeighComponentsOptions = {},
): Promise<EmbeddingArray> {
  const caller = 'weighComponents';
  checkKeys(caller, options, { exponent: 1 });
  const { exponent = 0.5 } = options;
  checkNonNegative(caller, 'exponent', exponent);
  const { data, rows, dim } = await readEmbeddings(caller, 'embeddings', embeddings);
  const weights = Float64Array.from({ length: dim }, (_, column) => (column + 1) ** -exponent);
  return { data: data.map((value, i) => value * weights[i % dim]!), shape: [rows, dim] };
}
