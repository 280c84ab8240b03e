import type { EmbeddingArray } from '../../src/evaluation/index.js';
import values from '../fixtures/evaluation/golden.json' with { type: 'json' };

interface Health {
  std: number;
  meanSimilarity: number;
  effectiveRank: number;
  singularValues: number[];
  deadDimensions: number[];
}

interface Golden {
  dim: number;
  train: number[];
  trainLabels: number[];
  test: number[];
  testLabels: number[];
  linearProbe: {
    inverseRegularization: number;
    standardize: boolean;
    classes: number;
    accuracy: number;
    top5Accuracy?: number;
    probabilities: number[];
  }[];
  knn: {
    neighbors: number;
    temperature?: number;
    weighting: 'cosine-exponential' | 'uniform';
    accuracy: number;
    scores: number[];
  }[];
  nearest: { neighbors: number; indices: number[]; similarities: number[] };
  health: { all: Health; wide: Health };
  confusion: { predicted: number[]; matrix: number[][] };
  wilson: { correct: number; count: number; low: number; high: number }[];
}

/** Values from scikit-learn, SciPy and NumPy; see test/fixtures/evaluation/make.py. */
export const golden = values as Golden;

/** Row-major values with their shape. */
export function embeddings(values: ArrayLike<number>, dim: number): EmbeddingArray {
  return { data: Float32Array.from(values), shape: [values.length / dim, dim] };
}

export const train = embeddings(golden.train, golden.dim);
export const test = embeddings(golden.test, golden.dim);
export const trainLabels = Uint8Array.from(golden.trainLabels);
export const testLabels = Uint8Array.from(golden.testLabels);

/** The rows whose label is below `classes`. */
export function rowsBelow(source: EmbeddingArray, labels: Uint8Array, classes: number) {
  const [, dim] = source.shape;
  const rows = [...labels.keys()].filter((row) => labels[row]! < classes);
  return {
    embeddings: embeddings(
      rows.flatMap((row) => [...source.data.subarray(row * dim, (row + 1) * dim)]),
      dim,
    ),
    labels: Uint8Array.from(rows, (row) => labels[row]!),
  };
}
