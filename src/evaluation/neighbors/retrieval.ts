import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger, describeValue } from '../../errors/checks.js';
import { InvalidOptionError, ShapeError, ValueRangeError } from '../../errors/errors.js';
import { checkSameDim, type Embeddings, type Matrix, readEmbeddings } from '../embeddings.js';
import { checkLabels, type Labels } from '../labels/labels.js';
import { forEachSimilarityRow } from '../linear-algebra/similarity-blocks.js';
import { unitRows } from '../linear-algebra/unit-rows.js';
import { ranksOfRelevant } from './retrieval-ranks.js';

/** What queries should find: `[query row, row to find]`, in any order. A query may have several. */
export type RelevantPairs =
  | readonly (readonly [query: number, found: number])[]
  | readonly (readonly number[])[];

/** Options of {@link retrieval}. */
export interface RetrievalOptions {
  /**
   * The k of recall@k: integers from 1 to the number of rows that a query can find.
   * @defaultValue those of [1, 5, 10] that are in range
   */
  k?: readonly number[];
  /**
   * The rows to search.
   * @defaultValue the queries, none of which finds itself
   */
  gallery?: {
    /** Shape `[m, d]`. */
    embeddings: Embeddings;
    /** One class number per row. Needed when `truth` is labels. */
    labels?: Labels;
  };
}

/** Result of {@link retrieval}. All means are over the queries that have something to find. */
export interface RetrievalResult {
  /** recall@k by k: share of queries with at least one relevant row among the k most similar, from 0 to 1. */
  recall: Record<number, number>;
  /** mAP: mean over the queries of the average precision of the whole ranking, from 0 to 1. */
  meanAveragePrecision: number;
  /** mAP@R: the same over each query's first R rows, where R is the number of its relevant rows, from 0 to 1. */
  meanAveragePrecisionAtR: number;
  /** Number of queries that have something to find. */
  queries: number;
  /** Number of queries that have nothing to find, such as the only picture of a class. The means leave them out. */
  skipped: number;
}

/** Gives the relevant rows of a query. */
type Relevance = (query: number) => ArrayLike<number>;

const none = new Int32Array(0);

/** Rows of the same class, looked up by class. */
function relevanceOfLabels(labels: Labels, galleryLabels: Labels, itself: boolean): Relevance {
  const rowsOf = new Map<number, number[]>();
  for (let row = 0; row < galleryLabels.length; row++) {
    const rows = rowsOf.get(galleryLabels[row]!);
    if (rows) rows.push(row);
    else rowsOf.set(galleryLabels[row]!, [row]);
  }
  return (query) => {
    const rows = rowsOf.get(labels[query]!) ?? [];
    return itself ? rows.filter((row) => row !== query) : rows;
  };
}

function relevanceOfPairs(
  pairs: RelevantPairs,
  queries: number,
  gallery: number,
  itself: boolean,
): Relevance {
  const caller = 'retrieval';
  if (pairs.length === 0) {
    throw new ShapeError(`${caller}: truth must have at least one pair. Received: truth=[].`);
  }
  const found = new Map<number, Set<number>>();
  for (const [i, pair] of pairs.entries()) {
    const [query, row]: readonly (number | undefined)[] = Array.isArray(pair) ? pair : [];
    const inRange = (value: number | undefined, rows: number) =>
      Number.isInteger(value) && value! >= 0 && value! < rows;
    if (!inRange(query, queries) || !inRange(row, gallery) || (itself && query === row)) {
      throw new ValueRangeError(
        `${caller}: truth must be pairs of a query (0 to ${queries - 1}) and ${itself ? 'another' : 'a gallery'} row (0 to ${gallery - 1}). Received: truth[${i}]=${describeValue(pair)}.`,
      );
    }
    const rows = found.get(query!);
    if (rows) rows.add(row!);
    else found.set(query!, new Set([row!]));
  }
  return (query) => Array.from(found.get(query) ?? none);
}

function isPairs(truth: Labels | RelevantPairs): truth is RelevantPairs {
  return Array.isArray(truth) && (truth.length === 0 || Array.isArray(truth[0]));
}

function relevance(
  truth: Labels | RelevantPairs,
  queries: Matrix,
  gallery: Matrix,
  options: RetrievalOptions,
): Relevance {
  const caller = 'retrieval';
  const itself = options.gallery === undefined;
  if (isPairs(truth)) return relevanceOfPairs(truth, queries.rows, gallery.rows, itself);
  checkLabels(caller, 'truth', truth, queries.rows, undefined);
  if (itself) return relevanceOfLabels(truth, truth, true);
  const { labels } = options.gallery!;
  if (labels === undefined) {
    throw new InvalidOptionError(
      `${caller}: gallery.labels must be given when truth is labels. Received: gallery.labels=undefined.`,
    );
  }
  checkLabels(caller, 'gallery.labels', labels, gallery.rows, undefined);
  return relevanceOfLabels(truth, labels, false);
}

