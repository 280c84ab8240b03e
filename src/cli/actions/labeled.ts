import type { EmbeddingArray } from 'simclr-ts/evaluation';

/** Files of pictures, with the class and the vector of each. */
export interface LabeledFiles {
  paths: string[];
  embeddings: EmbeddingArray;
  labels: Int32Array;
}

/** Some of the pictures. */
export function takeRows({ paths, embeddings, labels }: LabeledFiles, rows: readonly number[]): LabeledFiles {
  const dim = embeddings.shape[1];
  const data = new Float32Array(rows.length * dim);
  for (const [i, row] of rows.entries()) {
    data.set(embeddings.data.subarray(row * dim, (row + 1) * dim), i * dim);
  }
  return {
    paths: rows.map((row) => paths[row]!),
    embeddings: { data, shape: [rows.length, dim] },
    labels: Int32Array.from(rows, (row) => labels[row]!),
  };
}
