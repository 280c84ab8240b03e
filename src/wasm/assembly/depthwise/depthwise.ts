import { multiplyAdd } from '../simd';
import { computeFourAtStride1, computeFourAtStride2 } from './three-taps';

/**
 * A depthwise convolution of pictures [pictures, height, width, channels], or the gradient of one: each output pixel is a sum
 * of source pixels times taps of the filter, channel by channel.
 *
 * A gradient with strides consists of parts, for the remainders of rows and columns modulo the strides. Row `y` and column `x`
 * of a part are row `y * outStepY + outOffsetY` and column `x * outStepX + outOffsetX` of the output. Tap (i, j) reads source row `y * strideY + offsetY + i * tapStepY` and the column alike, where it is inside.
 */
@unmanaged
export class Depthwise {
  source!: usize;
  /** The first tap. */
  filter!: usize;
  /** [pictures, outHeight, outWidth, channels]. */
  output!: usize;
  pictures!: i32;
  height!: i32;
  width!: i32;
  channels!: i32;
  outHeight!: i32;
  outWidth!: i32;
  /** Columns to compute. */
  columns!: i32;
  outStepY!: i32;
  outStepX!: i32;
  outOffsetY!: i32;
  outOffsetX!: i32;
  strideY!: i32;
  strideX!: i32;
  offsetY!: i32;
  offsetX!: i32;
  tapsY!: i32;
  tapsX!: i32;
  /** Source pixels from one tap to the next; negative in a gradient. */
  tapStepY!: i32;
  tapStepX!: i32;
  /** Values of the filter from one tap to the next. */
  filterStepY!: i32;
  filterStepX!: i32;
  /** Rows of the output per task. */
  taskRows!: i32;
  partsY!: i32;
  partsX!: i32;
}

/** `dividend / divisor`, rounded up, for a positive divisor. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function ceilDivide(dividend: i32, divisor: i32): i32 {
  return dividend > 0 ? (dividend + divisor - 1) / divisor : dividend / divisor;
}

/** The first tap inside an axis of `size` pixels, if tap 0 is at `base`. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function firstTap(base: i32, step: i32, size: i32): i32 {
  return step > 0 ? max(0, ceilDivide(-base, step)) : max(0, ceilDivide(base - size + 1, -step));
}

/** The end of the taps inside an axis of `size` pixels. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function endTap(base: i32, step: i32, size: i32, taps: i32): i32 {
  return min(taps, step > 0 ? ceilDivide(size - base, step) : ceilDivide(base + 1, -step));
}

/** The first output column with all taps inside the picture. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function firstInside(offset: i32, stride: i32, taps: i32, step: i32, columns: i32): i32 {
  const lowest = offset + min(0, (taps - 1) * step);
  return min(columns, max(0, ceilDivide(-lowest, stride)));
}

/** The end of the output columns with all taps inside the picture. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function endInside(offset: i32, stride: i32, taps: i32, step: i32, columns: i32, size: i32): i32 {
  const highest = offset + max(0, (taps - 1) * step);
  return max(0, min(columns, ceilDivide(size - highest, stride)));
}

/** With fewer bytes of channels, taps read memory nearly in order. */
export const minTouchedBytes: usize = 256;

/**
 * Tasks `first` to `last - 1`, each some rows of the output, numbered across all pictures. Each output pixel adds its taps in
 * order: the result does not depend on how rows are divided.
 *
 * @param parts - `partsY * partsX` structures: output row y and column x belong to part (y % partsY, x % partsX).
 */
export function depthwiseConvolution(parts: Depthwise, first: i32, last: i32, scratch: usize): void {
  const begin = first * parts.taskRows;
  const end = min(last * parts.taskRows, parts.pictures * parts.outHeight);
  for (let index = begin; index < end; index++) {
    const picture = index / parts.outHeight;
    const outRow = index - picture * parts.outHeight;
    const y = outRow / parts.partsY;
    const partRow = (outRow - y * parts.partsY) * parts.partsX;
    for (let x = 0; x < parts.partsX; x++) {
      const part = changetype<Depthwise>(
        changetype<usize>(parts) + <usize>(partRow + x) * offsetof<Depthwise>(),
      );
      if (x == 0) touchRows(part, picture, y, index == begin, scratch);
      computeRow(part, picture, y);
    }
  }
}

