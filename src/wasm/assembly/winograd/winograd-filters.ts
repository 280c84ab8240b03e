import { tileColumns } from '../products/micro-kernel';
import { panelColumns } from '../products/panels';
import { plusTimes, storeTransposed, times } from '../simd';
import { positionBytes } from './winograd-tiles';

/** A filter [3, 3, inputs, outputs] and its Winograd transform. */
@unmanaged
export class Filters {
  filter!: usize;
  /**
   * For {@link transformFilters} the packed filter, [positions, outputs / 8, inputs, 8], with panels of 16 in the wide build.
   * For the gradient the sums over tiles, [positions, outputs, inputs].
   */
  transformed!: usize;
  inputs!: i32;
  outputs!: i32;
  /** 1 for the gradient of the input: the filter is rotated by 180 degrees, and inputs and outputs are swapped. */
  rotated!: i32;
  /** Height and width of a tile's output: 4 or 3. */
  tileSize!: i32;
}

/** Multiplies three vectors by G: gives six vectors, or five for tiles of 3x3. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function filterPass(tileSize: i32, g0: v128, g1: v128, g2: v128, to: usize, step: usize): void {
  if (tileSize == 3) {
    const ends = f32x4.add(g0, g2);
    v128.store(to, times(g0, 0.5));
    v128.store(to + step, times(f32x4.add(ends, g1), -0.5));
    v128.store(to + 2 * step, times(f32x4.sub(ends, g1), -1 / 6));
    v128.store(to + 3 * step, plusTimes(plusTimes(times(g0, 1 / 6), g1, 1 / 3), g2, 2 / 3));
    v128.store(to + 4 * step, g2);
    return;
  }
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
 * U = G g G', packed for matrix products, for input channels 4 * `first` to 4 * `last` - 1 of the convolution that is
 * computed. Scratch: 54 vectors.
 */
