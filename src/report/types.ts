import type { AccuracyDifference, EmbeddingArray } from '../evaluation/embedding-evaluation.js';

/** A small color picture. */
export interface ReportPicture {
  /** Red, green and blue of each pixel, 0-255, row by row: `width * height * 3` bytes. */
  pixels: Uint8Array;
  /** In pixels. */
  width: number;
  /** In pixels. */
  height: number;
}

/** A picture with its class. */
export interface LabeledPicture extends ReportPicture {
  /** Number of its class, an index of the class names. */
  label: number;
}

/** A row of the table of accuracies. */
export interface AccuracyRow {
  /** What was measured: 'raw pixels', 'before training'. */
  name: string;
  /** A few words below the name. */
  remark?: string;
  /** Top-1 accuracy of the nearest neighbors, from 0 to 1. */
  knn?: number;
  /** Top-1 accuracy of the linear probe, from 0 to 1. */
  linearProbe?: number;
}

/** How good the features are, on pictures that training never saw. */
export interface ReportAccuracies {
  /** How many test pictures the accuracies are of. */
  testImages: number;
  /** What training began with, where it was measured. */
  before?: AccuracyRow;
  /** What came of it. */
  after: AccuracyRow;
  /** What it has to beat: pixels, for example. */
  baselines?: readonly AccuracyRow[];
  /** By how much `after` is better than `before` at nearest neighbors, on the same pictures. */
  gain?: AccuracyDifference;
  /** A sentence below the heading. */
  note?: string;
}

/** One optimizer step. */
export interface LossPoint {
  /** Counted from 0. */
  step: number;
  /** In nats. */
  loss: number;
  /** The rate that the step used. */
  learningRate?: number;
  /** Pictures of the step. */
  pairs?: number;
}

/** One pass over the data. */
export interface ReportEpoch {
  /** Counted from 0. */
  epoch: number;
  /** Mean loss of its steps, in nats. */
  loss: number;
  /** Its duration. */
  seconds: number;
  /** Pictures trained on per second. */
  pairsPerSecond: number;
  /** Its optimizer steps. */
  steps: number;
  /** `true` when it was cut short. */
  partial?: boolean;
}

/** How training went. */
export interface ReportTraining {
  /** Every step, or as many as there are. Steps whose loss is not finite are left out. */
  losses: readonly LossPoint[];
  /** N, the pictures of a step: NT-Xent's chance level is ln(2N - 1). */
  batchSize: number;
  /** Every epoch. */
  epochs?: readonly ReportEpoch[];
  /** Seconds from start to end. Default: the sum over the epochs. */
  seconds?: number;
}

/** A picture and what the encoder saw of it. */
export interface ViewRow {
  /** The picture. */
  original: ReportPicture;
  /** Its first view. */
  view1: ReportPicture;
  /** Its second view. */
  view2: ReportPicture;
}

/** A classifier that was trained on few labels; what `labelEfficiency` gives. */
export interface EfficiencyRun {
  /** What it began with. */
  method: 'probe' | 'pretrained' | 'scratch';
  /** Labels of each class. */
  perClass: number;
  /** Seed of the choice of pictures and of the training. */
  seed: number;
  /** Share of the test pictures whose class was predicted. */
  accuracy: number;
}

/** Accuracy against labels of each class. */
export interface ReportEfficiency {
  /** Every classifier. */
  runs: readonly EfficiencyRun[];
  /** How many test pictures each accuracy is of. */
  testCount: number;
  /** How they were trained, in a sentence. */
  note?: string;
}

/** Which classes are taken for which. */
export interface ReportConfusion {
  /** Whose predictions they are: 'linear probe'. */
  of: string;
  /** `matrix[a][p]`: how many pictures of class a were predicted as class p. */
  matrix: readonly (readonly number[])[];
}

/** Embeddings under a name, such as 'Before training'. */
export interface NamedEmbeddings {
  /** Its heading. */
  name: string;
  /** One row per picture. */
  embeddings: EmbeddingArray;
}

/** Maps of the same pictures by one embedding or several. */
export interface ReportMap {
  /** A few hundred, of one size; above a thousand they hide each other and the layout takes long. */
  pictures: readonly LabeledPicture[];
  /** Row i of each is of `pictures[i]`. */
  embeddings: readonly NamedEmbeddings[];
}

/** What was found by one embedding. */
export interface FoundPictures {
  /** Its heading, such as 'After'. */
  name: string;
  /** Nearest first. */
  pictures: readonly LabeledPicture[];
}

/** A query with its nearest neighbors by one embedding or several. */
export interface NeighborRow {
  /** What was looked for. */
  query: LabeledPicture;
  /** What was found by each. */
  found: readonly FoundPictures[];
}

/** Everything that `writeReport` shows; what is left out has no section. */
export interface ReportData {
  /** The page's heading. */
  title: string;
  /** What was run: names with values. */
  facts?: Readonly<Record<string, string>>;
  /** Name of each class number. */
  classNames?: readonly string[];
  /** Seed of the maps' layout. Default 0. */
  seed?: number;
  /** Accuracies. */
  accuracies?: ReportAccuracies;
  /** Loss and epochs. */
  training?: ReportTraining;
  /** About eight pictures with their views. */
  views?: readonly ViewRow[];
  /** The label-efficiency curve. */
  labelEfficiency?: ReportEfficiency;
  /** The confusion matrix. */
  confusion?: ReportConfusion;
  /** Maps by UMAP. */
  map?: ReportMap;
  /** About eight queries, with five to eight neighbors each. */
  neighbors?: readonly NeighborRow[];
}