/** Reads ahead what a row needs: all source rows, or those that the row before did not read. */
function touchRows(work: Depthwise, picture: i32, y: i32, all: bool, scratch: usize): void {
  const bytes = <usize>work.channels << 2;
  if (bytes < minTouchedBytes) return;
  const base = y * work.strideY + work.offsetY;
  const top = firstTap(base, work.tapStepY, work.height);
  const end = endTap(base, work.tapStepY, work.height, work.tapsY);
  const rowBytes = <usize>work.width * bytes;
  const touched = all ? work.tapsY : work.strideY;
  for (let i = top; i < end; i++) {
    // In a gradient the first tap reads the last row.
    const isNew = work.tapStepY > 0 ? i >= end - touched : i < top + touched;
    if (!isNew) continue;
    const row = picture * work.height + base + i * work.tapStepY;
    touch(work.source + <usize>row * rowBytes, rowBytes, scratch);
  }
  const outRow = picture * work.outHeight + y * work.outStepY + work.outOffsetY;
  const outBytes = <usize>work.outWidth * bytes;
  touch(work.output + <usize>outRow * outBytes, outBytes, scratch);
}

/** Computes one row of a part. */
function computeRow(work: Depthwise, picture: i32, y: i32): void {
  const bytes = <usize>work.channels << 2;
  const base = y * work.strideY + work.offsetY;
  const top = firstTap(base, work.tapStepY, work.height);
  const tapRows = endTap(base, work.tapStepY, work.height, work.tapsY) - top;
  const from = work.source + <usize>((picture * work.height + base + top * work.tapStepY) * work.width) * bytes;
  const filter = work.filter + (<usize>(top * work.filterStepY) << 2);
  const outRow = picture * work.outHeight + y * work.outStepY + work.outOffsetY;
  const to = work.output + <usize>(outRow * work.outWidth + work.outOffsetX) * bytes;
  const toStep = <usize>work.outStepX * bytes;
  const fromStep = <usize>work.strideX * bytes;
  const rowStep = <usize>(work.tapStepY * work.width) * bytes;
  const pixelStep = <usize>work.tapStepX * bytes;
  const tapRowStep = <usize>work.filterStepY << 2;
  const tapStep = <usize>work.filterStepX << 2;


  // The most common filters have three taps on neighboring pixels, in a gradient from right to left.
  const isReversed = work.tapStepX == -1;
  const neighbors = work.tapsX == 3 && (work.tapStepX == 1 || isReversed) && work.strideX <= 2;
  const leftTap = isReversed ? filter + 2 * tapStep : filter;
  const leftTapStep = isReversed ? -tapStep : tapStep;
  const inside = firstInside(work.offsetX, work.strideX, work.tapsX, work.tapStepX, work.columns);
  const outside = endInside(work.offsetX, work.strideX, work.tapsX, work.tapStepX, work.columns, work.width);
  for (let x = 0; x < work.columns; ) {
    const pixel = x * work.strideX + work.offsetX;
    if (x >= inside && x + 4 <= outside) {
      const at = from + <usize>pixel * bytes;
      const out = to + <usize>x * toStep;
      let done: usize = 0;
      if (neighbors) {
        done = bytes & ~31;
        const first = pixelStep == bytes ? at : at + 2 * pixelStep;
        if (work.strideX == 1) {
          computeFourAtStride1(first, rowStep, bytes, leftTap, tapRowStep, leftTapStep, tapRows, out, toStep, done);
        } else {
          computeFourAtStride2(first, rowStep, bytes, leftTap, tapRowStep, leftTapStep, tapRows, out, toStep, done);
        }
      }
      computeFour(at, fromStep, rowStep, pixelStep, filter, tapRowStep, tapStep, tapRows, work.tapsX, out, toStep, done, bytes);
      x += 4;
      continue;
    }
    const left = firstTap(pixel, work.tapStepX, work.width);
    const taps = endTap(pixel, work.tapStepX, work.width, work.tapsX) - left;
    const at = from + <usize>(pixel + left * work.tapStepX) * bytes;
    const tap = filter + <usize>left * tapStep;
    computeOne(at, rowStep, pixelStep, tap, tapRowStep, tapStep, tapRows, taps, to + <usize>x * toStep, bytes);
    x++;
  }
}

/**
 * Reads a value of every cache line. The processor then fetches the lines in their order, ahead of their use: it does not
 * foresee the order in which the taps need them.
 */
export function touch(from: usize, bytes: usize, scratch: usize): void {
  let bits: i32 = 0;
  const end = from + bytes;
  for (; from < end; from += 64) bits |= load<i32>(from);
  store<i32>(scratch, bits);
}

/**
 * Four output pixels in a row, from source pixels that are `fromStep` apart, from byte `begin` of their channels on. Each tap is
 * loaded once for all four.
 */
