import type { Matrix } from './matrix.js';

/** What to subtract from each column, and what to multiply the result by. */
export interface ColumnScaling {
  mean: Float64Array;
  scale: Float64Array;
}

/** Rows of X in a block: a panel of 64 x 256 floats (64 KiB) stays in the cache while all other rows pass by. */
export const blockLength = 256;
const panelRows = 64;

/** Columns with those that fill the last tile. */
export const roundUp = (size: number) => Math.ceil(size / 4) * 4;

/**
 * `out += block * blockᵀ` on and above the diagonal, panel by panel, in tiles of 4 x 4 whose sums stay in registers.
 *
 * The tiles of row-products.ts and softmax-regression.ts are similar but read other kinds of arrays. One function for all
 * three was 20 to 50 % slower, because engines compile it for every kind.
 */
export function accumulate(block: Float32Array, size: number, length: number, out: Float64Array): void {
  for (let panel = 0; panel < size; panel += panelRows) {
    accumulatePanel(block, size, length, out, panel, Math.min(panel + panelRows, size));
  }
}

function accumulatePanel(
  block: Float32Array,
  size: number,
  length: number,
  out: Float64Array,
  panel: number,
  panelEnd: number,
): void {
  for (let i = 0; i < panelEnd; i += 4) {
    const a0 = i * length;
    const a1 = a0 + length;
    const a2 = a1 + length;
    const a3 = a2 + length;
    for (let j = Math.max(i, panel); j < panelEnd; j += 4) {
      const b0 = j * length;
      const b1 = b0 + length;
      const b2 = b1 + length;
      const b3 = b2 + length;
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
      for (let k = 0; k < length; k++) {
        const x0 = block[a0 + k]!;
        const x1 = block[a1 + k]!;
        const x2 = block[a2 + k]!;
        const x3 = block[a3 + k]!;
        const y0 = block[b0 + k]!;
        const y1 = block[b1 + k]!;
        const y2 = block[b2 + k]!;
        const y3 = block[b3 + k]!;
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
      for (let t = 0; t < 16; t++) {
        const place = (i + (t >> 2)) * size + j + (t & 3);
        out[place] = out[place]! + sums[t]!;
      }
    }
  }
}

/** A symmetric matrix from padded sums on and above the diagonal. */
export function symmetric(sums: Float64Array, padded: number, size: number): Float64Array {
  const full = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = i; j < size; j++) {
      const value = sums[i * padded + j]!;
      full[i * size + j] = value;
      full[j * size + i] = value;
    }
  }
  return full;
}

/**
 * XᵀX, `[dim, dim]`. With `scaling`, the columns of X are first scaled and rounded to float32. Products and sums are in
 * double precision on the host, because rounding errors of float32 would hide the small eigenvalues of a collapsed
 * representation.
 */
export function columnGram({ data, rows, dim }: Matrix, scaling?: ColumnScaling): Float64Array {
  const padded = roundUp(dim);
  const sums = new Float64Array(padded * padded);
  const block = new Float32Array(padded * blockLength);
  for (let first = 0; first < rows; first += blockLength) {
    const count = Math.min(blockLength, rows - first);
    if (count < blockLength) block.fill(0);
    for (let row = 0; row < count; row++) {
      const start = (first + row) * dim;
      for (let column = 0; column < dim; column++) {
        const value = data[start + column]!;
        block[column * blockLength + row] = scaling
          ? (value - scaling.mean[column]!) * scaling.scale[column]!
          : value;
      }
    }
    accumulate(block, padded, blockLength, sums);
  }
  return symmetric(sums, padded, dim);
}

/** XXᵀ in double precision, `[rows, rows]`: the same non-zero eigenvalues as XᵀX, but smaller when there are few rows. */
export function rowGram({ data, rows, dim }: Matrix): Float64Array {
  const padded = roundUp(rows);
  const sums = new Float64Array(padded * padded);
  const block = new Float32Array(padded * blockLength);
  for (let first = 0; first < dim; first += blockLength) {
    const count = Math.min(blockLength, dim - first);
    if (count < blockLength) block.fill(0);
    for (let row = 0; row < rows; row++) {
      const start = row * dim + first;
      for (let k = 0; k < count; k++) block[row * blockLength + k] = data[start + k]!;
    }
    accumulate(block, padded, blockLength, sums);
  }
  return symmetric(sums, padded, rows);
}
