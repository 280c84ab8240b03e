import { tileColumns } from './micro-kernel';
import { panelColumns } from './panels';
import { plusTimes, times } from './simd';
import { placeBytes } from './winograd-tiles';

/** A filter [3, 3, inputs, outputs] and its transforms. */
@unmanaged
export class Filters {
  filter!: usize;
  /** [36, outputs / 8, inputs, 8] (16 in the wide build) for {@link transformFilters}; [36, outputs, inputs] sums for the gradient. */
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
          filterPass(v128.load(column), v128.load(column, 48), v128.load(column, 96), spare + j * 16, 48);
        }
        const to = panel + (<usize>input + i) * (<usize>width << 2);
        for (let k: usize = 0; k < 6; k++) {
          const row = spare + k * 48;
          filterPass(v128.load(row), v128.load(row, 16), v128.load(row, 32), to + 6 * k * step, step);
        }
      }
    }
  }
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
  const step = placeBytes(inputs, outputs);
  const tapBytes = <usize>(inputs * outputs) << 2;
  const rowBytes = <usize>outputs << 2;
  const spare = scratch + 576;
  for (let output = first * 4; output < last * 4; output += 4) {
    for (let input = 0; input < inputs; input += 4) {
      for (let i: usize = 0; i < 4; i++) {
        const from = work.transformed + (((<usize>output + i) * <usize>inputs + <usize>input) << 2);
        for (let j: usize = 0; j < 6; j++) {
          const column = from + j * step;
          filterGradientPass(
            v128.load(column),
            v128.load(column + 6 * step),
            v128.load(column + 12 * step),
            v128.load(column + 18 * step),
            v128.load(column + 24 * step),
            v128.load(column + 30 * step),
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
        const to = work.filter + tap * tapBytes + <usize>input * rowBytes + (<usize>output << 2);
        v128.store(to, v128.shuffle<f64>(ab0, cd0, 0, 2));
        v128.store(to + rowBytes, v128.shuffle<f64>(ab0, cd0, 1, 3));
        v128.store(to + 2 * rowBytes, v128.shuffle<f64>(ab1, cd1, 0, 2));
        v128.store(to + 3 * rowBytes, v128.shuffle<f64>(ab1, cd1, 1, 3));
      }
    }
  }
}
