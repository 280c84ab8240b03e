import type { ImageArrayLike, LabeledImagesLike } from '../data/index.js';
import { checkKeys } from '../errors/check-keys.js';
import { checkInteger } from '../errors/checks.js';
import { ShapeError } from '../errors/errors.js';
import {
  type AccuracyDifference,
  accuracyDifference,
  type ClassificationResult,
  type EmbeddingArray,
  knnClassifier,
  linearProbe,
} from '../evaluation/embedding-evaluation.js';
import type { History, Trainer } from '../training/index.js';
import { embedOnHost } from './embed-on-host.js';
import { centeredRows, pixelEmbeddings } from './pixel-embeddings.js';

/** Pictures with labels that training does not see. */
export interface EvaluationPictures {
  /** Pictures to fit the classifiers to. */
  references: LabeledImagesLike;
  /** Pictures of the same classes to test them on. */
  test: LabeledImagesLike;
}

/** Options of {@link evaluateRun}. */
export interface EvaluateRunOptions {
  /** Neighbors that vote, an integer >= 1; at most as many as there are references. @defaultValue `20` */
  neighbors?: number;
  /** Images per pass through the network. @defaultValue `250` */
  batchSize?: number;
  /** Called before and during embedding: the part ('references before', ...), pictures done, and their total. */
  onProgress?: (part: string, done: number, total: number) => void;
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

/** What training gains, as paired differences of accuracies. */
export interface RunGains {
  /** The trained encoder against raw pixels. */
  overRawPixels: Gain;
  /** The trained encoder against pixels without their picture's mean. */
  overCenteredPixels: Pick<Gain, 'knn'>;
  /** The trained encoder against itself before training. */
  overBefore: Gain;
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
  /** The encoder as it was before training. */
  before: EmbeddingWorth;
  /** The encoder after training; `null` if training was aborted. */
  after: EmbeddingWorth | null;
  /** The trained encoder against the pixels and against itself before; `null` if training was aborted. */
  gains: RunGains | null;
  /** Representations h before and after, for maps and searches. */
  embeddings: RunEmbeddings;
}

/**
 * Evaluates what training achieves: accuracies of the nearest neighbors and of a linear probe on raw pixels, on the encoder
 * before training and on the encoder after it, with paired differences.
 *
 * @param simclr - The trainer before training.
 * @param pictures - References and test pictures with labels; training itself needs none.
 * @param train - Trains and returns the history.
 * @returns Accuracies with 95 % intervals, their differences, the embeddings, and the history.
 * @throws `ShapeError` when references and test pictures differ in size; what `train` throws; and what
 * `knnClassifier` and `linearProbe` throw on labels.
 * @example
 * const { before, after, gains } = await evaluateRun(simclr, { references, test }, () =>
 *   simclr.fit(images, { minutes: 5, batchSize: 256 }),
 * );
 */
export async function evaluateRun(
  simclr: Trainer,
  pictures: EvaluationPictures,
  train: () => Promise<History>,
  options: EvaluateRunOptions = {},
): Promise<RunEvaluationResult> {
  const caller = 'evaluateRun';
  checkKeys(caller, options, { neighbors: 1, batchSize: 1, onProgress: 1 });
  const { neighbors = 20, batchSize = 250, onProgress = () => {} } = options;
  checkInteger(caller, 'neighbors', neighbors);
  checkInteger(caller, 'batchSize', batchSize);
  const { references, test } = pictures;
  checkSameSize(caller, references.images, test.images);
  const labels = [...Array.from(references.labels), ...Array.from(test.labels)];
  const classes = Math.max(2, labels.reduce((largest, label) => Math.max(largest, label), 0) + 1);

  const known = { labels: references.labels, classes };
  const byNeighbors = async (embeddings: PartEmbeddings): Promise<ClassificationResult> => {
    const knn = await knnClassifier(
      { ...known, embeddings: embeddings.references },
      { neighbors: Math.min(neighbors, references.labels.length) },
    );
    return knn.evaluate(embeddings.test, test.labels);
  };
  const worthOf = async (embeddings: PartEmbeddings, forProbe = embeddings): Promise<EmbeddingWorth> => {
    const knn = await byNeighbors(embeddings);
    const probe = await linearProbe({ ...known, embeddings: forProbe.references });
    return { knn, linearProbe: await probe.evaluate(forProbe.test, test.labels) };
  };
  const embedPart = async (images: ImageArrayLike, part: string): Promise<EmbeddingArray> => {
    onProgress(part, 0, images.shape[0]!);
    return embedOnHost(simclr, images, {
      batchSize,
      onProgress: (done) => onProgress(part, done, images.shape[0]!),
    });
  };
  const embed = async (when: string): Promise<PartEmbeddings> => ({
    references: await embedPart(references.images, `references ${when}`),
    test: await embedPart(test.images, `test pictures ${when}`),
  });
  const pixels = (size: number): PartEmbeddings => ({
    references: pixelEmbeddings(references.images, size),
    test: pixelEmbeddings(test.images, size),
  });

  // Pixels of large pictures take gigabytes. A linear probe on thousands of columns is slow and no more accurate.
  const raw = pixels(32);
  const rawPixels = await worthOf(raw, pixels(16));
  const centeredPixels = {
    knn: await byNeighbors({ references: centeredRows(raw.references), test: centeredRows(raw.test) }),
  };
  const hBefore = await embed('before');
  const before = await worthOf(hBefore);
  const history = await train();
  if (history.outcome === 'aborted') {
    return {
      history,
      rawPixels,
      centeredPixels,
      before,
      after: null,
      gains: null,
      embeddings: { before: hBefore, after: null },
    };
  }
  const hAfter = await embed('after');
  const after = await worthOf(hAfter);
  const knnGainOver = (other: Pick<EmbeddingWorth, 'knn'>) =>
    accuracyDifference(after.knn.predictions, other.knn.predictions, test.labels);
  const gainOver = (other: EmbeddingWorth): Gain => ({
    knn: knnGainOver(other),
    linearProbe: accuracyDifference(
      after.linearProbe.predictions,
      other.linearProbe.predictions,
      test.labels,
    ),
  });
  return {
    history,
    rawPixels,
    centeredPixels,
    before,
    after,
    gains: {
      overRawPixels: gainOver(rawPixels),
      overCenteredPixels: { knn: knnGainOver(centeredPixels) },
      overBefore: gainOver(before),
    },
    embeddings: { before: hBefore, after: hAfter },
  };
}

function checkSameSize(caller: string, references: ImageArrayLike, test: ImageArrayLike): void {
  const [sizes, others] = [references, test].map(({ shape }) => shape.slice(1).join());
  if (sizes === others) return;
  throw new ShapeError(
    `${caller}: references and test must hold pictures of one size. Received: [${references.shape}] and [${test.shape}].`,
  );
}
