import { multiplyOuter, multiplyRows, tileColumns, tileRows } from './micro-kernel';
import { multiplyAdd } from './simd';

/*
 * 3x3 convolutions with stride 1 by Winograd's F(4x4, 3x3): Y = A'[(G g G') * (B' d B)]A, a quarter of the
 * multiplications. Tiles of 4x4 outputs overlap in 6x6 inputs; each of the 36 places of a transformed tile is a
 * matrix product of its own over the channels. Lavin and Gray 2015, arXiv:1509.09308, section 4.
 */

export const places: i32 = 36;

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

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function times(vector: v128, factor: f32): v128 {
  return f32x4.mul(vector, f32x4.splat(factor));
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function plusTimes(sum: v128, vector: v128, factor: f32): v128 {
  return multiplyAdd(vector, f32x4.splat(factor), sum);
}

/** B' times six vectors at `from`, `fromStep` bytes apart, to six at `to`. */
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
  const placeBytes = <usize>(work.tiles * channels) << 2;
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
          to + c + 6 * i * placeBytes,
          placeBytes,
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

/** A' times six vectors to four. */
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
  const placeBytes = <usize>(work.tiles * channels) << 2;
  const addresses = scratch + 640;
  const result = scratch + 384;
  for (let tile = first; tile < last; tile++) {
    pixelAddresses(work, tile, 0, 0, 4, addresses);
    const from = work.transformed + (<usize>(tile * channels) << 2);
    for (let c: usize = 0; c < <usize>channels << 2; c += 16) {
      for (let j: usize = 0; j < 6; j++) {
        const column = from + c + j * placeBytes;
        outputPass(
          v128.load(column),
          v128.load(column + 6 * placeBytes),
          v128.load(column + 12 * placeBytes),
          v128.load(column + 18 * placeBytes),
          v128.load(column + 24 * placeBytes),
          v128.load(column + 30 * placeBytes),
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
  const placeBytes = <usize>(work.tiles * channels) << 2;
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
          to + c + 6 * i * placeBytes,
          placeBytes,
        );
      }
    }
  }
}

/** A filter [3, 3, inputs, outputs] and its transforms. */
@unmanaged
export class Filters {
  filter!: usize;
  /** [36, outputs / 8, inputs, 8] for {@link transformFilters}; [36, outputs, inputs] sums for the gradient. */
  transformed!: usize;
  inputs!: i32;
  outputs!: i32;
  /** Whether the convolution is that of the input's gradient: turned by half, inputs and outputs exchanged. */
  turned!: i32;
}

/** G times three vectors to six. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function filterPass(g0: v128, g1: v128, g2: v128, to: usize, step: usize): void {
  const ends = times(f32x4.add(g0, g2), -1 / 6);
  const middle = times(g1, -1 / 6);
  const wide = plusTimes(times(g0, 1 / 24), g2, 1 / 6);
  const wideMiddle = times(g1, 1 / 12);
  v128.store(to, times(g0, 0.25));
  v128.store(to + step, f32x4.add(ends, middle));
  v128.store(to + 2 * step, f32x4.sub(ends, middle));
  v128.store(to + 3 * step, f32x4.add(wide, wideMiddle));
  v128.store(to + 4 * step, f32x4.sub(wide, wideMiddle));
  v128.store(to + 5 * step, g2);
}

/**
 * U = G g G', packed for products, for input channels 4 `first` to 4 `last` - 1 of the convolution that is computed.
 * Scratch: 36 vectors and 18.
 */
