import values from '../fixtures/evaluation/similarity.json' with { type: 'json' };
import { embeddings, test } from './golden.js';

interface Retrieval {
  recall: Record<string, number>;
  meanAveragePrecision: number;
  meanAveragePrecisionAtR?: number;
  queries: number;
}

interface Similarity {
  retrieval: { among: Retrieval; gallery: Retrieval; pairs: Retrieval };
  hypersphere: { alpha: number; t: number; alignment: number; uniformity: number }[];
  overlap: { neighbors: number; value: number }[];
  grid: number[];
}

/** Values from scikit-learn, pytorch-metric-learning and lightly; see test/fixtures/evaluation/make_similarity.py. */
export const similarity: Similarity = values;

/** The test digits, each pixel plus both neighbors in its row of eight. */
export const blurred = embeddings(
  test.data.map((value, i) => {
    const left = i % 8 === 0 ? 0 : test.data[i - 1]!;
    const right = i % 8 === 7 ? 0 : test.data[i + 1]!;
    return left + value + right;
  }),
  64,
);
