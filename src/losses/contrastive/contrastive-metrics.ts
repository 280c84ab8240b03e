import { concat, matMul, type Tensor2D, tidy, transpose } from '@tensorflow/tfjs-core';
import { checkKeys } from '../../errors/check-keys.js';
import { ValueRangeError } from '../../errors/errors.js';
import { normalizeRows } from '../../tensors/normalize-rows.js';
import { checkContrastiveViews } from '../check-views.js';

/** Options of {@link contrastiveMetrics}. */
export interface ContrastiveMetricsOptions {
  /**
   * Divides the cosine similarities in the entropy: unitless, finite, > 0.
   *
   * @defaultValue `0.5`, as in `ntXentLoss`
   */
  temperature?: number;
}

/** Result of {@link contrastiveMetrics}. All values are means over the views or pairs of the batch. */
export interface ContrastiveMetrics {
  /** How often the positive is the most similar of all other 2N - 1 views, from 0 to 1; chance is 1 / (2N - 1). */
  top1Accuracy: number;
  /** How often the positive is among the five most similar of all other 2N - 1 views, from 0 to 1. */
  top5Accuracy: number;
  /**
   * How often the positive is the most similar among the N views of the **other** kind only, from 0 to 1, anchored
   * at view 1. This is the `contrast_acc` of google-research/simclr: easier than `top1Accuracy`, because another
   * image under the same augmentation is not a candidate.
   */
  crossViewTop1Accuracy: number;
  /**
   * Entropy, in nats, of the softmax over the other 2N - 1 views at the temperature; `log(2N - 1)` when all views
   * look alike. (The `contrast_entropy` of google-research/simclr is taken over N cross-view candidates.)
   */
  entropy: number;
  /** Mean squared distance of the two unit embeddings of an image, from 0 to 4; lower is better aligned. */
  alignment: number;
  /**
   * Logarithm of the mean of `exp(-2 d^2)` over the pairs of different images of one view, d being the distance of
   * unit embeddings; averaged over the two views. 0 when collapsed, more negative when more uniform.
   */
  uniformity: number;
  /** Mean cosine similarity of positive pairs, from -1 to 1. */
  positiveSimilarity: number;
  /** Mean cosine similarity of negative pairs (different images, any views), from -1 to 1. */
  negativeSimilarity: number;
}

/**
 * Measures how well embeddings tell the positive from the negatives, and how they spread over the sphere.
 *
 * Rows are divided by their length as in `ntXentLoss`. Ties are counted as a fair draw among the tied views, so that
 * collapsed embeddings score at chance and not at 1.
 *
 * @param view1 - Embeddings of view 1. Shape `[N, D]`, float32, N >= 2; need not be normalized.
 * @param view2 - Embeddings of view 2, row i paired with row i of `view1`. Shape `[N, D]`, float32.
 * @param options - Temperature of the entropy.
 * @returns Plain numbers, once the `[2N, 2N]` similarities were read back; it leaves no tensors.
 * @throws {@link ShapeError} when a view is not float32 of rank 2, the shapes differ, or N < 2.
 * @throws {@link InvalidOptionError} when `temperature` is not a finite number > 0.
 * @throws {@link ValueRangeError} when an embedding holds NaN or an infinity.
 * @example
 * const { top1Accuracy, alignment, uniformity } = await contrastiveMetrics(view1, view2);
 * @see Chen et al. 2020, arXiv:2002.05709, and `metrics.py` of google-research/simclr (accuracies, entropy); Wang and
 * Isola 2020, arXiv:2005.10242, section 4.1 (alignment with exponent 2, uniformity with t = 2).
 */
export async function contrastiveMetrics(
  view1: Tensor2D,
  view2: Tensor2D,
  options: ContrastiveMetricsOptions = {},
): Promise<ContrastiveMetrics> {
  checkKeys('contrastiveMetrics', options, { temperature: 1 });
  const { temperature = 0.5 } = options;

  checkContrastiveViews('contrastiveMetrics', [view1, view2], temperature);
  const similarities = tidy(() => {
    const [units] = normalizeRows(concat([view1, view2], 0));
    return matMul(units, transpose(units));
  });
  try {
    return measure(await similarities.data<'float32'>(), view1.shape[0], temperature);
  } finally {
    similarities.dispose();
  }
}

function measure(similarities: Float32Array, images: number, temperature: number): ContrastiveMetrics {
  if (!similarities.every(Number.isFinite)) {
    throw new ValueRangeError(
      'contrastiveMetrics: embeddings must be finite. Received: similarities that are NaN or infinite.',
    );
  }
  const views = 2 * images;
  let top1 = 0;
  let top5 = 0;
  let crossViewTop1 = 0;
  let entropy = 0;
  let squaredDistance = 0;
  let positive = 0;
  let negative = 0;
  const potential = [0, 0];

  for (let row = 0; row < views; row++) {
    const similarity = similarities.subarray(row * views, (row + 1) * views);
    const view = row < images ? 0 : 1;
    const pair = (row + images) % views;
    const ranking = new Ranking(similarity[pair]!);
    const crossRanking = new Ranking(similarity[pair]!);
    let highest = Number.NEGATIVE_INFINITY;
    for (let column = 0; column < views; column++) {
      if (column !== row) highest = Math.max(highest, similarity[column]!);
    }
    let mass = 0; // of exp(logit - highest)
    let moment = 0; // of the same, times (logit - highest)
    for (let column = 0; column < views; column++) {
      if (column === row) continue;
      const value = similarity[column]!;
      const logit = (value - highest) / temperature;
      const weight = Math.exp(logit);
      mass += weight;
      if (weight > 0) moment += weight * logit;
      if (column === pair) continue;
      ranking.add(value);
      negative += value;
      const sameView = view === (column < images ? 0 : 1);
      if (!sameView) crossRanking.add(value);
      else potential[view]! += Math.exp(-2 * distance(similarities, views, row, column));
    }
    top1 += ranking.chanceOfTop(1);
    top5 += ranking.chanceOfTop(5);
    if (view === 0) crossViewTop1 += crossRanking.chanceOfTop(1);
    entropy += Math.log(mass) - moment / mass;
    squaredDistance += distance(similarities, views, row, pair);
    positive += similarity[pair]!;
  }

  const pairsOfOneView = images * (images - 1);
  return {
    top1Accuracy: top1 / views,
    top5Accuracy: top5 / views,
    crossViewTop1Accuracy: crossViewTop1 / images,
    entropy: entropy / views,
    alignment: squaredDistance / views,
    uniformity: (Math.log(potential[0]! / pairsOfOneView) + Math.log(potential[1]! / pairsOfOneView)) / 2,
    positiveSimilarity: positive / views,
    negativeSimilarity: negative / (views * (views - 2)),
  };
}

/** Squared distance of two rows from the matrix of their inner products (zero rows have length 0, not 1). */
function distance(products: Float32Array, size: number, a: number, b: number): number {
  return Math.max(0, products[a * size + a]! + products[b * size + b]! - 2 * products[a * size + b]!);
}

/** The rank of a value among others, which are added one by one. */
class Ranking {
  private above = 0;
  private equal = 0;

  constructor(private readonly value: number) {}

  add(other: number): void {
    if (other > this.value) this.above++;
    else if (other === this.value) this.equal++;
  }

  /** The probability of being among the first `count` when equal values are ordered by chance. */
  chanceOfTop(count: number): number {
    return Math.min(1, Math.max(0, (count - this.above) / (this.equal + 1)));
  }
}
