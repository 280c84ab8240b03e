import { plusTimes, times } from '../simd';

/*
 * Winograd's F(4x4, 3x3) for 3x3 convolutions with stride 1: Y = A'[(G g G') * (B' d B)]A takes a quarter of the
 * multiplications. Tiles of 4x4 outputs read overlapping 6x6 inputs, and each of the 36 positions of a transformed tile is a
 * matrix product over the channels. See Lavin and Gray 2015, arXiv:1509.09308, section 4. F(3x3, 3x3), with 25 positions and
 * the interpolation points 0, 1, -1, 2 and infinity, suits maps such as 6x6 and 3x3, which tiles of 4x4 cover badly. Every
 * test of `tileSize` sees a constant after inlining, so that each tile tileSize gets its own loop.
 */

/** Three cache lines: see {@link positionBytes}. */
export const positionPadding: i32 = 192;
/** Bytes of scratch that every transform needs. */
export const scratchBytes: i32 = 1024;

/**
 * Bytes from one position of transformed tiles or filters to the next. The values alone often take a power of two, so that
 * all 36 positions of a tile would map to one set of the first-level cache. Three cache lines of padding prevent that.
 */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function positionBytes(rows: i32, channels: i32): usize {
  return (<usize>(rows * channels) << 2) + positionPadding;
}

/** A group of tiles of pictures, and the matrices of their transforms. */
@unmanaged
export class Tiles {
  /** Tensor that the tiles are read from or written to, [pictures, height, width, channels]. */
  tensor!: usize;
  /** Transformed tiles, [positions, tiles, channels]. */
  transformed!: usize;
  height!: i32;
  width!: i32;
  channels!: i32;
  /** Tiles per column and per row of a picture. */
  tilesY!: i32;
  tilesX!: i32;
  /** The first tile of the group, numbered across all pictures, and the number of tiles. */
  firstTile!: i32;
  tiles!: i32;
  /** Padding: the input of a tile begins this many rows and columns before its output. */
  padTop!: i32;
  padLeft!: i32;
  /** Address of at least `channels` zeros. */
  zeros!: usize;
  /** Height and width of a tile's output: 4 or 3. */
  tileSize!: i32;
  /** What {@link transformOutputs} adds to each channel; 0 if it only transforms. */
  shift!: usize;
  /** Tensor of the shape of the output that is added too; 0 without one. */
  residual!: usize;
  /** Where the result ends on both sides: 0 and infinity for a ReLU. */
  floor!: f32;
  ceiling!: f32;
}

