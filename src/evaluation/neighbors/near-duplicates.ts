import { checkKeys } from '../../errors/check-keys.js';
import { receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { type Embeddings, readEmbeddings } from '../embeddings.js';
import { forEachLaterRows } from '../linear-algebra/similarity-blocks.js';
import { unitRows } from '../linear-algebra/unit-rows.js';

/** Options of {@link nearDuplicates}. */
export interface NearDuplicatesOptions {
  /**
   * Cosine similarity from which two rows are linked, from -1 to 1; 1 links only what is the same to float32's resolution.
   * @defaultValue 0.98
   */
  threshold?: number;
}

/** Rows that are linked, directly or through others of the group. */
export interface NearDuplicateGroup {
  /** Two row numbers or more, ascending. */
  rows: number[];
  /**
   * The cosine similarities of its linked pairs: all at or above the threshold. Rows that only others link may be less
   * alike.
   */
  similarity: {
    /** The least. */
    low: number;
    /** The greatest. */
    high: number;
  };
}

/** A partition of rows into groups (union-find), each with the extremes of the similarities that made it. */
class LinkedRows {
  private readonly parents: Int32Array;
  private readonly low: Float32Array;
  private readonly high: Float32Array;

  constructor(private readonly count: number) {
    this.parents = Int32Array.from({ length: count }, (_, row) => row);
    this.low = new Float32Array(count).fill(Number.POSITIVE_INFINITY);
    this.high = new Float32Array(count).fill(Number.NEGATIVE_INFINITY);
  }

  /** The first row of the group of `row`. */
  private first(row: number): number {
    const { parents } = this;
    let first = row;
    while (parents[first] !== first) first = parents[first]!;
    for (let next = row; next !== first; ) {
      const above = parents[next]!;
      parents[next] = first;
      next = above;
    }
    return first;
  }

  link(a: number, b: number, similarity: number): void {
    const { parents, low, high } = this;
    let first = this.first(a);
    let other = this.first(b);
    if (first !== other) {
      if (other < first) [first, other] = [other, first];
      parents[other] = first;
      low[first] = Math.min(low[first]!, low[other]!);
      high[first] = Math.max(high[first]!, high[other]!);
    }
    if (similarity < low[first]!) low[first] = similarity;
    if (similarity > high[first]!) high[first] = similarity;
  }

  /** The groups of two rows or more, in the order of their first rows. */
  groups(): NearDuplicateGroup[] {
    const groups = new Map<number, NearDuplicateGroup>();
    for (let row = 0; row < this.count; row++) {
      const first = this.first(row);
      if (first === row && this.high[row] === Number.NEGATIVE_INFINITY) continue;
      const group = groups.get(first);
      if (group) group.rows.push(row);
      else groups.set(first, { rows: [row], similarity: { low: this.low[row]!, high: this.high[row]! } });
    }
    return [...groups.values()];
  }
}

/**
 * Groups of rows that point almost the same way: pictures that look the same to the encoder. Two rows are linked when their
 * cosine similarity reaches the threshold, and a group is everything that links connect (the connected components of the
 * similarity graph, or single linkage cut at the threshold).
 *
 * The search is exact. It holds the rows, a few numbers for each and one block of similarities on the active backend,
 * however many rows are alike; time grows with n² d.
 *
 * @param embeddings - Shape `[n, d]`. Need not be normalized; rows with the same values have similarity exactly 1, a row of
 * zeros 0 with everything.
 * @param options - See {@link NearDuplicatesOptions}.
 * @returns The groups of at least two rows, in the order of their first rows; rows that are like no other are in none.
 * @throws {@link ShapeError} when the embeddings are not a float32 matrix or are empty.
 * @throws {@link ValueRangeError} when a value is NaN or infinite.
 * @throws {@link InvalidOptionError} when `threshold` is not a number from -1 to 1.
 * @example
 * const embeddings = { data: Float32Array.of(1, 0, 0, 1, 2, 0), shape: [3, 2] } as const;
 * await nearDuplicates(embeddings, { threshold: 0.99 }); // [{ rows: [0, 2], similarity: { low: 1, high: 1 } }]
 */
export async function nearDuplicates(
  embeddings: Embeddings,
  options: NearDuplicatesOptions = {},
): Promise<NearDuplicateGroup[]> {
  const caller = 'nearDuplicates';
  checkKeys(caller, options, { threshold: 1 });
  const { threshold = 0.98 } = options;
  if (!(typeof threshold === 'number' && threshold >= -1 && threshold <= 1)) {
    throw new InvalidOptionError(
      receivedMessage(caller, 'threshold must be a number from -1 to 1', 'threshold', threshold),
    );
  }
  const units = unitRows(await readEmbeddings(caller, 'embeddings', embeddings));
  const linked = new LinkedRows(units.rows);
  await forEachLaterRows(units, (row, first, similarities) => {
    for (let i = 0; i < similarities.length; i++) {
      if (similarities[i]! >= threshold) linked.link(row, first + i, similarities[i]!);
    }
  });
  return linked.groups();
}
