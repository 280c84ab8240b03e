import { computeFour, computeOne } from './any-taps';
import { minTouchedBytes, touch } from './read-ahead';
import { endInside, endTap, firstInside, firstTap } from './tap-ranges';
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
