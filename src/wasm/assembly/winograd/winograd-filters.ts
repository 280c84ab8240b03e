import { tileColumns } from '../products/micro-kernel';
import { panelColumns } from '../products/panels';
import { plusTimes, times } from '../simd';
import { placeBytes } from './winograd-tiles';

/** A filter [3, 3, inputs, outputs] and its transforms. */
@unmanaged
export class Filters {
  filter!: usize;
  /** [places, outputs / 8, inputs, 8] (16 in the wide build) for {@link transformFilters}; [places, outputs, inputs] sums for the gradient. */
  transformed!: usize;
  inputs!: i32;
  outputs!: i32;
  /** Whether the convolution is that of the input's gradient: turned by half, inputs and outputs exchanged. */
  turned!: i32;
  /** Height and width of the tiles' outputs: 4 or 3. */
  size!: i32;
}

/** G times three vectors to six (five of `size` 3). */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function filterPass(size: i32, g0: v128, g1: v128, g2: v128, to: usize, step: usize): void {
  if (size == 3) {
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
 * U = G g G', packed for products, for input channels 4 `first` to 4 `last` - 1 of the convolution that is computed.
 * Scratch: 36 vectors and 18.
 */
export function transformFilters(work: Filters, first: i32, last: i32, scratch: usize): void {
  if (work.size == 4) filtersOf(work, first, last, scratch, 4);
  else filtersOf(work, first, last, scratch, 3);
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function filtersOf(work: Filters, first: i32, last: i32, scratch: usize, size: i32): void {
  const side: usize = size + 2;
  const inputs = work.turned ? work.outputs : work.inputs;
  const outputs = work.turned ? work.inputs : work.outputs;
  const tapBytes = <usize>(work.inputs * work.outputs) << 2;
  const rowBytes = <usize>work.outputs << 2;
  const step = placeBytes(inputs, outputs);
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
      const even = output & ~15;
      const width = panelColumns(outputs - even);
      const begin = width == tileColumns ? output & ~7 : even;
      const panel = work.transformed + (<usize>(begin * inputs + output - begin) << 2);
      for (let i: usize = 0; i < 4; i++) {
        const taps = block + i * 144;
        for (let j: usize = 0; j < 3; j++) {
          const column = taps + j * 16;
          filterPass(size, v128.load(column), v128.load(column, 48), v128.load(column, 96), spare + j * 16, 48);
        }
        const to = panel + (<usize>input + i) * (<usize>width << 2);
        for (let k: usize = 0; k < side; k++) {
          const row = spare + k * 48;
          filterPass(size, v128.load(row), v128.load(row, 16), v128.load(row, 32), to + side * k * step, step);
        }
      }
    }
  }
}

/** G' times six vectors (five) to three: the transpose of {@link filterPass}. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function filterGradientPass(
  size: i32,
  s0: v128,
  s1: v128,
  s2: v128,
  s3: v128,
  s4: v128,
  s5: v128,
  to: usize,
  step: usize,
): void {
  if (size == 3) {
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
 * dW = G' S G for output channels 4 `first` to 4 `last` - 1, from S [places, outputs, inputs] to [3, 3, inputs, outputs].
 * Scratch: 18 vectors and 36.
 */
export function transformFilterGradients(work: Filters, first: i32, last: i32, scratch: usize): void {
  if (work.size == 4) filterGradientsOf(work, first, last, scratch, 4);
  else filterGradientsOf(work, first, last, scratch, 3);
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function filterGradientsOf(work: Filters, first: i32, last: i32, scratch: usize, size: i32): void {
  const side: usize = size + 2;
  const inputs = work.inputs;
  const outputs = work.outputs;
  const step = placeBytes(inputs, outputs);
  const tapBytes = <usize>(inputs * outputs) << 2;
  const rowBytes = <usize>outputs << 2;
  const spare = scratch + 576;
  for (let output = first * 4; output < last * 4; output += 4) {
    for (let input = 0; input < inputs; input += 4) {
      for (let i: usize = 0; i < 4; i++) {
        const from = work.transformed + (((<usize>output + i) * <usize>inputs + <usize>input) << 2);
        for (let j: usize = 0; j < side; j++) {
          const column = from + j * step;
          filterGradientPass(
            size,
            v128.load(column),
            v128.load(column + side * step),
            v128.load(column + 2 * side * step),
            v128.load(column + 3 * side * step),
            v128.load(column + 4 * side * step),
            size == 4 ? v128.load(column + 5 * side * step) : f32x4.splat(0),
            spare + j * 16,
            16 * side,
          );
        }
        for (let k: usize = 0; k < 3; k++) {
          const row = spare + k * 16 * side;
          filterGradientPass(
            size,
            v128.load(row),
            v128.load(row, 16),
            v128.load(row, 32),
            v128.load(row, 48),
            v128.load(row, 64),
            size == 4 ? v128.load(row, 80) : f32x4.splat(0),
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
        const to = work.filter + tap * tapBytes + <usize>input * rowBytes + (<usize>output << 2);
        v128.store(to, v128.shuffle<f64>(ab0, cd0, 0, 2));
        v128.store(to + rowBytes, v128.shuffle<f64>(ab0, cd0, 1, 3));
        v128.store(to + 2 * rowBytes, v128.shuffle<f64>(ab1, cd1, 0, 2));
        v128.store(to + 3 * rowBytes, v128.shuffle<f64>(ab1, cd1, 1, 3));
      }
    }
  }
}
