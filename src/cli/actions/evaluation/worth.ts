import { type ClassificationResult, linearProbe } from 'simclr-ts/evaluation';
import type { EmbeddingWorth } from 'simclr-ts/report';
import { neighborResult } from '../../../report/evaluation/worth.js';
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
  const probe = await linearProbe({ ...train, classes });
  return {
    knn: await neighborResult(
      { references: train.embeddings, test: test.embeddings },
      { references: train.labels, test: test.labels },
      { neighbors, classes },
    ),
    linearProbe: await probe.evaluate(test.embeddings, test.labels),
    converged: probe.converged,
  };
}

/** The result of a classifier without its predictions, for machines. */
export function summary({ accuracy, correct, count, interval, top5Accuracy }: ClassificationResult) {
  return { accuracy, interval, correct, count, ...(top5Accuracy !== undefined && { top5Accuracy }) };
}
