import { checkKeys } from '../../errors/check-keys.js';
import { checkChoice, checkInteger } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { randomGenerator } from '../../random/index.js';
import { checkSameDim, type Embeddings, type Matrix, readEmbeddings } from '../embeddings.js';
import { checkLabels, type Labels } from '../labels/labels.js';
import { forEachSimilarityBlock } from '../linear-algebra/similarity-blocks.js';
import { gatherUnits, type UnitRows, unitRows } from '../linear-algebra/unit-rows.js';
import { facilityLocation } from './facility-location.js';
import { farthestPoints, mostTypicalRow, type SelectionProblem } from './farthest-points.js';
import { GroupTurns } from './group-turns.js';

/** Options of {@link selectDiverse}. */
export interface SelectDiverseOptions {
  /** How many rows, from 1 to the number of embeddings, or to `pool` with `near`. */
  count: number;
  /**
   * `'facility-location'`: rows that stand for many others; each new one adds most to the sum over all rows of the
   * similarity with their most similar selected row. `'farthest-point'`: rows that differ most; each new one is least
   * similar to those before it, so that outliers come first.
   * @defaultValue `'facility-location'`, whose pictures are worth more when they are named (docs/labeling.md)
   */
  method?: 'facility-location' | 'farthest-point';
  /** Examples `[k, d]`: only the `pool` rows that are most similar to one of them are selected from. @defaultValue none */
  near?: Embeddings;
  /**
   * How many rows are near enough to `near`; an integer from `count` to the number of embeddings.
   * @defaultValue ten times `count`, or all rows where there are fewer
   */
  pool?: number;
  /** Rows `[k, d]` that count as selected before, so that what is like them is not. @defaultValue none */
  unlike?: Embeddings;
  /**
   * A group number per row. Then the same number of rows of every group is selected, as far as it has so many.
   * @defaultValue one group
   */
  groups?: Labels;
  /**
   * With `'farthest-point'`, an integer >= 0 that draws the first row.
   * @defaultValue the first row is the one nearest to the mean direction
   */
  seed?: number;
}

/** What {@link selectDiverse} selects. */
export interface DiverseSelection {
  /** Row numbers in the order in which they were selected: the first k of them are a diverse selection of k. */
  rows: Int32Array;
  /**
   * The highest cosine similarity of each with a row that was selected before it, or with one of `unlike`; NaN where there is
   * none.
   */
  similarities: Float32Array;
  /** Cosine similarity of a row with the most similar selected one, over all rows that were selected from. */
  coverage: {
    /** Its mean. */
    mean: number;
    /** That of the row which the selection covers worst. */
    lowest: number;
  };
}

/** For each row the highest cosine similarity with one of `others`. */
async function highestSimilarities(rows: UnitRows, others: UnitRows): Promise<Float32Array> {
  const highest = new Float32Array(rows.rows).fill(Number.NEGATIVE_INFINITY);
  await forEachSimilarityBlock(others, rows, ({ values, height, reference, width }) => {
    for (let i = 0; i < height * width; i++) {
      const row = reference + (i % width);
      if (values[i]! > highest[row]!) highest[row] = values[i]!;
    }
  });
  return highest;
}

/** The rows with the highest values, in ascending order; of equal ones the lower row. */
function highestRows(values: Float32Array, count: number): number[] {
  const order = Array.from(values.keys()).sort((a, b) => values[b]! - values[a]! || a - b);
  return order.slice(0, count).sort((a, b) => a - b);
}

/** Of each selected row, the highest similarity with one before it. */
async function similaritiesWithEarlier(
  chosen: UnitRows,
  before: UnitRows | undefined,
): Promise<Float32Array> {
  const highest = before
    ? await highestSimilarities(chosen, before)
    : new Float32Array(chosen.rows).fill(Number.NEGATIVE_INFINITY);
  await forEachSimilarityBlock(chosen, chosen, ({ values, query, height, reference, width }) => {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width && reference + column < query + row; column++) {
        highest[query + row] = Math.max(highest[query + row]!, values[row * width + column]!);
      }
    }
  });
  return highest.map((value) => (value === Number.NEGATIVE_INFINITY ? Number.NaN : value));
}