export function transformFilters(work: Filters, first: i32, last: i32, scratch: usize): void {
  const inputs = work.turned ? work.outputs : work.inputs;
  const outputs = work.turned ? work.inputs : work.outputs;
  const tapBytes = <usize>(work.inputs * work.outputs) << 2;
  const rowBytes = <usize>work.outputs << 2;
  const placeBytes = <usize>(inputs * outputs) << 2;
  const block = scratch; // [4 input channels][9 taps] of vectors of 4 output channels
  const spare = scratch + 576;
  for (let input = first * 4; input < last * 4; input += 4) {
    for (let output = 0; output < outputs; output += 4) {
      for (let tap: usize = 0; tap < 9; tap++) {
        const at: usize = work.turned ? 8 - tap : tap;
        const row = work.turned ? output : input;
        const column = work.turned ? input : output;
        const from = work.filter + at * tapBytes + <usize>row * rowBytes + (<usize>column << 2);
        const a = v128.load(from);
        const b = v128.load(from + rowBytes);
        const c = v128.load(from + 2 * rowBytes);
        const d = v128.load(from + 3 * rowBytes);
        const to = block + tap * 16;
        if (work.turned) {
          const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
          const ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
          const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
          const cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
          v128.store(to, v128.shuffle<f64>(ab0, cd0, 0, 2));
          v128.store(to + 144, v128.shuffle<f64>(ab0, cd0, 1, 3));
          v128.store(to + 288, v128.shuffle<f64>(ab1, cd1, 0, 2));
          v128.store(to + 432, v128.shuffle<f64>(ab1, cd1, 1, 3));
        } else {
          v128.store(to, a);
          v128.store(to + 144, b);
          v128.store(to + 288, c);
          v128.store(to + 432, d);
        }
      }
      const panel = work.transformed + (<usize>((output / tileColumns) * inputs * tileColumns + (output & 4)) << 2);
      for (let i: usize = 0; i < 4; i++) {
        const taps = block + i * 144;
        for (let j: usize = 0; j < 3; j++) {
          const column = taps + j * 16;
          filterPass(v128.load(column), v128.load(column, 48), v128.load(column, 96), spare + j * 16, 48);
        }
        const to = panel + ((<usize>input + i) << 5);
        for (let k: usize = 0; k < 6; k++) {
          const row = spare + k * 48;
          filterPass(v128.load(row), v128.load(row, 16), v128.load(row, 32), to + 6 * k * placeBytes, placeBytes);
        }
      }
    }
  }
}

/** The products of all places, and what they are about. */
@unmanaged
export class PlaceProducts {
  /** [36, tiles, depth] of V. */
  left!: usize;
  /** [36, columns / 8, depth, 8] of U; or, over tiles, [36, tiles, columns] of D. */
  right!: usize;
  /** [36, tiles, columns]; or, over tiles, [36, columns, depth]. */
  result!: usize;
  tiles!: i32;
  depth!: i32;
  columns!: i32;
  accumulate!: i32;
}

/** M = V U at places `first` to `last - 1`. Scratch: a spare tile. */
export function multiplyPlaces(work: PlaceProducts, first: i32, last: i32, scratch: usize): void {
  const depth = work.depth;
  const stride = <usize>work.columns << 2;
  const rowBytes = <usize>depth << 2;
  for (let place = first; place < last; place++) {
    const left = work.left + (<usize>(place * work.tiles) * rowBytes);
    const right = work.right + (<usize>(place * work.columns) * rowBytes);
    const result = work.result + <usize>(place * work.tiles) * stride;
    for (let column = 0; column < work.columns; column += tileColumns) {
      const panel = right + <usize>column * rowBytes;
      for (let row = 0; row < work.tiles; row += tileRows) {
        const present = min(tileRows, work.tiles - row);
        const a = left + <usize>row * rowBytes;
        const c = result + <usize>row * stride + (<usize>column << 2);
        if (present == tileRows) {
          multiplyRows(a, rowBytes, panel, depth, c, stride);
        } else {
          // The rows beyond lie in the next place or in the slack behind the last; they are dropped.
          multiplyRows(a, rowBytes, panel, depth, scratch, 32);
          for (let i = 0; i < present; i++) {
            v128.store(c + <usize>i * stride, v128.load(scratch + (<usize>i << 5)));
            v128.store(c + <usize>i * stride, v128.load(scratch + (<usize>i << 5), 16), 16);
          }
        }
      }
    }
  }
}

