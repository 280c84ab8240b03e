import { clipped, plusTimes } from '../simd';

/** Rows of the output per task. */
export const rowsPerTask: i32 = 8;

/** A separable linear map of each picture: see src/augmentations/geometry/resampling-weights.ts for the weights. */
@unmanaged
export class Resampling {
  /** [pictures, height, width, channels]. */
  images!: usize;
  /** [pictures, outputHeight, outputWidth, channels]. */
  result!: usize;
  /** Input rows, int32, and their weights; [rowTerms, pictures * outputHeight]. Terms of weight 0 are skipped. */
  rowIndices!: usize;
  rowWeights!: usize;
  /** Input columns and their weights; [columnTerms, pictures * outputWidth]. */
  columnIndices!: usize;
  columnWeights!: usize;
  pictures!: i32;
  height!: i32;
  width!: i32;
  channels!: i32;
  outputHeight!: i32;
  outputWidth!: i32;
  rowTerms!: i32;
  columnTerms!: i32;
  /** Whether results are clipped to [0, 1]. */
  clips!: i32;
}

/**
 * Tasks `first` to `last - 1`: blocks of rows, picture by picture.
 *
 * @param scratch - One input row and a vector: pixels of three channels are read four values at a time.
 */
export function resamplePictures(work: Resampling, first: i32, last: i32, scratch: usize): void {
  const blocks = (work.outputHeight + rowsPerTask - 1) / rowsPerTask;
  const outputBytes = <usize>(work.outputWidth * work.channels) << 2;
  for (let task = first; task < last; task++) {
    const picture = task / blocks;
    const begin = (task - picture * blocks) * rowsPerTask;
    const end = min(begin + rowsPerTask, work.outputHeight);
    for (let y = begin; y < end; y++) {
      const row = picture * work.outputHeight + y;
      combineRows(work, row, scratch);
      const to = work.result + <usize>row * outputBytes;
      if (work.channels == 3) combineColorColumns(work, picture, scratch, to);
      else combineColumns(work, picture, scratch, to);
      if (work.clips) clip(to, to + outputBytes);
    }
  }
}

/** The sum of input rows that gives output row `row` of the whole batch, before its columns are resampled. */
function combineRows(work: Resampling, row: i32, to: usize): void {
  const bytes = <usize>(work.width * work.channels) << 2;
  let at: usize = 0;
  for (; at + 64 <= bytes; at += 64) sumVectors(4, work, row, to, at, bytes);
  for (; at + 16 <= bytes; at += 16) sumVectors(1, work, row, to, at, bytes);
  if (at == bytes) return;
  const terms = work.rowTerms;
  const step = <usize>(work.pictures * work.outputHeight) << 2;
  for (; at < bytes; at += 4) {
    let sum: f32 = 0;
    let place = <usize>row << 2;
    for (let term = 0; term < terms; term++, place += step) {
      const weight = load<f32>(work.rowWeights + place);
      if (weight == 0) continue;
      sum += weight * load<f32>(work.images + <usize>load<i32>(work.rowIndices + place) * bytes + at);
    }
    store<f32>(to + at, sum);
  }
}

/** The sum of `vectors` (4 or 1) vectors of the rows, from byte `at` on. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function sumVectors(vectors: i32, work: Resampling, row: i32, to: usize, at: usize, bytes: usize): void {
  const terms = work.rowTerms;
  const step = <usize>(work.pictures * work.outputHeight) << 2;
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  let c = f32x4.splat(0);
  let d = f32x4.splat(0);
  let place = <usize>row << 2;
  for (let term = 0; term < terms; term++, place += step) {
    const weight = load<f32>(work.rowWeights + place);
    if (weight == 0) continue;
    const from = work.images + <usize>load<i32>(work.rowIndices + place) * bytes + at;
    a = plusTimes(a, v128.load(from), weight);
    if (vectors == 1) continue;
    b = plusTimes(b, v128.load(from, 16), weight);
    c = plusTimes(c, v128.load(from, 32), weight);
    d = plusTimes(d, v128.load(from, 48), weight);
  }
  v128.store(to + at, a);
  if (vectors == 1) return;
  v128.store(to + at, b, 16);
  v128.store(to + at, c, 32);
  v128.store(to + at, d, 48);
}

/** Resamples a row of pixels of three channels. */
function combineColorColumns(work: Resampling, picture: i32, from: usize, to: usize): void {
  const step = <usize>(work.pictures * work.outputWidth) << 2;
  const firstColumn = picture * work.width;
  const start = <usize>(picture * work.outputWidth) << 2;
  const last = work.outputWidth - 1;
  // Fields are read once, because a store could change them.
  const indices = work.columnIndices;
  const weights = work.columnWeights;
  const terms = work.columnTerms;
  for (let x = 0; x <= last; x++, to += 12) {
    let at = start + (<usize>x << 2);
    let sum = f32x4.splat(0);
    for (let term = 0; term < terms; term++, at += step) {
      const weight = load<f32>(weights + at);
      if (weight == 0) continue;
      const column = load<i32>(indices + at) - firstColumn;
      sum = plusTimes(sum, v128.load(from + <usize>column * 12), weight);
    }
    // The fourth value is that of the next pixel, which is stored over it.
    if (x < last) {
      v128.store(to, sum);
    } else {
      v128.store64_lane(to, sum, 0);
      v128.store32_lane(to + 8, sum, 2);
    }
  }
}

/** Resamples a row of pixels of any number of channels. */
function combineColumns(work: Resampling, picture: i32, from: usize, to: usize): void {
  const step = <usize>(work.pictures * work.outputWidth) << 2;
  const firstColumn = picture * work.width;
  const start = <usize>(picture * work.outputWidth) << 2;
  const bytes = <usize>work.channels << 2;
  for (let x = 0; x < work.outputWidth; x++, to += bytes) {
    memory.fill(to, 0, bytes);
    let at = start + (<usize>x << 2);
    for (let term = 0; term < work.columnTerms; term++, at += step) {
      const weight = load<f32>(work.columnWeights + at);
      if (weight == 0) continue;
      const column = load<i32>(work.columnIndices + at) - firstColumn;
      addScaled(to, from + <usize>column * bytes, bytes, weight);
    }
  }
}

function addScaled(to: usize, from: usize, bytes: usize, factor: f32): void {
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    v128.store(to + at, plusTimes(v128.load(to + at), v128.load(from + at), factor));
  }
  for (; at < bytes; at += 4) store<f32>(to + at, load<f32>(to + at) + load<f32>(from + at) * factor);
}

function clip(from: usize, end: usize): void {
  for (; from + 16 <= end; from += 16) {
    v128.store(from, clipped(v128.load(from)));
  }
  for (; from < end; from += 4) store<f32>(from, min<f32>(max<f32>(load<f32>(from), 0), 1));
}
