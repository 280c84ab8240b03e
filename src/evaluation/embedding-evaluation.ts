export type { EmbeddingArray, EmbeddingArrayLike, Embeddings } from './embeddings.js';
export {
  type AlignmentOptions,
  alignment,
  type UniformityOptions,
  uniformity,
} from './health/alignment-uniformity.js';
export { type EmbeddingHealth, embeddingHealth } from './health/embedding-health.js';
export { type AccuracyDifference, accuracyDifference } from './labels/accuracy-difference.js';
export {
  type ClassificationResult,
  type ClassProbabilities,
  confusionMatrix,
} from './labels/classification.js';
export { type ConfidenceInterval, confidenceInterval } from './labels/confidence-interval.js';
export type { LabeledPictures } from './labels/labeled-pictures.js';
export type { Labels } from './labels/labels.js';
export { type LabeledSelection, selectLabeled } from './labels/select-labeled.js';
export { type LinearProbe, type LinearProbeOptions, linearProbe } from './linear-probe/linear-probe.js';
export { type OnlineLinearProbeOptions, onlineLinearProbe } from './linear-probe/online-linear-probe.js';
export type { RegularizationTrial } from './linear-probe/regularization-sweep.js';
export {
  type FitLabelsOptions,
  fitLabels,
  type LabelModel,
  type LabelPredictions,
  type NamedEmbeddings,
} from './naming/fit-labels.js';
export {
  type NamedRows,
  type ProposeToLabelOptions,
  proposeToLabel,
} from './naming/propose-to-label.js';
export {
  type KnnClassifier,
  type KnnClassifierOptions,
  knnClassifier,
  type LabeledEmbeddings,
} from './neighbors/knn-classifier.js';
export {
  type NearDuplicateGroup,
  type NearDuplicatesOptions,
  nearDuplicates,
} from './neighbors/near-duplicates.js';
export { type NearestNeighbors, nearestNeighbors } from './neighbors/nearest-neighbors.js';
export { neighborOverlap } from './neighbors/neighbor-overlap.js';
export { type NeighborSearch, neighborSearch } from './neighbors/neighbor-search.js';
export {
  type RelevantPairs,
  type RetrievalOptions,
  type RetrievalResult,
  retrieval,
} from './neighbors/retrieval.js';
export {
  type DiverseSelection,
  type SelectDiverseOptions,
  selectDiverse,
} from './selection/select-diverse.js';
export {
  type CalibrateThresholdOptions,
  type ChangedCopies,
  calibrateThreshold,
  type ThresholdCalibration,
} from './stacks/calibrate-threshold.js';
export { fitWhitening, type Whitening } from './stacks/fit-whitening.js';
export {
  type EmbeddingStack,
  type StackEmbeddingsOptions,
  stackEmbeddings,
} from './stacks/stack-embeddings.js';
export { type WeighComponentsOptions, weighComponents } from './weigh-components.js';
