import { checkKeys } from '../../errors/check-keys.js';
import { receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { type Embeddings, readEmbeddings } from '../embeddings.js';
import { forEachLaterRows } from '../linear-algebra/similarity-blocks.js';
import { unitRows } from '../linear-algebra/unit-rows.js';

/** Options of {@link nearDuplicates}. */
export interface NearDuplicatesOptions {
  /**
   * Cosine similarity, from -1 to 1, at which two rows are linked. 1 links only rows that are equal within the resolution of
   * float32.
   * @defaultValue `0.98`
   */
  threshold?: number;
}

/** Rows that are linked directly or through other rows of the group. */
export interface NearDuplicateGroup {
  /** At least two row numbers in ascending order. */
  rows: number[];
  /**
   * Cosine similarities of its linked pairs, all at or above the threshold. Rows that are linked only through others may
   * be less similar.
   */
  similarity: {
    /** The lowest. */
    low: number;
    /** The highest. */
    high: number;
  };
}

/** A partition of rows into groups (union-find), with the extremes of the similarities that linked each group. */
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
 * Finds groups of rows with almost the same direction: pictures that look the same to the encoder. Two rows are linked when
 * their cosine similarity reaches the threshold; groups are the connected components of the resulting graph (single linkage
 * cut at the threshold).
 *
 * The search is exact. Its memory is the rows, a few numbers per row, and one block of similarities on the active backend,
 * however many rows are similar. Time grows with n² d.
 *
 * @param embeddings - Shape `[n, d]`, not necessarily normalized. Rows with the same values have similarity exactly 1; a row
 * of zeros has similarity 0 with every row.
 * @param options - See {@link NearDuplicatesOptions}.
 * @returns Groups of at least two rows in the order of their first rows. Rows without a link are in no group.
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
