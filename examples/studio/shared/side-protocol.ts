import type { AugmentationSettings } from './settings.js';

/** Pictures with two views of each, red, green and blue, row by row. */
export interface Views {
  size: number;
  first: Uint8Array;
  second: Uint8Array;
}

/** The loss of eight embeddings, taken apart. */
export interface ExplainedLoss {
  loss: number;
  /** Cosine similarities `[8, 8]`. */
  similarities: Float32Array;
  positives: Uint8Array;
  negatives: Uint8Array;
  /** Loss of each row, in nats. */
  rows: Float32Array;
}

/** The worker for small tasks that must not wait for a training step. */
export interface SideCommands {
  /** Resolves when all of its code is there. */
  ready(): Promise<void>;
  /** Two views of pictures `[n, size, size, 3]`. */
  views(
    pictures: Uint8Array,
    size: number,
    settings: AugmentationSettings,
    viewSize: number,
    seed: number,
  ): Promise<Views>;
  /** A flat map of vectors, two numbers each. */
  map(vectors: Float32Array, rows: number): Promise<Float32Array>;
  /** NT-Xent on projections, first views first. */
  explain(z: Float32Array, dim: number, temperature: number): Promise<ExplainedLoss>;
}
