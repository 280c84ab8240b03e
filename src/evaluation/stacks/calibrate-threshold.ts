import { checkKeys } from '../../errors/check-keys.js';
import { checkFraction, checkInteger, receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError, ShapeError, ValueRangeError } from '../../errors/errors.js';
import { checkSameDim, type Embeddings, readEmbeddings } from '../embeddings.js';
import { forEachLaterRows } from '../linear-algebra/similarity-blocks.js';
import { type UnitRows, unitRows } from '../linear-algebra/unit-rows.js';
import { cosine } from './cosine.js';
import { FalseMatchTail } from './false-match-tail.js';
import { SimilarityCounts } from './similarity-counts.js';

/** Changed copies of some pictures: what {@link calibrateThreshold} learns from. */
export interface ChangedCopies {
  /** Shape `[m, d]`: a row per copy. */
  embeddings: Embeddings;
  /** For each copy the row of its original. */
  originals: ArrayLike<number>;
}

/** Options of {@link calibrateThreshold}. */
export interface CalibrateThresholdOptions {
  /** Share of the matched pictures that have to be matched rightly; above 0, at most 1. @defaultValue `0.99` */
  precision?: number;
  /**
   * Share of the pictures that the precision assumes to have a copy; above 0, at most 1. Where more have, more count.
   * @defaultValue `0.05`
   */
  prevalence?: number;
  /** The lowest threshold that may be found; from 0 to 1. @defaultValue `0` */
  least?: number;
  /**
   * How many others a picture is the same as at most. Pictures with more matches count as matched wrongly: they are of a
   * family whose members differ by a hair. Integer >= 1. @defaultValue no limit
   */
  mostCopies?: number;
}

/** What {@link calibrateThreshold} finds. */
export interface ThresholdCalibration {
  /** The lowest cosine similarity, from 0 to 1, from which on the estimated precision suffices. 1 where none does. */
  threshold: number;
  /** Estimated share of the pictures matched at the threshold whose most similar picture is the same. */
  precision: number;
  /** Share of the copies that are as similar to their originals as the threshold, or more. */
  recall: number;
  /** Rows whose most similar other row reaches the threshold. */
  matched: number;
  /** Estimated number of them that are matched with a different picture. It need not be an integer. */
  falseMatches: number;
  /** Similarity of each copy with its original. */
  similarities: Float32Array;
}

/** Copies that may be missed for nothing: lower thresholds would find hardly more. */
const missed = 0.01;

/**
 * Shares of the copies from which what lower thresholds find is extrapolated. Not from fewer than half: true copies that are
 * changed a little more than the made ones are rarer among the most similar, and would look like false matches further down.
 */
const shares = Array.from({ length: 51 }, (_, i) => 0.5 + i / 100);

/** An excess of so many standard deviations is no chance. Matches come in pairs, so that √2 of it is theirs. */
const deviations = 3;

function copySimilarities(
  caller: string,
  rows: UnitRows,
  copies: UnitRows,
  originals: ArrayLike<number>,
): Float32Array {
  if (originals?.length !== copies.rows) {
    throw new ShapeError(
      `${caller}: copies.originals must hold one row number per copy. Received: ${originals?.length} for ${copies.rows} copies.`,
    );
  }
  return Float32Array.from({ length: copies.rows }, (_, i) => {
    const original = originals[i]!;
    if (!(Number.isInteger(original) && original >= 0 && original < rows.rows)) {
      throw new ValueRangeError(
        receivedMessage(
          caller,
          `copies.originals must be row numbers below ${rows.rows}`,
          `copies.originals[${i}]`,
          original,
        ),
      );
    }
    return cosine(copies, i, rows, original);
  });
}

/** Counts rows by the similarity of an other row: the most similar one is number 0, and `count` of them are told. */
async function countNearest(rows: UnitRows, count: number): Promise<(number: number) => SimilarityCounts> {
  const best = new Float32Array(rows.rows * count).fill(Number.NEGATIVE_INFINITY);
  const take = (row: number, value: number) => {
    let place = (row + 1) * count - 1;
    if (!(value > best[place]!)) return;
    for (; place > row * count && value > best[place - 1]!; place--) best[place] = best[place - 1]!;
    best[place] = value;
  };
  await forEachLaterRows(rows, (row, first, values) => {
    for (let i = 0; i < values.length; i++) {
      take(row, values[i]!);
      take(first + i, values[i]!);
    }
  });
  return (number) => new SimilarityCounts(best.filter((_, place) => place % count === number));
}

