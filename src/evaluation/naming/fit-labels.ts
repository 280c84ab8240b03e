import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger, checkLabelValues, receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError, ShapeError, ValueRangeError } from '../../errors/errors.js';
import { checkSameDim, type Embeddings, readEmbeddings } from '../embeddings.js';
import type { ClassProbabilities } from '../labels/classification.js';
import type { Labels } from '../labels/labels.js';
import { gatherUnits, type UnitRows, unitBlock, unitRows } from '../linear-algebra/unit-rows.js';
import { forEachProbability } from '../linear-probe/softmax-regression.js';
import { searchNeighbors } from '../neighbors/nearest-neighbors.js';
import { fitClassifier } from './fit-classifier.js';

/** Embeddings of which some people know the class. */
export interface NamedEmbeddings {
  /** Shape `[n, d]`, not necessarily normalized. */
  embeddings: Embeddings;
  /** A class number from 0 per row, or -1 where a person said that it is none of the classes. */
  labels: Labels;
  /** Number of classes. @defaultValue the largest label + 1 */
  classes?: number;
}

/** Options of {@link fitLabels}. */
export interface FitLabelsOptions {
  /**
   * Largest share of rows of the classes that may be called none of them. A row is none of them when it is less similar to
   * every named row than all but this share of the named rows are to their nearest other. Needs `1 / noneShare - 1` named
   * rows (49 by default): fewer do not say what is unusual. The share holds for named rows that were drawn at random; of
   * others, such as those of `proposeToLabel`, it is a guess. From 0, which finds none by distance, to below 1.
   * @defaultValue `0.02`
   */
  noneShare?: number;
}

/** What {@link LabelModel.predict} says of each row. */
export interface LabelPredictions {
  /** The most probable class, -1 for none of them. */
  labels: Int32Array;
  /** Probability of the most probable class, from 0 to 1: whether it is called none or not. */
  confidences: Float32Array;
  /** Probability of each class. A row sums to 1 less the probability of those that people called none. */
  probabilities: ClassProbabilities;
  /** Cosine similarity with the most similar row that has a class. */
  similarities: Float32Array;
}

/** Names from a few named pictures: what {@link fitLabels} gives. */
export interface LabelModel {
  /** Number of classes. */
  readonly classes: number;
  /** Whether the probabilities were calibrated: a class had at least two rows, and there were two classes. */
  readonly calibrated: boolean;
  /** Share of the named rows that the fit to all other named rows names correctly; NaN where not calibrated. */
  readonly leaveOneOutAccuracy: number;
  /** Rows less similar than this to all rows with a class are none of them; -1 if that finds none. */
  readonly noneBelow: number;
  /** Predicts rows `[q, d]`. */
  predict(queries: Embeddings): Promise<LabelPredictions>;
}

function checkNamed(caller: string, { labels, classes }: NamedEmbeddings, rows: number): number {
  if (classes !== undefined) checkInteger(caller, 'classes', classes);
  checkLabelValues(caller, 'labels', labels, -1, classes === undefined ? undefined : classes - 1);
  if (labels.length !== rows) {
    throw new ShapeError(
      `${caller}: labels must hold one class number per row. Received: ${labels.length} labels for ${rows} rows.`,
    );
  }
  const largest = Array.from(labels).reduce((most, label) => Math.max(most, label), -1);
  if (largest < 0) {
    throw new ValueRangeError(
      `${caller}: labels must hold at least one class. Received: -1 in all ${rows} rows.`,
    );
  }
  return classes ?? largest + 1;
}

/**
 * The similarity with its nearest row that another row of the classes misses with a probability of at most `share`, if it is
 * drawn as these are; -1 where they are too few to say.
 *
 * @see Vovk, Gammerman and Shafer 2005, "Algorithmic learning in a random world", section 2.2 (conformal prediction).
 */
async function thresholdOf(named: UnitRows, share: number): Promise<number> {
  const rank = Math.floor(share * (named.rows + 1));
  if (rank < 1 || named.rows < 2) return -1;
  const { similarities } = await searchNeighbors(named, named, 1, true);
  return similarities.sort()[rank - 1]!;
}

/** Rows per pass. */
const chunkRows = 4096;

