/** A symmetric matrix with one diagonal on each side of the main one. */
export interface Tridiagonal {
  diagonal: Float64Array;
  /** `offDiagonal[i]` couples `diagonal[i]` and `diagonal[i + 1]`. */
  offDiagonal: Float64Array;
}

/** A matrix by its tridiagonal form. */
export interface TridiagonalForm {
  /** What the matrix was divided by, so that its largest element is 1. */
  scale: number;
  /** Holds the reflections: see {@link reflectorOf}. */
  reduced: Float64Array;
  tridiagonal: Tridiagonal;
}

/** Squared length below which a column counts as eliminated: elements below 1e-20 of the largest one. */
const negligible = 1e-40;

/** Reduces a symmetric matrix with largest element 1, in place, to tridiagonal form by Householder reflections. */
function tridiagonalize(a: Float64Array, size: number): Tridiagonal {
  const offDiagonal = new Float64Array(Math.max(0, size - 1));
  const v = new Float64Array(size);
  const w = new Float64Array(size);
  for (let k = 0; k < size - 1; k++) {
    const first = k + 1;
    const head = a[first * size + k]!;
    let tail = 0; // squared length of the elements to eliminate
    for (let i = first + 1; i < size; i++) tail += a[i * size + k]! ** 2;
    if (tail < negligible) {
      offDiagonal[k] = head;
      continue;
    }
    const length = Math.sqrt(head * head + tail);
    const target = head > 0 ? -length : length; // the sign that avoids cancellation in v
    offDiagonal[k] = target;
    v[first] = head - target;
    for (let i = first + 1; i < size; i++) v[i] = a[i * size + k]!;
    const factor = 2 / ((head - target) ** 2 + tail);
    // With p = factor * A v and w = p - (factor / 2)(p . v) v, the reflected block is A - v wᵀ - w vᵀ.
    // Only elements up to the diagonal are read and written.
    for (let i = first; i < size; i++) {
      const row = i * size;
      const vi = v[i]!;
      let sum = a[row + i]! * vi;
      for (let j = first; j < i; j++) {
        const value = a[row + j]!;
        sum += value * v[j]!;
        w[j] = w[j]! + value * vi;
      }
      w[i] = sum;
    }
    let product = 0;
    for (let i = first; i < size; i++) {
      w[i] = factor * w[i]!;
      product += w[i]! * v[i]!;
    }
    const half = (factor * product) / 2;
    for (let i = first; i < size; i++) w[i] = w[i]! - half * v[i]!;
    for (let i = first; i < size; i++) {
      const vi = v[i]!;
      const wi = w[i]!;
      const row = i * size;
      for (let j = first; j <= i; j++) a[row + j] = a[row + j]! - vi * w[j]! - wi * v[j]!;
    }
  }
  return { diagonal: Float64Array.from({ length: size }, (_, i) => a[i * size + i]!), offDiagonal };
}

/**
 * Reflection k of {@link tridiagonalForm}, I - factor v vᵀ, with zeros in v up to element k; undefined where none was
 * needed. Column k of the reduced matrix still holds what the reflection eliminated.
 */
export function reflectorOf(
  reduced: Float64Array,
  { offDiagonal }: Tridiagonal,
  size: number,
  k: number,
): { v: Float64Array; factor: number } | undefined {
  const v = new Float64Array(size);
  let tail = 0;
  for (let i = k + 2; i < size; i++) {
    v[i] = reduced[i * size + k]!;
    tail += v[i]! ** 2;
  }
  if (tail < negligible) return undefined;
  v[k + 1] = reduced[(k + 1) * size + k]! - offDiagonal[k]!;
  return { v, factor: 2 / (v[k + 1]! ** 2 + tail) };
}

/** The tridiagonal form of a symmetric matrix; undefined for a matrix of zeros. */
export function tridiagonalForm(matrix: Float64Array, size: number): TridiagonalForm | undefined {
  // Scale the largest element to 1, so that squares neither overflow nor underflow.
  const scale = matrix.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  if (!(scale > 0)) return undefined;
  const reduced = matrix.map((value) => value / scale);
  return { scale, reduced, tridiagonal: tridiagonalize(reduced, size) };
}

/** Counts the eigenvalues below `bound`: the negative pivots of T - bound * I (Sturm's count). */
function countBelow({ diagonal, offDiagonal }: Tridiagonal, bound: number, smallest: number): number {
  let count = 0;
  let pivot = 1;
  for (let i = 0; i < diagonal.length; i++) {
    const coupling = i === 0 ? 0 : offDiagonal[i - 1]! ** 2 / pivot;
    pivot = diagonal[i]! - bound - coupling;
    if (Math.abs(pivot) < smallest) pivot = -smallest;
    if (pivot < 0) count++;
  }
  return count;
}

/** The `count` largest eigenvalues in descending order, by bisection on Sturm counts. */
export function eigenvaluesOf(tridiagonal: Tridiagonal, count: number): Float64Array {
  const { diagonal, offDiagonal } = tridiagonal;
  const size = diagonal.length;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < size; i++) {
    const radius = Math.abs(i > 0 ? offDiagonal[i - 1]! : 0) + Math.abs(i < size - 1 ? offDiagonal[i]! : 0);
    low = Math.min(low, diagonal[i]! - radius); // Gershgorin's discs contain every eigenvalue
    high = Math.max(high, diagonal[i]! + radius);
  }
  const norm = Math.max(Math.abs(low), Math.abs(high));
  const resolution = norm * Number.EPSILON;
  const values = new Float64Array(count);
  let above = high + resolution;
  for (let k = 0; k < count; k++) {
    // The (k + 1)-th largest eigenvalue: the smallest bound with all but k eigenvalues below it.
    let from = low - resolution;
    let to = above;
    while (to - from > resolution) {
      const middle = from + (to - from) / 2;
      if (middle <= from || middle >= to) break;
      if (countBelow(tridiagonal, middle, resolution * 1e-10) >= size - k) to = middle;
      else from = middle;
    }
    values[k] = (from + to) / 2;
    above = to;
  }
  return values.sort().reverse(); // neighbors may be swapped by a rounding error
}

/**
 * All eigenvalues of a symmetric matrix in descending order, by Householder's tridiagonal form and bisection on Sturm
 * counts. Exact up to rounding errors relative to the largest eigenvalue. Takes about 4/3 size³ multiplications.
 *
 * @param matrix - `size * size` numbers, row-major. Not changed.
 * @see Golub and Van Loan, "Matrix Computations" (4th edition), sections 8.3.1 and 8.4.1.
 */
export function symmetricEigenvalues(matrix: Float64Array, size: number): Float64Array {
  const form = tridiagonalForm(matrix, size);
  if (form === undefined) return new Float64Array(size);
  return eigenvaluesOf(form.tridiagonal, size).map((value) => value * form.scale);
}