function checkOptions(caller: string, { rows }: Matrix, options: SelectDiverseOptions): void {
  const { count, method = 'facility-location', near, pool, groups, seed } = options;
  checkInteger(caller, 'count', count);
  checkChoice(caller, 'method', method, ['facility-location', 'farthest-point']);
  if (seed !== undefined) checkInteger(caller, 'seed', seed, 0);
  if (groups !== undefined) checkLabels(caller, 'groups', groups, rows);
  if (count > rows) {
    throw new InvalidOptionError(
      `${caller}: count must be at most the number of embeddings. Received: count=${count}, embeddings=${rows}.`,
    );
  }
  if (pool === undefined) return;
  checkInteger(caller, 'pool', pool);
  if (near === undefined || pool < count || pool > rows) {
    throw new InvalidOptionError(
      `${caller}: pool must be from count to the number of embeddings, and needs near. Received: pool=${pool}, count=${count}, embeddings=${rows}, near ${near === undefined ? 'left out' : 'given'}.`,
    );
  }
}

/**
 * Selects a few rows that stand for all, or that differ most: pictures worth looking at, or worth naming. Rows are compared
 * by cosine similarity, so that vectors of a read-out serve better than h, after `weighComponents`.
 *
 * `'farthest-point'` computes on the host and takes `n * count * d` multiplications. The row that it covers worst is at most
 * twice as far from the selection as with the best selection, where the distance is that between the points of length 1.
 * `'facility-location'` computes on the active backend. Of more than 4096 rows it measures the coverage of 4096, evenly
 * spread; it selects from all. The coverage that it reaches is at least 1 - 1/e, 63 %, of the best one.
 *
 * @param embeddings - Shape `[n, d]`, not necessarily normalized. A row of zeros has similarity 0 with every row.
 * @param options - See {@link SelectDiverseOptions}.
 * @returns Rows in the order of selection, how similar they are to earlier ones, and how well they cover the others.
 * @throws {@link ShapeError} unless embeddings, `near` and `unlike` are float32 matrices with equally many columns.
 * @throws {@link ValueRangeError} when a value is NaN or infinite, or a group is not an integer >= 0.
 * @throws {@link InvalidOptionError} when an option is outside its domain.
 * @example
 * const embeddings = { data: Float32Array.of(1, 0, 0.9, 0.1, 0, 1), shape: [3, 2] } as const;
 * const { rows } = await selectDiverse(embeddings, { count: 2 }); // Int32Array [1, 2]
 * @see Gonzalez 1985 (farthest point); Sener and Savarese 2018, arXiv:1708.00489 (as core-set); Nemhauser et al. 1978.
 */
export async function selectDiverse(
  embeddings: Embeddings,
  options: SelectDiverseOptions,
): Promise<DiverseSelection> {
  const caller = 'selectDiverse';
  checkKeys(caller, options, { count: 1, method: 1, near: 1, pool: 1, unlike: 1, groups: 1, seed: 1 });
  const matrix = await readEmbeddings(caller, 'embeddings', embeddings);
  checkOptions(caller, matrix, options);
  const { count, method = 'facility-location', near, unlike, groups, seed } = options;
  const others = async (name: string, given: Embeddings | undefined) => {
    if (given === undefined) return undefined;
    const read = await readEmbeddings(caller, name, given);
    checkSameDim(caller, name, read, 'embeddings', matrix);
    return unitRows(read);
  };
  const [examples, before] = [await others('near', near), await others('unlike', unlike)];
  const all = unitRows(matrix);
  const places = examples
    ? highestRows(await highestSimilarities(all, examples), options.pool ?? Math.min(all.rows, 10 * count))
    : undefined;
  const candidates = places ? gatherUnits(all, places) : all;
  const rowOf = (place: number) => places?.[place] ?? place;
  const ownGroups = groups && Int32Array.from({ length: candidates.rows }, (_, i) => groups[rowOf(i)]!);
  const turns = new GroupTurns(candidates.rows, ownGroups);
  const problem: SelectionProblem = { candidates, count, turns, before };
  const start = () =>
    seed === undefined ? mostTypicalRow(candidates) : randomGenerator(seed).integer(candidates.rows);
  const chosen =
    method === 'farthest-point' ? await farthestPoints(problem, start()) : await facilityLocation(problem);

  const selected = gatherUnits(candidates, chosen);
  const covered = await highestSimilarities(candidates, selected);
  return {
    rows: Int32Array.from(chosen, rowOf),
    similarities: await similaritiesWithEarlier(selected, before),
    coverage: {
      mean: covered.reduce((sum, value) => sum + value, 0) / covered.length,
      lowest: covered.reduce((low, value) => Math.min(low, value), 1),
    },
  };
}