/**
 * Learns to name rows from a few that have a name: a ridge classifier on the directions of the vectors, whose probabilities
 * are calibrated. Fitting takes less than a second for hundreds of names, so that names, corrections and classes are added
 * by fitting again.
 *
 * The penalty and the temperature are those with the least loss when each named row is predicted by the fit to all others,
 * which is exact and needs no further fits. A row far from all named ones is none of the classes; rows that people called
 * none are learned as a class of their own.
 *
 * With one class, every row that is not none has probability 1. Where no class has two rows, nothing can be held out: then
 * penalty and temperature are usual ones, `calibrated` is false, and probabilities are rough.
 *
 * Computes in double precision on the host; similarities are computed on the active backend.
 *
 * @param named - Embeddings `[n, d]` and their classes. Those of a read-out serve better than h, after `weighComponents`.
 * @param options - See {@link FitLabelsOptions}.
 * @throws {@link ShapeError} unless embeddings are a float32 matrix with one label per row.
 * @throws {@link ValueRangeError} when a value is not finite, a label is not a class or -1, or there is no class.
 * @throws {@link InvalidOptionError} when an option is outside its domain.
 * @example
 * const embeddings = { data: Float32Array.of(1, 0, 0.9, 0.1, 0, 1, 0.1, 0.9), shape: [4, 2] } as const;
 * const model = await fitLabels({ embeddings, labels: [0, 0, 1, 1] });
 * const { labels, confidences } = await model.predict({ data: Float32Array.of(0.8, 0.1), shape: [1, 2] }); // labels: [0]
 * @see Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", 7.10 (leaving one out); Guo et al. 2017,
 *   arXiv:1706.04599 (temperature).
 */
export async function fitLabels(named: NamedEmbeddings, options: FitLabelsOptions = {}): Promise<LabelModel> {
  const caller = 'fitLabels';
  checkKeys(caller, options, { noneShare: 1 });
  const { noneShare = 0.02 } = options;
  if (!(typeof noneShare === 'number' && noneShare >= 0 && noneShare < 1)) {
    throw new InvalidOptionError(
      receivedMessage(caller, 'noneShare must be a number from 0 to below 1', 'noneShare', noneShare),
    );
  }
  const matrix = await readEmbeddings(caller, 'embeddings', named.embeddings);
  const classes = checkNamed(caller, named, matrix.rows);
  const labels = Int32Array.from(named.labels);
  const units = unitRows(matrix);
  const withClass = gatherUnits(
    units,
    Array.from(labels.keys()).filter((row) => labels[row]! >= 0),
  );
  // The classes that occur, none as the last.
  const order = (label: number) => (label < 0 ? classes : label);
  const present = [...new Set(Array.from(labels, order))].sort((a, b) => a - b);
  const targets = Int32Array.from(labels, (label) => present.indexOf(order(label)));
  const unit = { data: unitBlock(units, 0, units.rows), rows: units.rows, dim: units.dim };
  const fitted = present.length > 1 ? fitClassifier(unit, targets, present.length) : undefined;
  const noneBelow = await thresholdOf(withClass, noneShare);

  /** Probabilities `[rows, classes + 1]`, the last of none. */
  function probabilitiesOf(asked: UnitRows): Float32Array {
    const all = new Float32Array(asked.rows * (classes + 1));
    for (let first = 0; first < asked.rows; first += chunkRows) {
      const rows = Math.min(chunkRows, asked.rows - first);
      if (!fitted) {
        for (let row = 0; row < rows; row++) all[(first + row) * (classes + 1) + present[0]!] = 1;
        continue;
      }
      const chunk = { data: unitBlock(asked, first, rows), rows, dim: asked.dim };
      forEachProbability(chunk, fitted.layer, present.length, (row, values, start) => {
        for (const [k, label] of present.entries()) {
          all[(first + row) * (classes + 1) + label] = values[start + k]!;
        }
      });
    }
    return all;
  }

  return {
    classes,
    calibrated: fitted?.calibrated ?? false,
    leaveOneOutAccuracy: fitted?.accuracy ?? Number.NaN,
    noneBelow,
    async predict(queries) {
      const method = 'LabelModel.predict';
      const asked = await readEmbeddings(method, 'queries', queries);
      checkSameDim(method, 'queries', asked, 'the named embeddings', matrix);
      const askedUnits = unitRows(asked);
      const { similarities } = await searchNeighbors(askedUnits, withClass, 1);
      const all = probabilitiesOf(askedUnits);
      const data = new Float32Array(asked.rows * classes);
      const predicted = new Int32Array(asked.rows);
      const confidences = new Float32Array(asked.rows);
      for (let row = 0; row < asked.rows; row++) {
        const own = all.subarray(row * (classes + 1), (row + 1) * (classes + 1));
        data.set(own.subarray(0, classes), row * classes);
        let best = 0;
        for (let k = 1; k < classes; k++) if (own[k]! > own[best]!) best = k;
        confidences[row] = own[best]!;
        predicted[row] = own[classes]! > own[best]! || similarities[row]! < noneBelow ? -1 : best;
      }
      return {
        labels: predicted,
        confidences,
        probabilities: { data, shape: [asked.rows, classes] },
        similarities,
      };
    },
  };
}
