import type { AccuracyDifference, EmbeddingArray } from '../evaluation/embedding-evaluation.js';

/** A small color picture. */
export interface ReportPicture {
  /** Red, green and blue of each pixel, 0-255, row by row: `width * height * 3` bytes. */
  pixels: Uint8Array;
  /** Width in pixels. */
  width: number;
  /** Height in pixels. */
  height: number;
}

/** A picture with its class, if that is known. */
export interface LabeledPicture extends ReportPicture {
  /** Class number: an index into the class names. */
  label?: number;
}

/** A row of the table of accuracies. */
export interface AccuracyRow {
  /** Name of the features, such as 'raw pixels' or 'before training'. */
  name: string;
  /** A few words below the name. */
  remark?: string;
  /** Top-1 accuracy of the nearest neighbors, from 0 to 1. */
  knn?: number;
  /** Top-1 accuracy of the linear probe, from 0 to 1. */
  linearProbe?: number;
}

/** Accuracies of features on pictures that training never saw. */
export interface ReportAccuracies {
  /** Number of test pictures. */
  testImages: number;
  /** The features before training, if they were evaluated. */
  before?: AccuracyRow;
  /** The trained features. */
  after: AccuracyRow;
  /** Features to compare with, such as pixels. */
  baselines?: readonly AccuracyRow[];
  /** Paired difference of the nearest-neighbor accuracies of `after` and `before`. */
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
  /** Learning rate of the step. */
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
  /** Duration in seconds. */
  seconds: number;
  /** Pictures trained on per second. */
  pairsPerSecond: number;
  /** Number of optimizer steps. */
  steps: number;
  /** Whether the epoch was cut short. */
  partial?: boolean;
}

/** The course of training. */
export interface ReportTraining {
  /** The recorded steps. Those whose loss is not finite are left out of the chart. */
  losses: readonly LossPoint[];
  /** N, the pictures per step. The chance level of NT-Xent is ln(2N - 1). */
  batchSize: number;
  /** Every epoch. */
  epochs?: readonly ReportEpoch[];
  /** Seconds from start to end. @defaultValue the sum over the epochs */
  seconds?: number;
}

/** The accuracy of nearest neighbors at a moment of training. */
export interface QualityPoint {
  /** Optimizer steps that the encoder was trained for. */
  step: number;
  /** Minutes of training until then. Measuring does not count. */
  minutes: number;
  /** Top-1 accuracy of the nearest neighbors, from 0 to 1. */
  accuracy: number;
  /** Seconds that measuring took. */
  seconds: number;
}

/** How good the representations were during training, on the same pictures each time. */
export interface RunQuality {
  /** What was compared: the read-out, or h where the encoder has no read-out. */
  representation: 'readout' | 'h';
  /** Number of pictures among which the neighbors were found. */
  references: number;
  /** Number of pictures whose neighbors were found. */
  testImages: number;
  /** Accuracy of pixels, averaged to about 16x16 and whitened, on the same pictures. */
  whitenedPixels: number;
  /** The measurements, in the order of their steps. */
  points: readonly QualityPoint[];
}

/** How rich representations were at a moment of training. */
export interface HealthPoint {
  /** Optimizer steps that the encoder was trained for. */
  step: number;
  /** Minutes of training until then. Measuring does not count. */
  minutes: number;
  /** Effective rank of h: how many directions the representations use; see `embeddingHealth`. */
  effectiveRank: number;
  /** How far apart h of two views of a picture are, from 0 to 4; see `alignment`. `null` without augmentations. */
  alignment: number | null;
  /** Seconds that measuring took. */
  seconds: number;
}

/** How rich representations were during training, on the same pictures and views each time. */
export interface RunHealth {
  /** Number of pictures. */
  pictures: number;
  /** Length of h. */
  dim: number;
  /** The measurements, in the order of their steps. */
  points: readonly HealthPoint[];
}

/** A picture and its views. */
export interface ViewRow {
  /** The picture. */
  original: ReportPicture;
  /** Its first view. */
  view1: ReportPicture;
  /** Its second view. */
  view2: ReportPicture;
}

/** A classifier trained on few labels, as in the result of `labelEfficiency`. */
export interface EfficiencyRun {
  /** How it was trained. */
  method: 'probe' | 'pretrained' | 'scratch';
  /** Labels per class. */
  perClass: number;
  /** Seed of the choice of pictures and of training. */
  seed: number;
  /** Accuracy on the test pictures. */
  accuracy: number;
}

/** Accuracy over labels per class. */
export interface ReportEfficiency {
  /** Every classifier. */
  runs: readonly EfficiencyRun[];
  /** Number of test pictures behind each accuracy. */
  testCount: number;
  /** How they were trained, in a sentence. */
  note?: string;
}

/** A confusion matrix. */
export interface ReportConfusion {
  /** Name of the classifier, such as 'linear probe'. */
  of: string;
  /** `matrix[a][p]`: number of pictures of class a that were predicted as class p. */
  matrix: readonly (readonly number[])[];
}

/** Embeddings with a name, such as 'Before training'. */
export interface NamedEmbeddings {
  /** Its heading. */
  name: string;
  /** One row per picture. */
  embeddings: EmbeddingArray;
}

/** Maps of the same pictures, one per embedding. */
export interface ReportMap {
  /** A few hundred pictures of one size. More than a thousand hide each other and take long to lay out. */
  pictures: readonly LabeledPicture[];
  /** Row i of each is of `pictures[i]`. */
  embeddings: readonly NamedEmbeddings[];
}

/** The nearest neighbors by one embedding. */
export interface FoundPictures {
  /** Its heading, such as 'After'. */
  name: string;
  /** Nearest first. */
  pictures: readonly LabeledPicture[];
}

/** A query with its nearest neighbors, by one or several embeddings. */
export interface NeighborRow {
  /** The query. */
  query: LabeledPicture;
  /** The neighbors by each embedding. */
  found: readonly FoundPictures[];
}

/** What `writeReport` shows. A field that is left out has no section. */
export interface ReportData {
  /** The page's heading. */
  title: string;
  /** Facts of the run: names with values. */
  facts?: Readonly<Record<string, string>>;
  /** Name of each class number. */
  classNames?: readonly string[];
  /** Seed of the layout of the maps. @defaultValue 0 */
  seed?: number;
  /** Accuracies. */
  accuracies?: ReportAccuracies;
  /** Loss and epochs. */
  training?: ReportTraining;
  /** Accuracy of nearest neighbors over the time of training. */
  quality?: RunQuality;
  /** Effective rank and alignment over the time of training. */
  health?: RunHealth;
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
  /** Settings of the run, such as the contents of `training.json`. */
  settings?: Readonly<Record<string, unknown>>;
}
