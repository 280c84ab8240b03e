import { plusTimes, times } from './simd';

/*
 * 3x3 convolutions with stride 1 by Winograd's F(4x4, 3x3): Y = A'[(G g G') * (B' d B)]A, a quarter of the
 * multiplications. Tiles of 4x4 outputs overlap in 6x6 inputs; each of the 36 places of a transformed tile is a
 * matrix product of its own over the channels. Lavin and Gray 2015, arXiv:1509.09308, section 4.
 */

/**
 * Bytes from one place of transformed tiles or filters to the next. The values alone often fill a power of two: all 36
 * places of a tile would then fall into one set of the first-level cache, so three cache lines are left between them.
 */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function placeBytes(rows: i32, channels: i32): usize {
  return (<usize>(rows * channels) << 2) + 192;
}

/** Tiles `firstTile` on of pictures, and the matrices of their transforms. */
@unmanaged
export class Tiles {
  /** Tensor that tiles are cut from or written to, [pictures, height, width, channels]. */
  tensor!: usize;
  /** Transformed tiles, [36, tiles, channels]. */
  transformed!: usize;
  height!: i32;
  width!: i32;
  channels!: i32;
  /** Tiles from top to bottom and from left to right of a picture. */
  tilesY!: i32;
  tilesX!: i32;
  /** Number of the first tile, counted through all pictures, and of tiles. */
  firstTile!: i32;
  tiles!: i32;
  /** Rows and columns by which the tiles' inputs begin before their outputs. */
  padTop!: i32;
  padLeft!: i32;
  zeros!: usize;
}

/** B' times six vectors, to six at `to`, `step` bytes apart. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function inputPass(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, to: usize, step: usize): void {
  const even = plusTimes(d4, d2, -4);
  const odd = plusTimes(d3, d1, -4);
  const evenHalf = f32x4.sub(d4, d2);
  const oddHalf = times(f32x4.sub(d3, d1), 2);
  v128.store(to, plusTimes(plusTimes(d4, d2, -5), d0, 4));
  v128.store(to + step, f32x4.add(even, odd));
  v128.store(to + 2 * step, f32x4.sub(even, odd));
  v128.store(to + 3 * step, f32x4.add(evenHalf, oddHalf));
  v128.store(to + 4 * step, f32x4.sub(evenHalf, oddHalf));
  v128.store(to + 5 * step, plusTimes(plusTimes(d5, d3, -5), d1, 4));
}

/** V = B' d B for tiles `first` to `last - 1` of the group. Scratch: 576 bytes and 36 addresses. */
export function transformInputs(work: Tiles, first: i32, last: i32, scratch: usize): void {
  const channels = work.channels;
  const step = placeBytes(work.tiles, channels);
  const addresses = scratch + 576;
  for (let tile = first; tile < last; tile++) {
    pixelAddresses(work, tile, work.padTop, work.padLeft, 6, addresses);
    const to = work.transformed + (<usize>(tile * channels) << 2);
    for (let c: usize = 0; c < <usize>channels << 2; c += 16) {
      for (let j: usize = 0; j < 6; j++) {
        const column = addresses + j * 4;
        inputPass(
          v128.load(load<usize>(column) + c),
          v128.load(load<usize>(column, 24) + c),
          v128.load(load<usize>(column, 48) + c),
          v128.load(load<usize>(column, 72) + c),
          v128.load(load<usize>(column, 96) + c),
          v128.load(load<usize>(column, 120) + c),
          scratch + j * 16,
          96,
        );
      }
      for (let i: usize = 0; i < 6; i++) {
        const row = scratch + i * 96;
        inputPass(
          v128.load(row),
          v128.load(row, 16),
          v128.load(row, 32),
          v128.load(row, 48),
          v128.load(row, 64),
          v128.load(row, 80),
          to + c + 6 * i * step,
          step,
        );
      }
    }
  }
}

/** Addresses of the size x size pixels of a tile's input or output; of zeros where it hangs over the border. */
function pixelAddresses(work: Tiles, tile: i32, padTop: i32, padLeft: i32, size: i32, to: usize): void {
  const number = work.firstTile + tile;
  const tileX = number % work.tilesX;
  const rest = number / work.tilesX;
  const tileY = rest % work.tilesY;
  const picture = rest / work.tilesY;
  for (let i = 0; i < size; i++) {
    const y = tileY * 4 - padTop + i;
    for (let j = 0; j < size; j++) {
      const x = tileX * 4 - padLeft + j;
      const inside = <u32>y < <u32>work.height && <u32>x < <u32>work.width;
      const pixel = (picture * work.height + y) * work.width + x;
      store<usize>(to, inside ? work.tensor + (<usize>(pixel * work.channels) << 2) : work.zeros);
      to += 4;
    }
  }
}

