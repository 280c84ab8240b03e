import type { Recipe } from './recipe.js';

/** How long a side trains: minutes, or pairs to see. */
export type Budget = { minutes: number } | { pairs: number };

/** The task of a side, as JSON on its command line. */
export interface TrainTask {
  kind: 'train';
  recipe: Recipe;
  seed: number;
  threads: number;
  budget: Budget;
  /** Files of all labels, then all pictures of 32x32x3 bytes. */
  train: string;
  test: string;
  /** Numbers of training pictures (the first) and test pictures to embed. */
  references: number;
  testImages: number;
  /** Folder that gets `references.f32` and `test.f32`: h as raw float32, row by row. */
  out: string;
}

/** The last line of a side's standard output, as JSON. */
export interface TrainReply {
  /** Framework and versions. */
  framework: string;
  /** Over the whole training, including augmentation, but not reading and embedding. */
  pairsPerSecond: number;
  pairsSeen: number;
  /** Loss of every step. */
  loss: number[];
  /** Columns of the embeddings. */
  dim: number;
}

/** A part of a run by the recipe `minutes`, for PyTorch's side. */
export interface PartTask {
  kind: 'part';
  /** As far as the first residual stage, or behind it. */
  part: 'early' | 'later';
  recipe: object;
  seed: number;
  threads: number;
  budget: Budget;
  train: string;
  /** Folder that weights of the encoder come from, and go back to. */
  out: string;
}

/** The last line of such a part. */
export interface PartReply {
  framework: string;
  loss: number[];
}