/** S = D' V, summed over tiles, at places `first` to `last - 1`: [columns, depth]. Scratch: a spare tile. */
export function sumPlaces(work: PlaceProducts, first: i32, last: i32, scratch: usize): void {
  const depth = work.depth;
  const columns = work.columns;
  const stride = <usize>depth << 2;
  const stepA = <usize>columns << 2;
  for (let place = first; place < last; place++) {
    const left = work.left + (<usize>(place * work.tiles) * stride);
    const right = work.right + (<usize>(place * work.tiles) * stepA);
    const result = work.result + <usize>(place * columns) * stride;
    for (let channel = 0; channel < depth; channel += tileColumns) {
      const b = left + (<usize>channel << 2);
      for (let column = 0; column < columns; column += tileRows) {
        const present = min(tileRows, columns - column);
        const a = right + (<usize>column << 2);
        const c = result + <usize>column * stride + (<usize>channel << 2);
        if (present == tileRows) {
          multiplyOuter(a, stepA, b, stride, work.tiles, c, stride, work.accumulate != 0);
        } else {
          multiplyOuter(a, stepA, b, stride, work.tiles, scratch, 32, false);
          for (let i = 0; i < present; i++) addRow(scratch + (<usize>i << 5), c + <usize>i * stride, work.accumulate != 0);
        }
      }
    }
  }
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function addRow(from: usize, to: usize, accumulate: bool): void {
  let low = v128.load(from);
  let high = v128.load(from, 16);
  if (accumulate) {
    low = f32x4.add(low, v128.load(to));
    high = f32x4.add(high, v128.load(to, 16));
  }
  v128.store(to, low);
  v128.store(to, high, 16);
}

/** G' times six vectors to three: the transpose of {@link filterPass}. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function filterGradientPass(s0: v128, s1: v128, s2: v128, s3: v128, s4: v128, s5: v128, to: usize, step: usize): void {
  const sum12 = times(f32x4.add(s1, s2), -1 / 6);
  const sum34 = f32x4.add(s3, s4);
  const difference12 = times(f32x4.sub(s2, s1), 1 / 6);
  const difference34 = times(f32x4.sub(s3, s4), 1 / 12);
  v128.store(to, f32x4.add(plusTimes(sum12, s0, 0.25), times(sum34, 1 / 24)));
  v128.store(to + step, f32x4.add(difference12, difference34));
  v128.store(to + 2 * step, f32x4.add(plusTimes(sum12, sum34, 1 / 6), s5));
}

/**
 * dW = G' S G for output channels 4 `first` to 4 `last` - 1, from S [36, outputs, inputs] to [3, 3, inputs, outputs].
 * Scratch: 18 vectors and 36.
 */
export function transformFilterGradients(work: Filters, first: i32, last: i32, scratch: usize): void {
  const inputs = work.inputs;
  const outputs = work.outputs;
  const placeBytes = <usize>(inputs * outputs) << 2;
  const rowBytes = <usize>outputs << 2;
  const spare = scratch + 576;
  for (let output = first * 4; output < last * 4; output += 4) {
    for (let input = 0; input < inputs; input += 4) {
      for (let i: usize = 0; i < 4; i++) {
        const from = work.transformed + (((<usize>output + i) * <usize>inputs + <usize>input) << 2);
        for (let j: usize = 0; j < 6; j++) {
          const column = from + j * placeBytes;
          filterGradientPass(
            v128.load(column),
            v128.load(column + 6 * placeBytes),
            v128.load(column + 12 * placeBytes),
            v128.load(column + 18 * placeBytes),
            v128.load(column + 24 * placeBytes),
            v128.load(column + 30 * placeBytes),
            spare + j * 16,
            96,
          );
        }
        for (let k: usize = 0; k < 3; k++) {
          const row = spare + k * 96;
          filterGradientPass(
            v128.load(row),
            v128.load(row, 16),
            v128.load(row, 32),
            v128.load(row, 48),
            v128.load(row, 64),
            v128.load(row, 80),
            scratch + i * 144 + k * 48,
            16,
          );
        }
      }
      for (let tap: usize = 0; tap < 9; tap++) {
        const from = scratch + tap * 16;
        const a = v128.load(from);
        const b = v128.load(from, 144);
        const c = v128.load(from, 288);
        const d = v128.load(from, 432);
        const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
        const ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
        const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
        const cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
        const to = work.filter + tap * placeBytes + <usize>input * rowBytes + (<usize>output << 2);
        v128.store(to, v128.shuffle<f64>(ab0, cd0, 0, 2));
        v128.store(to + rowBytes, v128.shuffle<f64>(ab0, cd0, 1, 3));
        v128.store(to + 2 * rowBytes, v128.shuffle<f64>(ab1, cd1, 0, 2));
        v128.store(to + 3 * rowBytes, v128.shuffle<f64>(ab1, cd1, 1, 3));
      }
    }
  }
}
