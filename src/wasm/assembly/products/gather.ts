import { tileRows } from './micro-kernel';

/**
 * How the rows of a matrix product are gathered from a tensor [pictures, height, width, ...], as im2col would write them.
 * Row (picture, i, j) holds, for each filter position (fy, fx), the `channels` values at pixel
 * (i * strideHeight + offsetY + fy * dilationHeight, j * strideWidth + offsetX + fx * dilationWidth) of its picture; outside
 * the picture they are zeros. Every convolution is a product with such a matrix.
 */
@unmanaged
export class Gather {
  /** Address of the tensor. */
  source!: usize;
  /** Address of at least `channels` zeros. */
  zeros!: usize;
  height!: i32;
  width!: i32;
  /** Values from one pixel to the next. */
  pixelStride!: i32;
  /** Values gathered at each filter position. */
  channels!: i32;
  /** Rows of the matrix per picture: outHeight * outWidth. */
  outHeight!: i32;
  outWidth!: i32;
  strideHeight!: i32;
  strideWidth!: i32;
  offsetY!: i32;
  offsetX!: i32;
  dilationHeight!: i32;
  dilationWidth!: i32;
  filterHeight!: i32;
  filterWidth!: i32;
}

/** Address of the values of row `row` at a filter position. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function gatherAddress(gather: Gather, row: i32, filterY: i32, filterX: i32): usize {
  const outX = row % gather.outWidth;
  const rowsAbove = row / gather.outWidth;
  const outY = rowsAbove % gather.outHeight;
  const picture = rowsAbove / gather.outHeight;
  const y = outY * gather.strideHeight + gather.offsetY + filterY * gather.dilationHeight;
  const x = outX * gather.strideWidth + gather.offsetX + filterX * gather.dilationWidth;
  if (<u32>y >= <u32>gather.height || <u32>x >= <u32>gather.width) return gather.zeros;
  return gather.source + (((picture * gather.height + y) * gather.width + x) * gather.pixelStride << 2);
}

/**
 * Packs values `start` to `end - 1` of rows `first` to `first + rows - 1` into panels of 6 rows: the 6 values of a column are
 * contiguous. Missing rows of the last panel are zeros.
 */
export function packGathered(gather: Gather, first: i32, rows: i32, start: i32, end: i32, to: usize): void {
  const channels = gather.channels;
  for (let panel = 0; panel < rows; panel += tileRows) {
    const present = min(tileRows, rows - panel);
    let k = start;
    while (k < end) {
      const filterPosition = k / channels;
      const channel = k - filterPosition * channels;
      const length = min(channels - channel, end - k);
      const filterY = filterPosition / gather.filterWidth;
      const filterX = filterPosition - filterY * gather.filterWidth;
      const row = first + panel;
      const skip = <usize>channel << 2;
      const r0 = gatherAddress(gather, row, filterY, filterX) + skip;
      const r1 = present > 1 ? gatherAddress(gather, row + 1, filterY, filterX) + skip : gather.zeros;
      const r2 = present > 2 ? gatherAddress(gather, row + 2, filterY, filterX) + skip : gather.zeros;
      const r3 = present > 3 ? gatherAddress(gather, row + 3, filterY, filterX) + skip : gather.zeros;
      const r4 = present > 4 ? gatherAddress(gather, row + 4, filterY, filterX) + skip : gather.zeros;
      const r5 = present > 5 ? gatherAddress(gather, row + 5, filterY, filterX) + skip : gather.zeros;
      interleaveSix(r0, r1, r2, r3, r4, r5, length, to);
      to += <usize>length * 24;
      k += length;
    }
  }
}

/** Interleaves `length` values of six rows. */
export function interleaveSix(r0: usize, r1: usize, r2: usize, r3: usize, r4: usize, r5: usize, length: i32, to: usize): void {
  const bytes = <usize>length << 2;
  const whole = bytes & ~15;
  let at: usize = 0;
  for (; at < whole; at += 16) {
    const a = v128.load(r0 + at);
    const b = v128.load(r1 + at);
    const c = v128.load(r2 + at);
    const d = v128.load(r3 + at);
    const e = v128.load(r4 + at);
    const f = v128.load(r5 + at);
    const ab02 = v128.shuffle<f32>(a, b, 0, 4, 1, 5); // a0 b0 a1 b1
    const ab13 = v128.shuffle<f32>(a, b, 2, 6, 3, 7); // a2 b2 a3 b3
    const cd02 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
    const cd13 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    const ef02 = v128.shuffle<f32>(e, f, 0, 4, 1, 5);
    const ef13 = v128.shuffle<f32>(e, f, 2, 6, 3, 7);
    // Six vectors hold four groups of six values: a0 b0 c0 d0 | e0 f0 a1 b1 | c1 d1 e1 f1 | ...
    v128.store(to, v128.shuffle<f64>(ab02, cd02, 0, 2));
    v128.store(to, v128.shuffle<f64>(ef02, ab02, 0, 3), 16);
    v128.store(to, v128.shuffle<f64>(cd02, ef02, 1, 3), 32);
    v128.store(to, v128.shuffle<f64>(ab13, cd13, 0, 2), 48);
    v128.store(to, v128.shuffle<f64>(ef13, ab13, 0, 3), 64);
    v128.store(to, v128.shuffle<f64>(cd13, ef13, 1, 3), 80);
    to += 96;
  }
  for (; at < bytes; at += 4) {
    store<f32>(to, load<f32>(r0 + at));
    store<f32>(to, load<f32>(r1 + at), 4);
    store<f32>(to, load<f32>(r2 + at), 8);
    store<f32>(to, load<f32>(r3 + at), 12);
    store<f32>(to, load<f32>(r4 + at), 16);
    store<f32>(to, load<f32>(r5 + at), 20);
    to += 24;
  }
}
