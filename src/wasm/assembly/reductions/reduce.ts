/*
 * Sums over the middle axis of [outer, rows, inner]. As in batch normalization, blocks are summed in float32 and their sums
 * in float64. The result is the same bit for bit for any number of threads, and rounding errors do not pile up.
 */

@unmanaged
export class Reduction {
  x!: usize;
  /** Sums of the blocks, [outer, blocks, inner]. */
  partials!: usize;
  /** [outer, inner]. */
  result!: usize;
  outer!: i32;
  rows!: i32;
  inner!: i32;
  /** Rows per block, and blocks per outer index. */
  blockRows!: i32;
  blocks!: i32;
  /** Factor of the sums: 1, or 1 / rows for a mean. */
  scale!: f64;
}

/** Sums blocks `first` to `last - 1`, numbered across all outer indices. */
export function reduceBlocks(work: Reduction, first: i32, last: i32): void {
  const bytes = <usize>work.inner << 2;
  for (let block = first; block < last; block++) {
    const outer = block / work.blocks;
    const row = (block - outer * work.blocks) * work.blockRows;
    const rows = min(work.blockRows, work.rows - row);
    const from = work.x + <usize>(outer * work.rows + row) * bytes;
    const to = work.partials + <usize>block * bytes;
    if (work.inner == 1) store<f32>(to, sumOfLine(from, rows));
    else sumOfRows(from, rows, bytes, to);
  }
}

/** Sum of contiguous values. */
function sumOfLine(from: usize, count: i32): f32 {
  const end = from + (<usize>count << 2);
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  for (; from + 32 <= end; from += 32) {
    a = f32x4.add(a, v128.load(from));
    b = f32x4.add(b, v128.load(from, 16));
  }
  a = f32x4.add(a, b);
  let sum: f32 =
    f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1) + (f32x4.extract_lane(a, 2) + f32x4.extract_lane(a, 3));
  for (; from < end; from += 4) sum += load<f32>(from);
  return sum;
}

function sumOfRows(from: usize, rows: i32, bytes: usize, to: usize): void {
  let at: usize = 0;
  for (; at + 64 <= bytes; at += 64) {
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    let c = f32x4.splat(0);
    let d = f32x4.splat(0);
    let address = from + at;
    for (let row = 0; row < rows; row++) {
      a = f32x4.add(a, v128.load(address));
      b = f32x4.add(b, v128.load(address, 16));
      c = f32x4.add(c, v128.load(address, 32));
      d = f32x4.add(d, v128.load(address, 48));
      address += bytes;
    }
    v128.store(to + at, a);
    v128.store(to + at, b, 16);
    v128.store(to + at, c, 32);
    v128.store(to + at, d, 48);
  }
  for (; at + 16 <= bytes; at += 16) {
    let sum = f32x4.splat(0);
    let address = from + at;
    for (let row = 0; row < rows; row++) {
      sum = f32x4.add(sum, v128.load(address));
      address += bytes;
    }
    v128.store(to + at, sum);
  }
  for (; at < bytes; at += 4) {
    let sum: f32 = 0;
    for (let row = 0; row < rows; row++) sum += load<f32>(from + at + <usize>row * bytes);
    store<f32>(to + at, sum);
  }
}

/** Adds up the blocks of outer indices `first` to `last - 1`. */
export function combineBlocks(work: Reduction, first: i32, last: i32): void {
  const bytes = <usize>work.inner << 2;
  for (let outer = first; outer < last; outer++) {
    const from = work.partials + <usize>(outer * work.blocks) * bytes;
    const to = work.result + <usize>outer * bytes;
    for (let at: usize = 0; at < bytes; at += 4) {
      let sum: f64 = 0;
      for (let block = 0; block < work.blocks; block++) sum += load<f32>(from + at + <usize>block * bytes);
      store<f32>(to + at, <f32>(sum * work.scale));
    }
  }
}