/** A' times six vectors, to four at `to`, `step` bytes apart. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function outputPass(m0: v128, m1: v128, m2: v128, m3: v128, m4: v128, m5: v128, to: usize, step: usize): void {
  const sum12 = f32x4.add(m1, m2);
  const difference12 = f32x4.sub(m1, m2);
  const sum34 = f32x4.add(m3, m4);
  const difference34 = f32x4.sub(m3, m4);
  v128.store(to, f32x4.add(f32x4.add(m0, sum12), sum34));
  v128.store(to + step, plusTimes(difference12, difference34, 2));
  v128.store(to + 2 * step, plusTimes(sum12, sum34, 4));
  v128.store(to + 3 * step, f32x4.add(plusTimes(difference12, difference34, 8), m5));
}

/** Y = A' M A for tiles `first` to `last - 1` of the group. Scratch: 640 bytes. */
export function transformOutputs(work: Tiles, first: i32, last: i32, scratch: usize): void {
  const channels = work.channels;
  const step = placeBytes(work.tiles, channels);
  const addresses = scratch + 640;
  const result = scratch + 384;
  for (let tile = first; tile < last; tile++) {
    pixelAddresses(work, tile, 0, 0, 4, addresses);
    const from = work.transformed + (<usize>(tile * channels) << 2);
    for (let c: usize = 0; c < <usize>channels << 2; c += 16) {
      for (let j: usize = 0; j < 6; j++) {
        const column = from + c + j * step;
        outputPass(
          v128.load(column),
          v128.load(column + 6 * step),
          v128.load(column + 12 * step),
          v128.load(column + 18 * step),
          v128.load(column + 24 * step),
          v128.load(column + 30 * step),
          scratch + j * 16,
          96,
        );
      }
      for (let i: usize = 0; i < 4; i++) {
        const row = scratch + i * 96;
        outputPass(
          v128.load(row),
          v128.load(row, 16),
          v128.load(row, 32),
          v128.load(row, 48),
          v128.load(row, 64),
          v128.load(row, 80),
          result,
          16,
        );
        for (let j: usize = 0; j < 4; j++) {
          const pixel = load<usize>(addresses + i * 16 + j * 4);
          if (pixel != work.zeros) v128.store(pixel + c, v128.load(result + j * 16));
        }
      }
    }
  }
}

/** A times four vectors to six: the transpose of {@link outputPass}. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function gradientPass(y0: v128, y1: v128, y2: v128, y3: v128, to: usize, step: usize): void {
  const even = f32x4.add(y0, y2);
  const odd = f32x4.add(y1, y3);
  const even4 = plusTimes(y0, y2, 4);
  const odd4 = times(plusTimes(y1, y3, 4), 2);
  v128.store(to, y0);
  v128.store(to + step, f32x4.add(even, odd));
  v128.store(to + 2 * step, f32x4.sub(even, odd));
  v128.store(to + 3 * step, f32x4.add(even4, odd4));
  v128.store(to + 4 * step, f32x4.sub(even4, odd4));
  v128.store(to + 5 * step, y3);
}

/** D = A dY A' for tiles `first` to `last - 1` of the group. Scratch: 640 bytes. */
export function transformGradients(work: Tiles, first: i32, last: i32, scratch: usize): void {
  const channels = work.channels;
  const step = placeBytes(work.tiles, channels);
  const addresses = scratch + 640;
  for (let tile = first; tile < last; tile++) {
    pixelAddresses(work, tile, 0, 0, 4, addresses);
    const to = work.transformed + (<usize>(tile * channels) << 2);
    for (let c: usize = 0; c < <usize>channels << 2; c += 16) {
      for (let j: usize = 0; j < 4; j++) {
        const column = addresses + j * 4;
        gradientPass(
          v128.load(load<usize>(column) + c),
          v128.load(load<usize>(column, 16) + c),
          v128.load(load<usize>(column, 32) + c),
          v128.load(load<usize>(column, 48) + c),
          scratch + j * 16,
          64,
        );
      }
      for (let i: usize = 0; i < 6; i++) {
        const row = scratch + i * 64;
        gradientPass(
          v128.load(row),
          v128.load(row, 16),
          v128.load(row, 32),
          v128.load(row, 48),
          to + c + 6 * i * step,
          step,
        );
      }
    }
  }
}
