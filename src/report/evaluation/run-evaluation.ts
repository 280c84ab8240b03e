import type { LabeledImagesLike } from '../../data/index.js';
import type {
  AccuracyDifference,
  ClassificationResult,
  EmbeddingArray,
} from '../../evaluation/embedding-evaluation.js';
import type { History } from '../../training/index.js';

/** Pictures with labels that training does not see. */
export interface EvaluationPictures {
  /** Pictures to fit the classifiers to. */
  references: LabeledImagesLike;
  /** Pictures of the same classes to test them on. */
  test: LabeledImagesLike;
}

/** Embeddings of both parts, row by row. */
export interface PartEmbeddings {
  /** Of the references. */
  references: EmbeddingArray;
  /** Of the test pictures. */
  test: EmbeddingArray;
}

/** Accuracies of one kind of embedding, with 95 % intervals. */
export interface EmbeddingWorth {
  /** By the nearest neighbors among the references. */
  knn: ClassificationResult;
  /** By a linear probe that is fitted to the references. */
  linearProbe: ClassificationResult;
}

/** How much better the trained encoder is on the same test pictures, with 95 % intervals. */
export type Gain = Record<keyof EmbeddingWorth, AccuracyDifference>;

/** What training gains at the read-out. */
export interface ReadoutGains {
  /** The trained encoder against whitened pixels. */
  overWhitenedPixels: Gain;
  /** The trained encoder against itself before training. */
  overBefore: Gain;
}

/** The encoder at its read-out: its first two stages on a 3x3 grid, whitened; see `fitReadout`. */
export interface ReadoutWorth {
  /** The encoder as it was before training. */
  before: EmbeddingWorth;
  /** The encoder after training; `null` if training was aborted. */
  after: EmbeddingWorth | null;
}

/** What training gains, as paired differences of accuracies. */
export interface RunGains {
  /** The trained encoder against raw pixels. */
  overRawPixels: Gain;
  /** The trained encoder against pixels without their picture's mean. */
  overCenteredPixels: Pick<Gain, 'knn'>;
  /** The trained encoder against whitened pixels. */
  overWhitenedPixels: Gain;
  /** The trained encoder against itself before training. */
  overBefore: Gain;
  /** At the read-out; `null` if the encoder has none. */
  readout: ReadoutGains | null;
  /** At the read-out by means over flips; `null` unless these were asked for. */
  readoutWithFlips: ReadoutGains | null;
}

/** Representations h of references and test pictures. */
export interface RunEmbeddings {
  /** Those of the encoder before training. */
  before: PartEmbeddings;
  /** Those of the trained encoder; `null` if training was aborted. */
  after: PartEmbeddings | null;
}

/** Result of {@link evaluateRun}. */
export interface RunEvaluationResult {
  /** History of training. */
  history: History;
  /** Raw pixels, as a baseline. */
  rawPixels: EmbeddingWorth;
  /** Pixels without their picture's mean: a stronger baseline for nearest neighbors, the same for a linear probe. */
  centeredPixels: Pick<EmbeddingWorth, 'knn'>;
  /** Pixels averaged to about 16x16 and whitened: the strongest baseline that needs no network. */
  whitenedPixels: EmbeddingWorth;
  /** h of the encoder as it was before training. */
  before: EmbeddingWorth;
  /** h of the encoder after training; `null` if training was aborted. */
  after: EmbeddingWorth | null;
  /** The encoder at its read-out; `null` if it has no stage that can be read. */
  readout: ReadoutWorth | null;
  /** The same by means over each picture and its mirror image; `null` unless these were asked for. */
  readoutWithFlips: ReadoutWorth | null;
  /** The trained encoder against the pixels and against itself before; `null` if training was aborted. */
  gains: RunGains | null;
  /** Representations h before and after, for maps and searches. */
  embeddings: RunEmbeddings;
}
