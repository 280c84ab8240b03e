import { clipped, plusTimes } from '../simd';
import { rowsPerTask } from './resample';

/** A blur of each picture along rows and columns, with a kernel of its own. Results are clipped to [0, 1]. */
@unmanaged
export class Blur {
  /** [pictures, height, width, channels]. */
  images!: usize;
  result!: usize;
  /** [size, pictures]; size is odd. */
  kernels!: usize;
  /** int32 [pictures]: 0 for one that is copied as it is. */
  selected!: usize;
  pictures!: i32;
  height!: i32;
  width!: i32;
  channels!: i32;
  size!: i32;
  /** Whether the border is mirrored; zeros otherwise. */
  mirrors!: i32;
}

/** Bytes of a term: the address that its values begin at, and its weight. */
export const termBytes: i32 = 8;

/**
 * Tasks `first` to `last - 1`: blocks of rows, picture by picture.
 *
 * @param scratch - Two lists of terms, and a row with its borders.
 */
export function blurPictures(work: Blur, first: i32, last: i32, scratch: usize): void {
  const blocks = (work.height + rowsPerTask - 1) / rowsPerTask;
  const bytes = <usize>(work.width * work.channels) << 2;
  const listBytes = <usize>work.size * termBytes;
  const columns = scratch + listBytes;
  const row = columns + listBytes;
  const border = <usize>((work.size >> 1) * work.channels) << 2;
  for (let task = first; task < last; task++) {
    const picture = task / blocks;
    const begin = (task - picture * blocks) * rowsPerTask;
    const end = min(begin + rowsPerTask, work.height);
    const from = work.images + <usize>(picture * work.height) * bytes;
    const to = work.result + <usize>(picture * work.height) * bytes;
    if (load<i32>(work.selected + (<usize>picture << 2)) == 0) {
      memory.copy(to + <usize>begin * bytes, from + <usize>begin * bytes, <usize>(end - begin) * bytes);
      continue;
    }
    const columnTerms = listColumns(work, picture, row, columns);
    for (let y = begin; y < end; y++) {
      const rowTerms = listRows(work, picture, y, from, bytes, scratch);
      sumTerms(scratch, rowTerms, row + border, bytes, false);
      addBorders(work, row + border);
      sumTerms(columns, columnTerms, to + <usize>y * bytes, bytes, true);
    }
  }
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function storeTerm(list: usize, count: i32, from: usize, weight: f32): void {
  const at = list + <usize>count * termBytes;
  store<usize>(at, from);
  store<f32>(at, weight, 4);
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function weightOf(work: Blur, picture: i32, term: i32): f32 {
  return load<f32>(work.kernels + (<usize>(term * work.pictures + picture) << 2));
}

/** Where the values of each column's neighbors begin, with their weights; those of weight 0 are left out. */
function listColumns(work: Blur, picture: i32, row: usize, list: usize): i32 {
  let count = 0;
  for (let term = 0; term < work.size; term++) {
    const weight = weightOf(work, picture, term);
    if (weight != 0) storeTerm(list, count++, row + (<usize>(term * work.channels) << 2), weight);
  }
  return count;
}

/** The rows around row `y`, with their weights; those of weight 0, and zeros beyond the border, are left out. */
function listRows(work: Blur, picture: i32, y: i32, from: usize, bytes: usize, list: usize): i32 {
  const top = y - (work.size >> 1);
  let count = 0;
  for (let term = 0; term < work.size; term++) {
    const weight = weightOf(work, picture, term);
    const isInside = top + term >= 0 && top + term < work.height;
    if (weight == 0 || !(isInside || work.mirrors)) continue;
    storeTerm(list, count++, from + <usize>mirrored(top + term, work.height) * bytes, weight);
  }
  return count;
}

/** Where a place of a border beyond a side is mirrored to. */
function mirrored(place: i32, length: i32): i32 {
  const distance = abs(place);
  return distance < length ? distance : 2 * (length - 1) - distance;
}

/** Fills the borders left and right of a row. */
function addBorders(work: Blur, row: usize): void {
  const radius = work.size >> 1;
  const bytes = <usize>work.channels << 2;
  if (!work.mirrors) {
    memory.fill(row - <usize>radius * bytes, 0, <usize>radius * bytes);
    memory.fill(row + <usize>work.width * bytes, 0, <usize>radius * bytes);
    return;
  }
  for (let distance = 1; distance <= radius; distance++) {
    copyPixel(row + <usize>distance * bytes, row - <usize>distance * bytes, bytes);
    const right = row + <usize>(work.width - 1) * bytes;
    copyPixel(right - <usize>distance * bytes, right + <usize>distance * bytes, bytes);
  }
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function copyPixel(from: usize, to: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 4) store<f32>(to + at, load<f32>(from + at));
}

/** The weighted sum of the rows of a list. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function sumTerms(list: usize, count: i32, to: usize, bytes: usize, clips: bool): void {
  let at: usize = 0;
  for (; at + 64 <= bytes; at += 64) sumVectors(4, list, count, at, to, clips);
  for (; at + 16 <= bytes; at += 16) sumVectors(1, list, count, at, to, clips);
  for (; at < bytes; at += 4) {
    let sum = f32x4.splat(0);
    const end = list + <usize>count * termBytes;
    for (let term = list; term < end; term += termBytes) {
      sum = plusTimes(sum, v128.load32_zero(load<usize>(term) + at), load<f32>(term, 4));
    }
    v128.store32_lane(to + at, clips ? clipped(sum) : sum, 0);
  }
}

/** `vectors` (4 or 1) vectors of the sum, from byte `at` on. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function sumVectors(vectors: i32, list: usize, count: i32, at: usize, to: usize, clips: bool): void {
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  let c = f32x4.splat(0);
  let d = f32x4.splat(0);
  const end = list + <usize>count * termBytes;
  for (let term = list; term < end; term += termBytes) {
    const from = load<usize>(term) + at;
    const weight = load<f32>(term, 4);
    a = plusTimes(a, v128.load(from), weight);
    if (vectors == 1) continue;
    b = plusTimes(b, v128.load(from, 16), weight);
    c = plusTimes(c, v128.load(from, 32), weight);
    d = plusTimes(d, v128.load(from, 48), weight);
  }
  v128.store(to + at, clips ? clipped(a) : a);
  if (vectors == 1) return;
  v128.store(to + at, clips ? clipped(b) : b, 16);
  v128.store(to + at, clips ? clipped(c) : c, 32);
  v128.store(to + at, clips ? clipped(d) : d, 48);
}