/** Multiplies six vectors (five for tiles of 3x3) by B' and stores as many at `to`, `step` bytes apart. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function inputPass(
  tileSize: i32,
  d0: v128,
  d1: v128,
  d2: v128,
  d3: v128,
  d4: v128,
  d5: v128,
  to: usize,
  step: usize,
): void {
  if (tileSize == 3) {
    const difference31 = f32x4.sub(d3, d1);
    const difference32 = f32x4.sub(d3, d2);
    v128.store(to, plusTimes(difference31, f32x4.sub(d0, d2), 2));
    v128.store(to + step, plusTimes(difference32, d1, -2));
    v128.store(to + 2 * step, plusTimes(difference32, f32x4.sub(d1, d2), 2));
    v128.store(to + 3 * step, difference31);
    v128.store(to + 4 * step, plusTimes(f32x4.sub(d4, d2), difference31, -2));
    return;
  }
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
  if (work.tileSize == 4) inputTiles(work, first, last, scratch, 4);
  else inputTiles(work, first, last, scratch, 3);
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function inputTiles(work: Tiles, first: i32, last: i32, scratch: usize, tileSize: i32): void {
  const side: usize = tileSize + 2;
  const channels = work.channels;
  const step = positionBytes(work.tiles, channels);
  const addresses = scratch + 576;
  for (let tile = first; tile < last; tile++) {
    pixelAddresses(work, tile, work.padTop, work.padLeft, tileSize + 2, addresses);
    const to = work.transformed + (<usize>(tile * channels) << 2);
    for (let c: usize = 0; c < <usize>channels << 2; c += 16) {
      for (let j: usize = 0; j < side; j++) {
        const column = addresses + j * 4;
        inputPass(
          tileSize,
          v128.load(load<usize>(column) + c),
          v128.load(load<usize>(column + 4 * side) + c),
          v128.load(load<usize>(column + 8 * side) + c),
          v128.load(load<usize>(column + 12 * side) + c),
          v128.load(load<usize>(column + 16 * side) + c),
          tileSize == 4 ? v128.load(load<usize>(column + 20 * side) + c) : f32x4.splat(0),
          scratch + j * 16,
          16 * side,
        );
      }
      for (let i: usize = 0; i < side; i++) {
        const row = scratch + i * 16 * side;
        inputPass(
          tileSize,
          v128.load(row),
          v128.load(row, 16),
          v128.load(row, 32),
          v128.load(row, 48),
          v128.load(row, 64),
          tileSize == 4 ? v128.load(row, 80) : f32x4.splat(0),
          to + c + side * i * step,
          step,
        );
      }
    }
  }
}

/** Addresses of the side x side pixels of a tile's input or output; that of the zeros for pixels outside the picture. */
function pixelAddresses(work: Tiles, tile: i32, padTop: i32, padLeft: i32, side: i32, to: usize): void {
  const number = work.firstTile + tile;
  const tileX = number % work.tilesX;
  const rowOfTiles = number / work.tilesX;
  const tileY = rowOfTiles % work.tilesY;
  const picture = rowOfTiles / work.tilesY;
  for (let i = 0; i < side; i++) {
    const y = tileY * work.tileSize - padTop + i;
    for (let j = 0; j < side; j++) {
      const x = tileX * work.tileSize - padLeft + j;
      const inside = <u32>y < <u32>work.height && <u32>x < <u32>work.width;
      const pixel = (picture * work.height + y) * work.width + x;
      store<usize>(to, inside ? work.tensor + (<usize>(pixel * work.channels) << 2) : work.zeros);
      to += 4;
    }
  }
}

/** Multiplies six vectors (five for tiles of 3x3) by A' and stores four (three) at `to`, `step` bytes apart. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function outputPass(
  tileSize: i32,
  m0: v128,
  m1: v128,
  m2: v128,
  m3: v128,
  m4: v128,
  m5: v128,
  to: usize,
  step: usize,
): void {
  if (tileSize == 3) {
    const sum = f32x4.add(m1, m2);
    v128.store(to, f32x4.add(f32x4.add(m0, sum), m3));
    v128.store(to + step, plusTimes(f32x4.sub(m1, m2), m3, 2));
    v128.store(to + 2 * step, f32x4.add(plusTimes(sum, m3, 4), m4));
    return;
  }
  const sum12 = f32x4.add(m1, m2);
  const difference12 = f32x4.sub(m1, m2);
  const sum34 = f32x4.add(m3, m4);
  const difference34 = f32x4.sub(m3, m4);
  v128.store(to, f32x4.add(f32x4.add(m0, sum12), sum34));
  v128.store(to + step, plusTimes(difference12, difference34, 2));
  v128.store(to + 2 * step, plusTimes(sum12, sum34, 4));
  v128.store(to + 3 * step, f32x4.add(plusTimes(difference12, difference34, 8), m5));
}

/**
 * Y = A' M A for tiles `first` to `last - 1` of the group; with a shift min(max(Y + shift + residual, floor), ceiling). Scratch: 640 bytes and 16
 * addresses.
 */
