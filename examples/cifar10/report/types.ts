/** A small colour picture: `width * height * 3` bytes, row-major RGB. */
export interface Picture {
  pixels: Uint8Array;
  width: number;
  height: number;
}

/** A picture with its class number, an index of {@link ReportData.classNames}. */
export interface LabeledPicture extends Picture {
  label: number;
}

/** Top-1 accuracies on the test pictures, from 0 to 1. */
export interface Accuracies {
  knn: number;
  linearProbe: number;
}

/** One pass over the data. */
export interface ReportEpoch {
  /** Counted from 0. */
  epoch: number;
  /** Mean loss of its steps, in nats. */
  loss: number;
  seconds: number;
  pairsPerSecond: number;
  steps: number;
  /** `true` when the time was up before its end. */
  partial?: boolean;
}

/** The figures that `report.json` holds. It may hold more; the page shows these. */
export interface ReportSummary {
  backend: string;
  seed: number;
  /** How many pictures were trained on. */
  images: number;
  /** Name of the encoder, such as `'resnet18'`. */
  encoder: string;
  epochs: readonly ReportEpoch[];
  evaluation: {
    /** On the pixels themselves: what needs no encoder. */
    rawPixels: Accuracies;
    /** Nearest neighbours on pixels without their picture's mean, which are better at it than raw ones. */
    centeredPixels?: Pick<Accuracies, 'knn'>;
    /** With the encoder as initialised. */
    before: Accuracies;
    /** With the trained encoder. */
    after: Accuracies;
  };
  /** How many test pictures the accuracies were measured on. */
  testImages: number;
  /** Seconds from start to end. Default: the sum over the epochs. */
  totalSeconds?: number;
}

/** One optimiser step. */
export interface LossPoint {
  /** Counted from 0. */
  step: number;
  /** In nats. */
  loss: number;
  learningRate?: number;
}

/** A picture and what the encoder saw of it. */
export interface ViewRow {
  original: Picture;
  view1: Picture;
  view2: Picture;
}

/** Row-major `[pictures, dim]`. */
export interface MapEmbeddings {
  data: Float32Array;
  shape: readonly [number, number];
}

/** What the two maps show: the same pictures, row i of both embeddings being `pictures[i]`. */
export interface MapData {
  /** A few hundred; above a thousand they hide each other and the layout takes long. */
  pictures: readonly LabeledPicture[];
  before: MapEmbeddings;
  after: MapEmbeddings;
}

/** A query with its nearest neighbours, nearest first. */
export interface NeighborRow {
  query: LabeledPicture;
  before: readonly LabeledPicture[];
  after: readonly LabeledPicture[];
}

/** Everything that {@link writeReport} shows. */
export interface ReportData {
  title: string;
  /** The content of `report.json`. */
  report: ReportSummary;
  /** Every step, or as many as there are. Steps whose loss is not finite are left out. */
  losses: readonly LossPoint[];
  /** N, the pictures of a step: the chance level of the loss is ln(2N - 1). */
  batchSize: number;
  /** Name of each class number. */
  classNames: readonly string[];
  /** About eight. */
  views: readonly ViewRow[];
  map: MapData;
  /** About eight, with five to eight neighbours each. */
  neighbors: readonly NeighborRow[];
}
