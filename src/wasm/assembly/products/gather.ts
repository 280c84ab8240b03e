import { tileRows } from './micro-kernel';

/**
 * How the rows of a matrix product are gathered from a tensor [pictures, height, width, ...]: row (picture, i, j)
 * holds, for each tap (ty, tx), the `channels` values at pixel (i * rowStep + origin + t * tapStep) of its picture,
 * zeros beyond the border. All convolutions are products with such a matrix.
 */
@unmanaged
export class Gather {
  /** First value of the tensor. */
  source!: usize;
  /** At least `channels` zeros. */
  zeros!: usize;
  height!: i32;
  width!: i32;
  /** Values from one pixel to the next, and those taken at each. */
  pixelStride!: i32;
  channels!: i32;
  /** Grid of the rows that belong to a picture. */
  gridHeight!: i32;
  gridWidth!: i32;
  rowStepY!: i32;
  rowStepX!: i32;
  originY!: i32;
  originX!: i32;
  tapStepY!: i32;
  tapStepX!: i32;
  tapsY!: i32;
  tapsX!: i32;
}

/** Address of the values of row `row` at a tap. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function gatherAddress(gather: Gather, row: i32, ty: i32, tx: i32): usize {
  const column = row % gather.gridWidth;
  const rest = row / gather.gridWidth;
  const line = rest % gather.gridHeight;
  const picture = rest / gather.gridHeight;
  const y = line * gather.rowStepY + gather.originY + ty * gather.tapStepY;
  const x = column * gather.rowStepX + gather.originX + tx * gather.tapStepX;
  if (<u32>y >= <u32>gather.height || <u32>x >= <u32>gather.width) return gather.zeros;
  return gather.source + (((picture * gather.height + y) * gather.width + x) * gather.pixelStride << 2);
}

/**
 * Packs rows `first` to `first + rows - 1`, values `start` to `end - 1` of each, into panels of 6 rows: for each
 * value the 6 rows side by side. Rows beyond the last are zeros.
 */
export function packGathered(gather: Gather, first: i32, rows: i32, start: i32, end: i32, to: usize): void {
  const channels = gather.channels;
  for (let panel = 0; panel < rows; panel += tileRows) {
    const present = min(tileRows, rows - panel);
    let k = start;
    while (k < end) {
      const tap = k / channels;
      const channel = k - tap * channels;
      const length = min(channels - channel, end - k);
      const ty = tap / gather.tapsX;
      const tx = tap - ty * gather.tapsX;
      const row = first + panel;
      const skip = <usize>channel << 2;
      const r0 = gatherAddress(gather, row, ty, tx) + skip;
      const r1 = present > 1 ? gatherAddress(gather, row + 1, ty, tx) + skip : gather.zeros;
      const r2 = present > 2 ? gatherAddress(gather, row + 2, ty, tx) + skip : gather.zeros;
      const r3 = present > 3 ? gatherAddress(gather, row + 3, ty, tx) + skip : gather.zeros;
      const r4 = present > 4 ? gatherAddress(gather, row + 4, ty, tx) + skip : gather.zeros;
      const r5 = present > 5 ? gatherAddress(gather, row + 5, ty, tx) + skip : gather.zeros;
      interleaveSix(r0, r1, r2, r3, r4, r5, length, to);
      to += <usize>length * 24;
      k += length;
    }
  }
}

/** Writes for each of `length` values the six rows' one beside the other. */
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
    // Six outputs of four values hold the four groups of six: a0 b0 c0 d0 | e0 f0 a1 b1 | c1 d1 e1 f1 | ...
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