export function transformOutputs(work: Tiles, first: i32, last: i32, scratch: usize): void {
  if (work.shift) {
    if (work.tileSize == 4) outputTiles(work, first, last, scratch, 4, true);
    else outputTiles(work, first, last, scratch, 3, true);
  } else if (work.tileSize == 4) outputTiles(work, first, last, scratch, 4, false);
  else outputTiles(work, first, last, scratch, 3, false);
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function outputTiles(work: Tiles, first: i32, last: i32, scratch: usize, tileSize: i32, finishes: bool): void {
  const side: usize = tileSize + 2;
  const channels = work.channels;
  const step = positionBytes(work.tiles, channels);
  const addresses = scratch + 640;
  const result = scratch + 384;
  const zeros = work.zeros;
  const shift = work.shift;
  // Bytes from the output to the residual: wraps around, and so does the sum of addresses.
  const toResidual = work.residual - work.tensor;
  const adds = work.residual != 0;
  const zero = f32x4.splat(0);
  const floor = f32x4.splat(work.floor);
  const ceiling = f32x4.splat(work.ceiling);
  for (let tile = first; tile < last; tile++) {
    pixelAddresses(work, tile, 0, 0, tileSize, addresses);
    const from = work.transformed + (<usize>(tile * channels) << 2);
    for (let c: usize = 0; c < <usize>channels << 2; c += 16) {
      const offset = finishes ? v128.load(shift + c) : zero;
      for (let j: usize = 0; j < side; j++) {
        const column = from + c + j * step;
        outputPass(
          tileSize,
          v128.load(column),
          v128.load(column + side * step),
          v128.load(column + 2 * side * step),
          v128.load(column + 3 * side * step),
          v128.load(column + 4 * side * step),
          tileSize == 4 ? v128.load(column + 5 * side * step) : f32x4.splat(0),
          scratch + j * 16,
          16 * side,
        );
      }
      for (let i: usize = 0; i < <usize>tileSize; i++) {
        const row = scratch + i * 16 * side;
        outputPass(
          tileSize,
          v128.load(row),
          v128.load(row, 16),
          v128.load(row, 32),
          v128.load(row, 48),
          v128.load(row, 64),
          tileSize == 4 ? v128.load(row, 80) : f32x4.splat(0),
          result,
          16,
        );
        for (let j: usize = 0; j < <usize>tileSize; j++) {
          const pixel = load<usize>(addresses + (i * <usize>tileSize + j) * 4);
          if (pixel == zeros) continue;
          let y = v128.load(result + j * 16);
          if (finishes) {
            y = f32x4.add(y, offset);
            if (adds) y = f32x4.add(y, v128.load(pixel + toResidual + c));
            y = f32x4.min(f32x4.max(y, floor), ceiling);
          }
          v128.store(pixel + c, y);
        }
      }
    }
  }
}

/** Multiplies four vectors (three for tiles of 3x3) by A: gives six (five). The transpose of {@link outputPass}. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function gradientPass(tileSize: i32, y0: v128, y1: v128, y2: v128, y3: v128, to: usize, step: usize): void {
  if (tileSize == 3) {
    const ends = f32x4.add(y0, y2);
    v128.store(to, y0);
    v128.store(to + step, f32x4.add(ends, y1));
    v128.store(to + 2 * step, f32x4.sub(ends, y1));
    v128.store(to + 3 * step, plusTimes(plusTimes(y0, y1, 2), y2, 4));
    v128.store(to + 4 * step, y2);
    return;
  }
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

/** D = A dY A' for tiles `first` to `last - 1` of the group. Scratch: 640 bytes and 16 addresses. */
export function transformGradients(work: Tiles, first: i32, last: i32, scratch: usize): void {
  if (work.tileSize == 4) gradientTiles(work, first, last, scratch, 4);
  else gradientTiles(work, first, last, scratch, 3);
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function gradientTiles(work: Tiles, first: i32, last: i32, scratch: usize, tileSize: i32): void {
  const side: usize = tileSize + 2;
  const channels = work.channels;
  const step = positionBytes(work.tiles, channels);
  const addresses = scratch + 640;
  for (let tile = first; tile < last; tile++) {
    pixelAddresses(work, tile, 0, 0, tileSize, addresses);
    const to = work.transformed + (<usize>(tile * channels) << 2);
    for (let c: usize = 0; c < <usize>channels << 2; c += 16) {
      for (let j: usize = 0; j < <usize>tileSize; j++) {
        const column = addresses + j * 4;
        gradientPass(
          tileSize,
          v128.load(load<usize>(column) + c),
          v128.load(load<usize>(column + 4 * tileSize) + c),
          v128.load(load<usize>(column + 8 * tileSize) + c),
          tileSize == 4 ? v128.load(load<usize>(column, 48) + c) : f32x4.splat(0),
          scratch + j * 16,
          16 * tileSize,
        );
      }
      for (let i: usize = 0; i < side; i++) {
        const row = scratch + i * 16 * <usize>tileSize;
        gradientPass(
          tileSize,
          v128.load(row),
          v128.load(row, 16),
          v128.load(row, 32),
          tileSize == 4 ? v128.load(row, 48) : f32x4.splat(0),
          to + c + side * i * step,
          step,
        );
      }
    }
  }
}
