export { type AccuracyDifference, accuracyDifference } from './accuracy-difference.js';
export {
  type AlignmentOptions,
  alignment,
  type UniformityOptions,
  uniformity,
} from './alignment-uniformity.js';
export { type ClassificationResult, type ClassScores, confusionMatrix } from './classification.js';
export { type ConfidenceInterval, confidenceInterval } from './confidence-interval.js';
export { type EmbeddingHealth, embeddingHealth } from './embedding-health.js';
export type { EmbeddingArray, EmbeddingArrayLike, Embeddings, Labels } from './embeddings.js';
export {
  type KnnClassifier,
  type KnnClassifierOptions,
  knnClassifier,
  type LabeledEmbeddings,
} from './knn-classifier.js';
export { type LinearProbe, type LinearProbeOptions, linearProbe } from './linear-probe.js';
export { type NearDuplicateGroup, type NearDuplicatesOptions, nearDuplicates } from './near-duplicates.js';
export { type NearestNeighbors, nearestNeighbors } from './nearest-neighbors.js';
export { neighborOverlap } from './neighbor-overlap.js';
export { type OnlineLinearProbeOptions, onlineLinearProbe } from './online-linear-probe.js';
export type { RegularizationTrial } from './regularization-sweep.js';
export {
  type RelevantPairs,
  type RetrievalOptions,
  type RetrievalResult,
  retrieval,
} from './retrieval.js';
export { type LabeledSelection, selectLabeled } from './select-labeled.js';
