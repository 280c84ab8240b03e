import type { Recipe } from './recipe.js';

/** How long a side trains: so many minutes, or until it has seen so many pairs. */
export type Budget = { minutes: number } | { pairs: number };

/** What a side is told, as JSON in its command line. */
export interface TrainTask {
  kind: 'train';
  recipe: Recipe;
  seed: number;
  threads: number;
  budget: Budget;
  /** Files of all labels, then all pictures of 32x32x3 bytes. */
  train: string;
  test: string;
  /** So many training pictures, the first, and test pictures are embedded. */
  references: number;
  testImages: number;
  /** Folder that gets `references.f32` and `test.f32`: h as raw float32, row by row. */
  out: string;
}

/** What a side says in the last line of its standard output, as JSON. */
export interface TrainReply {
  /** What ran, with versions. */
  framework: string;
  /** Over the whole training, augmentation included; reading and embedding not. */
  pairsPerSecond: number;
  pairsSeen: number;
  /** Of every step. */
  loss: number[];
  /** Columns of the embeddings. */
  dim: number;
}