export function transformFilters(work: Filters, first: i32, last: i32, scratch: usize): void {
  if (work.tileSize == 4) filtersOf(work, first, last, scratch, 4);
  else filtersOf(work, first, last, scratch, 3);
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function filtersOf(work: Filters, first: i32, last: i32, scratch: usize, tileSize: i32): void {
  const side: usize = tileSize + 2;
  const inputs = work.rotated ? work.outputs : work.inputs;
  const outputs = work.rotated ? work.inputs : work.outputs;
  const bytesPerPosition = <usize>(work.inputs * work.outputs) << 2;
  const rowBytes = <usize>work.outputs << 2;
  const step = positionBytes(inputs, outputs);
  const block = scratch; // [4 input channels][9 filter positions] of vectors of 4 output channels
  const partial = scratch + 576;
  // A panel for all inputs, so that each position is written from one page of memory to the next.
  for (let even = 0; even < outputs; even += 16) {
    const width = panelColumns(outputs - even);
    const end = min(outputs, even + 16);
    for (let input = first * 4; input < last * 4; input += 4) {
      for (let output = even; output < end; output += 4) {
        for (let filterPosition: usize = 0; filterPosition < 9; filterPosition++) {
          const source: usize = work.rotated ? 8 - filterPosition : filterPosition;
          const row = work.rotated ? output : input;
          const column = work.rotated ? input : output;
          const from = work.filter + source * bytesPerPosition + <usize>row * rowBytes + (<usize>column << 2);
          const a = v128.load(from);
          const b = v128.load(from + rowBytes);
          const c = v128.load(from + 2 * rowBytes);
          const d = v128.load(from + 3 * rowBytes);
          const to = block + filterPosition * 16;
          if (work.rotated) {
            storeTransposed(a, b, c, d, to, 144);
          } else {
            v128.store(to, a);
            v128.store(to + 144, b);
            v128.store(to + 288, c);
            v128.store(to + 432, d);
          }
        }
        const begin = width == tileColumns ? output & ~7 : even;
        const panel = work.transformed + (<usize>(begin * inputs + output - begin) << 2);
        for (let i: usize = 0; i < 4; i++) {
          const vectors = block + i * 144;
          for (let j: usize = 0; j < 3; j++) {
            const column = vectors + j * 16;
            filterPass(tileSize, v128.load(column), v128.load(column, 48), v128.load(column, 96), partial + j * 16, 48);
          }
          const to = panel + (<usize>input + i) * (<usize>width << 2);
          for (let k: usize = 0; k < side; k++) {
            const row = partial + k * 48;
            filterPass(tileSize, v128.load(row), v128.load(row, 16), v128.load(row, 32), to + side * k * step, step);
          }
        }
      }
    }
  }
}

/** Multiplies six vectors (five for tiles of 3x3) by G': gives three vectors. The transpose of {@link filterPass}. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function filterGradientPass(
  tileSize: i32,
  s0: v128,
  s1: v128,
  s2: v128,
  s3: v128,
  s4: v128,
  s5: v128,
  to: usize,
  step: usize,
): void {
  if (tileSize == 3) {
    const half = times(s1, -0.5);
    const sixth = times(s2, 1 / 6);
    v128.store(to, plusTimes(plusTimes(f32x4.sub(half, sixth), s3, 1 / 6), s0, 0.5));
    v128.store(to + step, plusTimes(f32x4.add(half, sixth), s3, 1 / 3));
    v128.store(to + 2 * step, f32x4.add(plusTimes(f32x4.sub(half, sixth), s3, 2 / 3), s4));
    return;
  }
  const sum12 = times(f32x4.add(s1, s2), -1 / 6);
  const sum34 = f32x4.add(s3, s4);
  const difference12 = times(f32x4.sub(s2, s1), 1 / 6);
  const difference34 = times(f32x4.sub(s3, s4), 1 / 12);
  v128.store(to, f32x4.add(plusTimes(sum12, s0, 0.25), times(sum34, 1 / 24)));
  v128.store(to + step, f32x4.add(difference12, difference34));
  v128.store(to + 2 * step, f32x4.add(plusTimes(sum12, sum34, 1 / 6), s5));
}

/**
 * dW = G' S G for output channels 4 * `first` to 4 * `last` - 1, from S [positions, outputs, inputs] to
 * [3, 3, inputs, outputs]. Scratch: 54 vectors.
 */
export function transformFilterGradients(work: Filters, first: i32, last: i32, scratch: usize): void {
  if (work.tileSize == 4) filterGradientsOf(work, first, last, scratch, 4);
  else filterGradientsOf(work, first, last, scratch, 3);
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function filterGradientsOf(work: Filters, first: i32, last: i32, scratch: usize, tileSize: i32): void {
  const side: usize = tileSize + 2;
  const inputs = work.inputs;
  const outputs = work.outputs;
  const step = positionBytes(inputs, outputs);
  const bytesPerPosition = <usize>(inputs * outputs) << 2;
  const rowBytes = <usize>outputs << 2;
  const partial = scratch + 576;
  // Blocks of 16 inputs and outputs, so that cache lines are read and written whole.
  for (let evenOutput = first * 4; evenOutput < last * 4; evenOutput += 16) {
    const endOutput = min(last * 4, evenOutput + 16);
    for (let evenInput = 0; evenInput < inputs; evenInput += 16) {
      const endInput = min(inputs, evenInput + 16);
      for (let output = evenOutput; output < endOutput; output += 4) {
        for (let input = evenInput; input < endInput; input += 4) {
          for (let i: usize = 0; i < 4; i++) {
            const from = work.transformed + (((<usize>output + i) * <usize>inputs + <usize>input) << 2);
            for (let j: usize = 0; j < side; j++) {
              const column = from + j * step;
              filterGradientPass(
                tileSize,
                v128.load(column),
                v128.load(column + side * step),
                v128.load(column + 2 * side * step),
                v128.load(column + 3 * side * step),
                v128.load(column + 4 * side * step),
                tileSize == 4 ? v128.load(column + 5 * side * step) : f32x4.splat(0),
                partial + j * 16,
                16 * side,
              );
            }
            for (let k: usize = 0; k < 3; k++) {
              const row = partial + k * 16 * side;
              filterGradientPass(
                tileSize,
                v128.load(row),
                v128.load(row, 16),
                v128.load(row, 32),
                v128.load(row, 48),
                v128.load(row, 64),
                tileSize == 4 ? v128.load(row, 80) : f32x4.splat(0),
                scratch + i * 144 + k * 48,
                16,
              );
            }
          }
          for (let filterPosition: usize = 0; filterPosition < 9; filterPosition++) {
            const from = scratch + filterPosition * 16;
            const a = v128.load(from);
            const b = v128.load(from, 144);
            const c = v128.load(from, 288);
            const d = v128.load(from, 432);
            const to = work.filter + filterPosition * bytesPerPosition + <usize>input * rowBytes + (<usize>output << 2);
            storeTransposed(a, b, c, d, to, rowBytes);
          }
        }
      }
    }
  }
}
