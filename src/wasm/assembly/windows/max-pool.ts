import { Pool } from './pool';

/** Computes output rows `first` to `last - 1`, numbered across all pictures. NaN counts as larger than any number. */
export function maxPool(work: Pool, first: i32, last: i32): void {
  const bytes = <usize>work.channels << 2;
  for (let outputRow = first; outputRow < last; outputRow++) {
    const picture = outputRow / work.outHeight;
    const input = work.input + <usize>(picture * work.height * work.width) * bytes;
    const top = (outputRow - picture * work.outHeight) * work.strideHeight - work.padTop;
    const firstRow = max(top, 0);
    const endRow = min(top + work.filterHeight, work.height);
    for (let x = 0; x < work.outWidth; x++) {
      const left = x * work.strideWidth - work.padLeft;
      const firstColumn = max(left, 0);
      const endColumn = min(left + work.filterWidth, work.width);
      const to = work.output + <usize>(outputRow * work.outWidth + x) * bytes;
      let at: usize = 0;
      for (; at + 16 <= bytes; at += 16) {
        let largest = f32x4.splat(-<f32>Infinity);
        for (let row = firstRow; row < endRow; row++) {
          const from = input + <usize>(row * work.width) * bytes + at;
          for (let column = firstColumn; column < endColumn; column++) {
            largest = f32x4.max(largest, v128.load(from + <usize>column * bytes));
          }
        }
        v128.store(to + at, largest);
      }
      for (; at < bytes; at += 4) {
        let largest: f32 = -<f32>Infinity;
        for (let row = firstRow; row < endRow; row++) {
          const from = input + <usize>(row * work.width) * bytes + at;
          for (let column = firstColumn; column < endColumn; column++) {
            largest = max<f32>(largest, load<f32>(from + <usize>column * bytes));
          }
        }
        store<f32>(to + at, largest);
      }
    }
  }
}

/**
 * Gradient of pictures `first` to `last - 1`. The gradient of each output goes to the first pixel of its window that equals
 * the maximum. Scratch: 4 bytes per channel.
 */
export function maxPoolGradient(work: Pool, first: i32, last: i32, scratch: usize): void {
  const pixelBytes = <usize>work.channels << 2;
  const pictureBytes = <usize>(work.height * work.width) * pixelBytes;
  for (let picture = first; picture < last; picture++) {
    const input = work.input + <usize>picture * pictureBytes;
    const inputGradient = work.inputGradient + <usize>picture * pictureBytes;
    memory.fill(inputGradient, 0, pictureBytes);
    for (let y = 0; y < work.outHeight; y++) {
      for (let x = 0; x < work.outWidth; x++) {
        const pixel = <usize>((picture * work.outHeight + y) * work.outWidth + x) * pixelBytes;
        scatterWindow(work, input, inputGradient, y, x, work.output + pixel, work.gradient + pixel, scratch);
      }
    }
  }
}

function scatterWindow(
  work: Pool,
  input: usize,
  inputGradient: usize,
  y: i32,
  x: i32,
  maxima: usize,
  gradient: usize,
  pending: usize,
): void {
  const bytes = <usize>work.channels << 2;
  const whole = bytes & ~15;
  // All ones in the channels whose maximum has not been found yet.
  memory.fill(pending, 0xff, bytes);
  const top = y * work.strideHeight - work.padTop;
  const left = x * work.strideWidth - work.padLeft;
  for (let row = max(top, 0); row < min(top + work.filterHeight, work.height); row++) {
    for (let column = max(left, 0); column < min(left + work.filterWidth, work.width); column++) {
      const pixel = <usize>(row * work.width + column) * bytes;
      let at: usize = 0;
      for (; at < whole; at += 16) {
        const mask = v128.load(pending + at);
        const hit = v128.and(f32x4.eq(v128.load(input + pixel + at), v128.load(maxima + at)), mask);
        const to = inputGradient + pixel + at;
        v128.store(to, f32x4.add(v128.load(to), v128.and(v128.load(gradient + at), hit)));
        v128.store(pending + at, v128.andnot(mask, hit));
      }
      for (; at < bytes; at += 4) {
        if (load<i32>(pending + at) == 0 || load<f32>(input + pixel + at) != load<f32>(maxima + at)) continue;
        const to = inputGradient + pixel + at;
        store<f32>(to, load<f32>(to) + load<f32>(gradient + at));
        store<i32>(pending + at, 0);
      }
    }
  }
}
