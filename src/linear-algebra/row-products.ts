/** Some rows of a matrix in double precision, row-major. */
export interface Rows {
  data: Float64Array;
  /** Index of the first row. */
  first: number;
  count: number;
  /** Distance of rows in `data`. */
  stride: number;
}

/** Rows of the second matrix in a panel: 64 of 150 doubles (77 kB) stay in the cache while rows of the first pass by. */
const panelRows = 64;

/** A matrix of `count` rows of `dim` numbers each. */
export function rowsOf(data: Float64Array, count: number, dim: number, first = 0): Rows {
  return { data, first, count, stride: dim };
}

/**
 * A Bᵀ in double precision: the product of every row of A with every row of B, each summed from its first element to its
 * last. In tiles of 4 x 4, whose sums stay in registers: several times as fast as one sum at a time, each of whose
 * additions waits for the one before. The tiles of gram-matrix.ts and softmax-regression.ts read float32: copying their rows
 * to doubles made a linear probe 10 to 25 % slower.
 *
 * @param dim - Elements of a row to multiply, from its first.
 * @param out - Receives `[a.count, b.count]`.
 */
export function rowProducts(a: Rows, b: Rows, dim: number, out: Float64Array): void {
  for (let panel = 0; panel < b.count; panel += panelRows) {
    const panelEnd = Math.min(panel + panelRows, b.count);
    for (let i = 0; i < a.count; i += 4) {
      for (let j = panel; j < panelEnd; j += 4) multiplyTile(a, i, b, j, dim, out);
    }
  }
}

/** Up to 4 x 4 products. Where there are fewer rows, the last one takes the place of those that are not there. */
function multiplyTile(rowsA: Rows, i: number, rowsB: Rows, j: number, dim: number, out: Float64Array): void {
  const a = rowsA.data;
  const b = rowsB.data;
  const i1 = Math.min(i + 1, rowsA.count - 1);
  const i2 = Math.min(i + 2, rowsA.count - 1);
  const i3 = Math.min(i + 3, rowsA.count - 1);
  const j1 = Math.min(j + 1, rowsB.count - 1);
  const j2 = Math.min(j + 2, rowsB.count - 1);
  const j3 = Math.min(j + 3, rowsB.count - 1);
  const a0 = (rowsA.first + i) * rowsA.stride;
  const a1 = (rowsA.first + i1) * rowsA.stride;
  const a2 = (rowsA.first + i2) * rowsA.stride;
  const a3 = (rowsA.first + i3) * rowsA.stride;
  const b0 = (rowsB.first + j) * rowsB.stride;
  const b1 = (rowsB.first + j1) * rowsB.stride;
  const b2 = (rowsB.first + j2) * rowsB.stride;
  const b3 = (rowsB.first + j3) * rowsB.stride;
  let s00 = 0;
  let s01 = 0;
  let s02 = 0;
  let s03 = 0;
  let s10 = 0;
  let s11 = 0;
  let s12 = 0;
  let s13 = 0;
  let s20 = 0;
  let s21 = 0;
  let s22 = 0;
  let s23 = 0;
  let s30 = 0;
  let s31 = 0;
  let s32 = 0;
  let s33 = 0;
  for (let k = 0; k < dim; k++) {
    const x0 = a[a0 + k]!;
    const x1 = a[a1 + k]!;
    const x2 = a[a2 + k]!;
    const x3 = a[a3 + k]!;
    const y0 = b[b0 + k]!;
    const y1 = b[b1 + k]!;
    const y2 = b[b2 + k]!;
    const y3 = b[b3 + k]!;
    s00 += x0 * y0;
    s01 += x0 * y1;
    s02 += x0 * y2;
    s03 += x0 * y3;
    s10 += x1 * y0;
    s11 += x1 * y1;
    s12 += x1 * y2;
    s13 += x1 * y3;
    s20 += x2 * y0;
    s21 += x2 * y1;
    s22 += x2 * y2;
    s23 += x2 * y3;
    s30 += x3 * y0;
    s31 += x3 * y1;
    s32 += x3 * y2;
    s33 += x3 * y3;
  }
  const sums = [s00, s01, s02, s03, s10, s11, s12, s13, s20, s21, s22, s23, s30, s31, s32, s33];
  const rows = Math.min(4, rowsA.count - i);
  const columns = Math.min(4, rowsB.count - j);
  for (let row = 0; row < rows; row++) {
    const place = (i + row) * rowsB.count + j;
    for (let column = 0; column < columns; column++) out[place + column] = sums[4 * row + column]!;
  }
}