function checkDepths(k: readonly number[] | undefined, findable: number): readonly number[] {
  const caller = 'retrieval';
  if (findable < 1) {
    throw new ShapeError(
      `${caller}: embeddings must have at least 2 rows, because no row finds itself. Received: 1 row.`,
    );
  }
  if (k === undefined) return [1, 5, 10].filter((depth) => depth <= findable);
  if (!Array.isArray(k) || k.length === 0) {
    throw new InvalidOptionError(
      `${caller}: k must be a list of integers, such as [1, 5, 10]. Received: k=${describeValue(k)}.`,
    );
  }
  for (const depth of k as readonly number[]) {
    checkInteger(caller, 'k', depth);
    if (depth > findable) {
      throw new InvalidOptionError(
        `${caller}: k must be at most the number of rows that a query can find. Received: k=${depth}, rows=${findable}.`,
      );
    }
  }
  return k;
}

/**
 * Measures how well embeddings find what belongs together: every query ranks all other rows, or a gallery, by cosine
 * similarity.
 *
 * recall@k is the share of queries with at least one relevant row among the first k. Average precision is the mean, over a
 * query's relevant rows, of the precision at the rank of each; mAP@R counts only those within the first R ranks and divides
 * by R. Of equally similar rows the lower one ranks first. The whole ranking counts; it is computed in blocks of bounded
 * memory.
 *
 * @param embeddings - Queries, shape `[n, d]`, not necessarily normalized. A row of zeros has similarity 0 with every row.
 * @param truth - One label per query, which makes rows of the same class relevant; or pairs of rows, see
 * {@link RelevantPairs}. Pairs are one-way.
 * @throws {@link ShapeError} unless embeddings and gallery are float32 matrices with the same number of columns and one label
 * per row, or when there is nothing to search.
 * @throws {@link ValueRangeError} when a value is not finite, a label is not an integer >= 0, a pair names no row, or no query
 * has anything to find.
 * @throws {@link InvalidOptionError} when a `k` is not an integer from 1 to the number of rows to find, or labels of the
 * gallery are missing.
 * @example
 * const embeddings = { data: Float32Array.of(1, 0, 1, 0.1, 0, 1, 0.1, 1), shape: [4, 2] } as const;
 * const { recall } = await retrieval(embeddings, Uint8Array.of(0, 0, 1, 1), { k: [1] });
 * recall[1]; // 1
 * @see Song et al. 2016, arXiv:1511.06452 (recall@k); Musgrave et al. 2020, arXiv:2003.08505, section 3 (mAP@R).
 */
export async function retrieval(
  embeddings: Embeddings,
  truth: Labels | RelevantPairs,
  options: RetrievalOptions = {},
): Promise<RetrievalResult> {
  const caller = 'retrieval';
  checkKeys(caller, options, { k: 1, gallery: 1 });
  const queries = await readEmbeddings(caller, 'embeddings', embeddings);
  const itself = options.gallery === undefined;
  const gallery = itself
    ? queries
    : await readEmbeddings(caller, 'gallery.embeddings', options.gallery!.embeddings);
  checkSameDim(caller, 'embeddings', queries, 'gallery.embeddings', gallery);
  const relevantTo = relevance(truth, queries, gallery, options);
  const depths = checkDepths(options.k, itself ? gallery.rows - 1 : gallery.rows);

  const recall: Record<number, number> = Object.fromEntries(depths.map((depth) => [depth, 0]));
  let precision = 0;
  let precisionAtR = 0;
  let asked = 0;
  const units = unitRows(queries);
  await forEachSimilarityRow(units, itself ? units : unitRows(gallery), (query, similarities) => {
    const relevant = relevantTo(query);
    const count = relevant.length;
    if (count === 0) return;
    asked++;
    const ranks = ranksOfRelevant(similarities, relevant, itself ? query : -1);
    let all = 0;
    let first = 0;
    for (let i = 0; i < count; i++) {
      const share = (i + 1) / ranks[i]!;
      all += share;
      if (ranks[i]! <= count) first += share;
    }
    precision += all / count;
    precisionAtR += first / count;
    for (const depth of depths) if (ranks[0]! <= depth) recall[depth] = recall[depth]! + 1;
  });
  if (asked === 0) {
    throw new ValueRangeError(
      `${caller}: truth must give at least one query something to find. Received: no two rows that belong together.`,
    );
  }
  for (const depth of depths) recall[depth] = recall[depth]! / asked;
  return {
    recall,
    meanAveragePrecision: precision / asked,
    meanAveragePrecisionAtR: precisionAtR / asked,
    queries: asked,
    skipped: queries.rows - asked,
  };
}
