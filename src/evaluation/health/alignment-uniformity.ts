import { checkKeys } from '../../errors/check-keys.js';
import { checkPositive } from '../../errors/checks.js';
import { ShapeError } from '../../errors/errors.js';
import { checkSameDim, type Embeddings, readEmbeddings } from '../embeddings.js';
import { forEachLaterRows } from '../linear-algebra/similarity-blocks.js';
import { unitRows } from '../linear-algebra/unit-rows.js';

/** Options of {@link alignment}. */
export interface AlignmentOptions {
  /**
   * Power of the distance, > 0.
   * @defaultValue `2` (Wang and Isola)
   */
  alpha?: number;
}

/** Options of {@link uniformity}. */
export interface UniformityOptions {
  /**
   * t in exp(-t |x - y|²), > 0.
   * @defaultValue `2` (Wang and Isola)
   */
  t?: number;
}

/**
 * How close the two views of a picture are: the mean of |x - y|^alpha over the pairs, with rows scaled to length 1.
 *
 * @param view1 - Shape `[n, d]`.
 * @param view2 - Shape `[n, d]`. Row i is of the same picture as row i of `view1`.
 * @returns A value from 0 (both views of every picture coincide) to 2^alpha; smaller is better. A row of zeros stays zero.
 * @throws {@link ShapeError} when either is not a float32 matrix or their shapes differ.
 * @throws {@link ValueRangeError} when a value is NaN or infinite.
 * @throws {@link InvalidOptionError} when `alpha` is not a finite number > 0.
 * @example
 * const view = { data: Float32Array.of(1, 0, 0, 1), shape: [2, 2] } as const;
 * await alignment(view, view); // 0
 * @see Wang and Isola 2020, arXiv:2005.10242, section 4.1.
 */
export async function alignment(
  view1: Embeddings,
  view2: Embeddings,
  options: AlignmentOptions = {},
): Promise<number> {
  const caller = 'alignment';
  checkKeys(caller, options, { alpha: 1 });
  const { alpha = 2 } = options;
  checkPositive(caller, 'alpha', alpha);
  const a = unitRows(await readEmbeddings(caller, 'view1', view1));
  const b = unitRows(await readEmbeddings(caller, 'view2', view2));
  checkSameDim(caller, 'view1', a, 'view2', b);
  if (a.rows !== b.rows) {
    throw new ShapeError(
      `${caller}: view1 and view2 must have the same number of rows. Received: view1=[${a.rows},${a.dim}], view2=[${b.rows},${b.dim}].`,
    );
  }
  let sum = 0;
  for (let row = 0; row < a.rows; row++) {
    let square = 0;
    for (let i = row * a.dim; i < (row + 1) * a.dim; i++) {
      square += (a.data[i]! * a.scales[row]! - b.data[i]! * b.scales[row]!) ** 2;
    }
    sum += alpha === 2 ? square : square ** (alpha / 2);
  }
  return sum / a.rows;
}

/**
 * How evenly embeddings cover the unit sphere: log of the mean of exp(-t |x - y|²) over all pairs of different rows, with
 * rows scaled to length 1. Computed in blocks on the active backend; time grows with n² d.
 *
 * @param embeddings - Shape `[n, d]`, n >= 2.
 * @returns A value from -4t to 0 (all rows coincide); smaller is better. Points spread evenly over a sphere of many
 * dimensions have about -4 at t = 2, because their pairs are orthogonal.
 * @throws {@link ShapeError} when they are not a float32 matrix of at least two rows.
 * @throws {@link ValueRangeError} when a value is NaN or infinite.
 * @throws {@link InvalidOptionError} when `t` is not a finite number > 0.
 * @example
 * await uniformity({ data: Float32Array.of(1, 0, 0, 1), shape: [2, 2] }); // -4
 * @see Wang and Isola 2020, arXiv:2005.10242, section 4.1.
 */
export async function uniformity(embeddings: Embeddings, options: UniformityOptions = {}): Promise<number> {
  const caller = 'uniformity';
  checkKeys(caller, options, { t: 1 });
  const { t = 2 } = options;
  checkPositive(caller, 't', t);
  const units = unitRows(await readEmbeddings(caller, 'embeddings', embeddings));
  const { rows, dim, scales } = units;
  if (rows < 2) {
    throw new ShapeError(
      `${caller}: embeddings must have at least 2 rows. Received: embeddings=[${rows},${dim}].`,
    );
  }
  const squares = scales.map((scale) => (scale > 0 ? 1 : 0)); // |x|², which is 0 for a row of zeros
  let sum = 0;
  await forEachLaterRows(units, (row, first, similarities) => {
    const own = squares[row]!;
    for (let i = 0; i < similarities.length; i++) {
      const distance = own + squares[first + i]! - 2 * similarities[i]!;
      sum += Math.exp(-t * Math.max(0, distance));
    }
  });
  return Math.log(sum / ((rows * (rows - 1)) / 2));
}
