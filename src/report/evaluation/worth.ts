import {
  type AccuracyDifference,
  accuracyDifference,
  type ClassificationResult,
  knnClassifier,
} from '../../evaluation/embedding-evaluation.js';
import type { EmbeddingWorth, Gain, PartEmbeddings } from './run-evaluation.js';

/** Labels of both parts. */
export interface PartLabels {
  references: ArrayLike<number>;
  test: ArrayLike<number>;
}

/** What the nearest neighbors make of the test pictures, by at most `neighbors` of the references. */
export async function neighborResult(
  { references, test }: PartEmbeddings,
  labels: PartLabels,
  { neighbors, classes }: { neighbors: number; classes?: number },
): Promise<ClassificationResult> {
  const knn = await knnClassifier(
    { embeddings: references, labels: labels.references, ...(classes !== undefined && { classes }) },
    { neighbors: Math.min(neighbors, labels.references.length) },
  );
  return knn.evaluate(test, labels.test);
}

/** How much better the first embeddings are, on the same test pictures. */
export function gainOf(ours: EmbeddingWorth, theirs: EmbeddingWorth, labels: ArrayLike<number>): Gain {
  const difference = (first: ClassificationResult, second: ClassificationResult): AccuracyDifference =>
    accuracyDifference(first.predictions, second.predictions, labels);
  return {
    knn: difference(ours.knn, theirs.knn),
    linearProbe: difference(ours.linearProbe, theirs.linearProbe),
  };
}
