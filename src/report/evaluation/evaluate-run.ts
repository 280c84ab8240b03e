import type { ImageArrayLike } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkBoolean, checkInteger } from '../../errors/checks.js';
import { ShapeError } from '../../errors/errors.js';
import { embedOnHost } from '../../evaluation/embed-on-host.js';
import {
  accuracyDifference,
  type ClassificationResult,
  type EmbeddingArray,
  linearProbe,
} from '../../evaluation/embedding-evaluation.js';
import type { History, Trainer } from '../../training/index.js';
import { centeredRows, pixelEmbeddings } from './pixel-embeddings.js';
import type {
  EmbeddingWorth,
  EvaluationPictures,
  PartEmbeddings,
  ReadoutWorth,
  RunEvaluationResult,
} from './run-evaluation.js';
import { readoutEmbeddings, whitenedPixels } from './run-representations.js';
import { gainOf, neighborResult } from './worth.js';

/** Options of {@link evaluateRun}. */
export interface EvaluateRunOptions {
  /** Neighbors that vote, an integer >= 1; at most as many as there are references. @defaultValue `20` */
  neighbors?: number;
  /** Images per pass through the network. @defaultValue `250` */
  batchSize?: number;
  /** Whether to measure the read-out by means over each picture and its mirror image, too. @defaultValue `false` */
  flips?: boolean;
  /**
   * Called before and during embedding: the part ('references before', 'pictures at the read-out after', ...), pictures
   * done, and their total.
   */
  onProgress?: (part: string, done: number, total: number) => void;
}

/**
 * Evaluates what training achieves: accuracies of the nearest neighbors and of a linear probe on pixels, raw and whitened,
 * and before and after training on h and at the read-out of the encoder's first two stages, with paired differences.
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
  checkKeys(caller, options, { neighbors: 1, batchSize: 1, flips: 1, onProgress: 1 });
  const { neighbors = 20, batchSize = 250, flips = false, onProgress = () => {} } = options;
  checkInteger(caller, 'neighbors', neighbors);
  checkInteger(caller, 'batchSize', batchSize);
  checkBoolean(caller, 'flips', flips);
  const { references, test } = pictures;
  checkSameSize(caller, references.images, test.images);
  const labels = [...Array.from(references.labels), ...Array.from(test.labels)];
  const classes = Math.max(2, labels.reduce((largest, label) => Math.max(largest, label), 0) + 1);

  const known = { labels: references.labels, classes };
  const partLabels = { references: references.labels, test: test.labels };
  const byNeighbors = (embeddings: PartEmbeddings) =>
    neighborResult(embeddings, partLabels, { neighbors, classes });
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
  const whitened = await worthOf(await whitenedPixels(pictures, batchSize));
  const worthAtReadout = async (when: string, withFlips: boolean) => {
    const part = `pictures at the read-out${withFlips ? ' with flips' : ''} ${when}`;
    const embeddings = await readoutEmbeddings(simclr, pictures, {
      batchSize,
      flips: withFlips,
      onProgress: (done, total) => onProgress(part, done, total),
    });
    return embeddings && worthOf(embeddings);
  };
  const readouts = async (when: string): Promise<Readouts> => {
    return [await worthAtReadout(when, false), flips ? await worthAtReadout(when, true) : null];
  };
  const hBefore = await embed('before');
  const before = await worthOf(hBefore);
  const readoutsBefore = await readouts('before');
  const history = await train();
  const measured = { history, rawPixels, centeredPixels, whitenedPixels: whitened, before };
  if (history.outcome === 'aborted') {
    return {
      ...measured,
      after: null,
      ...readoutWorths(readoutsBefore),
      gains: null,
      embeddings: { before: hBefore, after: null },
    };
  }
  const hAfter = await embed('after');
  const after = await worthOf(hAfter);
  const worths = readoutWorths(readoutsBefore, await readouts('after'));
  const difference = (ours: ClassificationResult, theirs: ClassificationResult) =>
    accuracyDifference(ours.predictions, theirs.predictions, test.labels);
  const gain = (ours: EmbeddingWorth, theirs: EmbeddingWorth) => gainOf(ours, theirs, test.labels);
  const gains = (read: ReadoutWorth | null) =>
    read?.after
      ? { overWhitenedPixels: gain(read.after, whitened), overBefore: gain(read.after, read.before) }
      : null;
  return {
    ...measured,
    after,
    ...worths,
    gains: {
      overRawPixels: gain(after, rawPixels),
      overCenteredPixels: { knn: difference(after.knn, centeredPixels.knn) },
      overWhitenedPixels: gain(after, whitened),
      overBefore: gain(after, before),
      readout: gains(worths.readout),
      readoutWithFlips: gains(worths.readoutWithFlips),
    },
    embeddings: { before: hBefore, after: hAfter },
  };
}

/** Of a read-out, without and with flips; `null` where it cannot be read, or was not asked for. */
type Readouts = readonly [plain: EmbeddingWorth | null, flipped: EmbeddingWorth | null];

/** What the read-outs are worth before and after training. An aborted run has nothing after it. */
function readoutWorths(
  [plain, flipped]: Readouts,
  after?: Readouts,
): Pick<RunEvaluationResult, 'readout' | 'readoutWithFlips'> {
  const pair = (before: EmbeddingWorth | null, later: EmbeddingWorth | null | undefined) =>
    before && later !== null ? { before, after: later ?? null } : null;
  return { readout: pair(plain, after?.[0]), readoutWithFlips: pair(flipped, after?.[1]) };
}

function checkSameSize(caller: string, references: ImageArrayLike, test: ImageArrayLike): void {
  const [sizes, others] = [references, test].map(({ shape }) => shape.slice(1).join());
  if (sizes === others) return;
  throw new ShapeError(
    `${caller}: references and test must hold pictures of one size. Received: [${references.shape}] and [${test.shape}].`,
  );
}
