import {
  type AccuracyDifference,
  accuracyDifference,
  type ClassificationResult,
  knnClassifier,
  linearProbe,
} from 'simclr-ts/evaluation';
import type { EmbeddingWorth, Gain } from 'simclr-ts/report';
import type { LabeledFiles } from './labeled-files.js';

/** What classifiers made of some vectors. */
export interface Worth extends EmbeddingWorth {
  /** Whether the fit of the linear probe converged. */
  converged: boolean;
}

/** Accuracies of nearest neighbors and of a linear probe. */
export async function worthOf(
  train: LabeledFiles,
  test: LabeledFiles,
  { classes, neighbors }: { classes: number; neighbors: number },
): Promise<Worth> {
  const knn = await knnClassifier({ ...train, classes }, { neighbors });
  const probe = await linearProbe({ ...train, classes });
  return {
    knn: await knn.evaluate(test.embeddings, test.labels),
    linearProbe: await probe.evaluate(test.embeddings, test.labels),
    converged: probe.converged,
  };
}

/** How much better the first vectors are, on the same test pictures. */
export function gainOf(ours: EmbeddingWorth, theirs: EmbeddingWorth, labels: Int32Array): Gain {
  const difference = (first: ClassificationResult, second: ClassificationResult): AccuracyDifference =>
    accuracyDifference(first.predictions, second.predictions, labels);
  return {
    knn: difference(ours.knn, theirs.knn),
    linearProbe: difference(ours.linearProbe, theirs.linearProbe),
  };
}

/** The result of a classifier without its predictions, for machines. */
export function summary({ accuracy, correct, count, interval, top5Accuracy }: ClassificationResult) {
  return { accuracy, interval, correct, count, ...(top5Accuracy !== undefined && { top5Accuracy }) };
}