function computeFour(
  from: usize,
  fromStep: usize,
  rowStep: usize,
  pixelStep: usize,
  filter: usize,
  tapRowStep: usize,
  tapStep: usize,
  tapRows: i32,
  taps: i32,
  to: usize,
  toStep: usize,
  begin: usize,
  bytes: usize,
): void {
  const whole = bytes & ~31;
  for (let at = begin; at < whole; at += 32) {
    let a0 = f32x4.splat(0);
    let a1 = f32x4.splat(0);
    let b0 = f32x4.splat(0);
    let b1 = f32x4.splat(0);
    let c0 = f32x4.splat(0);
    let c1 = f32x4.splat(0);
    let d0 = f32x4.splat(0);
    let d1 = f32x4.splat(0);
    let row = from + at;
    let tapRow = filter + at;
    for (let i = 0; i < tapRows; i++) {
      let pixel = row;
      let tap = tapRow;
      for (let j = 0; j < taps; j++) {
        const w0 = v128.load(tap);
        const w1 = v128.load(tap, 16);
        a0 = multiplyAdd(v128.load(pixel), w0, a0);
        a1 = multiplyAdd(v128.load(pixel, 16), w1, a1);
        const second = pixel + fromStep;
        b0 = multiplyAdd(v128.load(second), w0, b0);
        b1 = multiplyAdd(v128.load(second, 16), w1, b1);
        const third = second + fromStep;
        c0 = multiplyAdd(v128.load(third), w0, c0);
        c1 = multiplyAdd(v128.load(third, 16), w1, c1);
        const fourth = third + fromStep;
        d0 = multiplyAdd(v128.load(fourth), w0, d0);
        d1 = multiplyAdd(v128.load(fourth, 16), w1, d1);
        pixel += pixelStep;
        tap += tapStep;
      }
      row += rowStep;
      tapRow += tapRowStep;
    }
    let out = to + at;
    v128.store(out, a0);
    v128.store(out, a1, 16);
    out += toStep;
    v128.store(out, b0);
    v128.store(out, b1, 16);
    out += toStep;
    v128.store(out, c0);
    v128.store(out, c1, 16);
    out += toStep;
    v128.store(out, d0);
    v128.store(out, d1, 16);
  }
  if (whole == bytes) return;
  for (let k = 0; k < 4; k++) {
    computeEnd(from, rowStep, pixelStep, filter, tapRowStep, tapStep, tapRows, taps, to, whole, bytes);
    from += fromStep;
    to += toStep;
  }
}

/** One output pixel, from the taps inside the picture. */
function computeOne(
  from: usize,
  rowStep: usize,
  pixelStep: usize,
  filter: usize,
  tapRowStep: usize,
  tapStep: usize,
  tapRows: i32,
  taps: i32,
  to: usize,
  bytes: usize,
): void {
  const whole = bytes & ~31;
  for (let at: usize = 0; at < whole; at += 32) {
    let a0 = f32x4.splat(0);
    let a1 = f32x4.splat(0);
    let row = from + at;
    let tapRow = filter + at;
    for (let i = 0; i < tapRows; i++) {
      let pixel = row;
      let tap = tapRow;
      for (let j = 0; j < taps; j++) {
        a0 = multiplyAdd(v128.load(pixel), v128.load(tap), a0);
        a1 = multiplyAdd(v128.load(pixel, 16), v128.load(tap, 16), a1);
        pixel += pixelStep;
        tap += tapStep;
      }
      row += rowStep;
      tapRow += tapRowStep;
    }
    v128.store(to + at, a0);
    v128.store(to + at, a1, 16);
  }
  if (whole < bytes) computeEnd(from, rowStep, pixelStep, filter, tapRowStep, tapStep, tapRows, taps, to, whole, bytes);
}

/** The channels of an output pixel from byte `begin` on, which are fewer than two vectors. */
function computeEnd(
  from: usize,
  rowStep: usize,
  pixelStep: usize,
  filter: usize,
  tapRowStep: usize,
  tapStep: usize,
  tapRows: i32,
  taps: i32,
  to: usize,
  begin: usize,
  bytes: usize,
): void {
  let at = begin;
  for (; at + 16 <= bytes; at += 16) {
    let sum = f32x4.splat(0);
    for (let i = 0; i < tapRows; i++) {
      let pixel = from + at + <usize>i * rowStep;
      let tap = filter + at + <usize>i * tapRowStep;
      for (let j = 0; j < taps; j++) {
        sum = multiplyAdd(v128.load(pixel), v128.load(tap), sum);
        pixel += pixelStep;
        tap += tapStep;
      }
    }
    v128.store(to + at, sum);
  }
  for (; at < bytes; at += 4) {
    let sum: f32 = 0;
    for (let i = 0; i < tapRows; i++) {
      let pixel = from + at + <usize>i * rowStep;
      let tap = filter + at + <usize>i * tapRowStep;
      for (let j = 0; j < taps; j++) {
        sum += load<f32>(pixel) * load<f32>(tap);
        pixel += pixelStep;
        tap += tapStep;
      }
    }
    store<f32>(to + at, sum);
  }
}
