import type { EmbeddingArray } from 'simclr-ts/evaluation';

/** Pictures by their files, with a class and a vector each. */
export interface Labelled {
  paths: string[];
  embeddings: EmbeddingArray;
  labels: Int32Array;
}

/** Some of the pictures. */
export function takeRows({ paths, embeddings, labels }: Labelled, rows: readonly number[]): Labelled {
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
