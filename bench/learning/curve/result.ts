/** Accuracies from 0 to 1, as the command line writes them. */
export interface Accuracies {
  knn: { accuracy: number };
  linearProbe?: { accuracy: number };
}

/** What training gained, as the command line writes it: differences of accuracies, and their 95 % interval. */
interface Gain {
  knn: { difference: number; low: number; high: number };
}

/** The part of `evaluation` of `simclr-ts train --json` that the page shows. */
export interface CurveEvaluation {
  testImages: number;
  whitenedPixels: Accuracies;
  before: Accuracies;
  after: Accuracies;
  readout: { before: Accuracies; after: Accuracies };
  readoutWithFlips: { before: Accuracies; after: Accuracies };
  gains: { readout: { overBefore: Gain } };
}

/** A training, measured. */
export interface CurveRun {
  /** Name of the data set: that of its folder, or `cifar10`. */
  dataset: string;
  /** What trained: this library, or the framework that it is compared with. */
  side: 'simclr-ts' | 'pytorch';
  /** Versions. */
  framework: string;
  minutes: number;
  seed: number;
  /** Pairs of views that it was trained on. */
  pairs: number;
  evaluation: CurveEvaluation;
  /** Processor and cores. */
  machine: string;
  date: string;
}
