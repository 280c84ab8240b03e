import type { EmbeddingArray } from 'simclr-ts/evaluation';
import { embeddingRows } from '../../../report/galleries/run-galleries.js';

/** Files of pictures, with the class and the vector of each. */
export interface LabeledFiles {
  paths: string[];
  embeddings: EmbeddingArray;
  labels: Int32Array;
}

/** Some of the pictures. */
export function takeRows({ paths, embeddings, labels }: LabeledFiles, rows: readonly number[]): LabeledFiles {
  return {
    paths: rows.map((row) => paths[row]!),
    embeddings: embeddingRows(embeddings, rows),
    labels: Int32Array.from(rows, (row) => labels[row]!),
  };
}