/**
 * Finds the cosine similarity from which on two pictures are the same, from the pictures themselves: slightly changed copies
 * of some say how similar a picture stays to itself, and the pictures say how similar different ones are.
 *
 * The pictures may hold true copies, so that not every match is a false one. Let M(t) be the number of pictures whose most
 * similar one reaches t, and R(t) the share of the changed copies that do. If the pictures hold T copies, T R(t) of them are
 * found, and never more than M(t), which bounds T. False matches are estimated in these ways, and the largest number counts:
 *
 * - from below. At low similarities they are most of M(t) - T R(t). They fall as a power of the angle's tangent, which is followed up
 *   to t.
 * - from above. Where M(s) are found at a higher similarity s, M(s) R(t) / R(s) copies are expected at t, and what goes beyond
 *   that is false, unless three standard deviations explain it. Nor can there be more copies than pictures.
 * - from families, with `mostCopies`. Pictures with more matches than that are matched wrongly.
 *
 * @param embeddings - Shape `[n, d]`: one row per picture, without files that are equal. Usually centered and whitened
 * ({@link fitWhitening}).
 * @param copies - Changed copies, whitened alike. Some hundred of about a hundred pictures are enough.
 * @param options - See {@link CalibrateThresholdOptions}.
 * @throws {@link ShapeError} when embeddings are not float32 matrices of equal width, or originals are not one per copy.
 * @throws {@link ValueRangeError} when a value is not finite, or an original is not a row.
 * @throws {@link InvalidOptionError} when an option is outside its domain.
 * @example
 * const { threshold } = await calibrateThreshold(vectors, { embeddings: ofCopies, originals: [0, 0, 1, 1] });
 * const stacks = await stackEmbeddings(vectors, { threshold });
 * @see Hill 1975, "A simple general approach to inference about the tail of a distribution"; Elkan and Noto 2008, "Learning classifiers from only positive and unlabeled data".
 */
export async function calibrateThreshold(
  embeddings: Embeddings,
  copies: ChangedCopies,
  options: CalibrateThresholdOptions = {},
): Promise<ThresholdCalibration> {
  const caller = 'calibrateThreshold';
  checkKeys(caller, options, { precision: 1, prevalence: 1, least: 1, mostCopies: 1 });
  const { precision = 0.99, prevalence = 0.05, least = 0, mostCopies } = options;
  if (mostCopies !== undefined) checkInteger(caller, 'mostCopies', mostCopies);
  checkFraction(caller, 'precision', precision);
  checkFraction(caller, 'prevalence', prevalence);
  if (!(typeof least === 'number' && least >= 0 && least <= 1)) {
    throw new InvalidOptionError(
      receivedMessage(caller, 'least must be a number from 0 to 1', 'least', least),
    );
  }
  const matrix = await readEmbeddings(caller, 'embeddings', embeddings);
  const changed = await readEmbeddings(caller, 'copies.embeddings', copies?.embeddings);
  checkSameDim(caller, 'copies.embeddings', changed, 'embeddings', matrix);
  const rows = unitRows(matrix);
  const similarities = copySimilarities(caller, rows, unitRows(changed), copies.originals);

  const countOf = await countNearest(rows, (mostCopies ?? 0) + 1);
  const nearest = countOf(0);
  const crowded = mostCopies === undefined ? undefined : countOf(mostCopies);
  const found = new SimilarityCounts(similarities);
  const recall = (place: number) => found.atLeast(place) / similarities.length;
  const sorted = similarities.slice().sort((a, b) => b - a);
  const higher = shares.map((share) => {
    return found.placeOf(Math.max(0, sorted[Math.min(sorted.length, Math.ceil(share * sorted.length)) - 1]!));
  });

  // No more copies than the matches at any high similarity allow.
  let copiesHeld = rows.rows;
  for (const place of higher) copiesHeld = Math.min(copiesHeld, nearest.atLeast(place) / recall(place));
  const tail = new FalseMatchTail(nearest, copiesHeld, recall, similarities.length, rows.rows);

  const falseAt = (place: number): number => {
    const matched = nearest.atLeast(place);
    // Even if every picture had a copy, no more would be found.
    let most = Math.max(0, matched - rows.rows * recall(place));
    if (crowded) most = Math.max(most, crowded.atLeast(place));
    for (const from of higher) {
      if (from < place) break;
      const before = nearest.atLeast(from);
      const growth = recall(place) / recall(from) - 1;
      const expected = (before + 1) * growth; // one more, so that none before does not mean none
      const excess = matched - before - expected;
      // What is drawn of the matches, and of the changed copies.
      const copied =
        (before * (1 + growth)) ** 2 * (growth / (1 + growth) / (similarities.length * recall(from)));
      if (excess > deviations * Math.sqrt(expected + 1 + copied)) most = Math.max(most, excess);
    }
    return Math.min(matched, most);
  };
  const estimateAt = (place: number) => {
    const falseMatches = Math.max(falseAt(place), tail.at(place));
    const share = recall(place);
    const right = Math.max(nearest.atLeast(place) - falseMatches, prevalence * rows.rows * share);
    return {
      falseMatches: Math.min(falseMatches, nearest.atLeast(place)),
      precision: share > 0 ? right / (right + falseMatches) : 0,
    };
  };
  // Not 0, which is what rows of zeros have.
  const lowest = sorted[sorted.length - 1 - Math.floor(missed * sorted.length)]!;
  let place = Math.max(1, found.placeOf(Math.max(least, lowest)));
  while (place < found.last && estimateAt(place).precision < precision) place++;
  return {
    threshold: found.valueOf(place),
    ...estimateAt(place),
    recall: recall(place),
    matched: nearest.atLeast(place),
    similarities,
  };
}
