import { multiplyAdd } from './simd';

/*
 * Batch normalization of rows [groups, rows, channels]. Blocks of rows are summed in float32 and their sums in float64. The
 * result is the same bit for bit for any number of threads, and rounding errors do not pile up.
 */

/** Rows per block: few enough that the second pass over a block finds it in the cache. */
export const blockRows: i32 = 128;

@unmanaged
export class BatchNormalization {
  x!: usize;
  /** Added after normalization; 0 without a residual. */
  residual!: usize;
  output!: usize;
  /** Gradient of the output. */
  gradient!: usize;
  /** The forward output, where a ReLU followed; else 0. */
  activated!: usize;
  xGradient!: usize;
  /** Gradient of the residual; 0 without one. */
  residualGradient!: usize;
  /** Two values per block and channel: [blocks, 2, channels]. */
  partials!: usize;
  /** Mean and variance are [groups, channels]; gamma and beta are [channels], or 0. */
  mean!: usize;
  variance!: usize;
  gamma!: usize;
  beta!: usize;
  gammaGradient!: usize;
  betaGradient!: usize;
  /** Up to four factors per group and channel: [groups, 4, channels]. */
  factors!: usize;
  groups!: i32;
  /** Rows per group. */
  rows!: i32;
  channels!: i32;
  relu!: i32;
  /** The largest value that the ReLU lets through: 6, or Infinity. */
  ceiling!: f32;
  epsilon!: f32;
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function blocksOfGroup(work: BatchNormalization): i32 {
  return (work.rows + blockRows - 1) / blockRows;
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function rowsOfBlock(work: BatchNormalization, block: i32): i32 {
  return min(blockRows, work.rows - (block % blocksOfGroup(work)) * blockRows);
}

/** The first row of a block, numbered across all groups. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function firstRow(work: BatchNormalization, block: i32): i32 {
  const blocks = blocksOfGroup(work);
  return (block / blocks) * work.rows + (block % blocks) * blockRows;
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function storeFour(to: usize, a: v128, b: v128, c: v128, d: v128): void {
  v128.store(to, a);
  v128.store(to, b, 16);
  v128.store(to, c, 32);
  v128.store(to, d, 48);
}

/** Mean and sum of squared deviations of each block, for blocks `first` to `last - 1`. */
export function blockMoments(work: BatchNormalization, first: i32, last: i32): void {
  const bytes = <usize>work.channels << 2;
  const whole = bytes & ~15;
  for (let block = first; block < last; block++) {
    const rows = rowsOfBlock(work, block);
    const from = work.x + <usize>firstRow(work, block) * bytes;
    const means = work.partials + <usize>block * 2 * bytes;
    const share: f32 = 1 / <f32>rows;
    let at: usize = 0;
    // Four vectors at a time: a cache line, and four sums that do not depend on each other.
    for (; at + 64 <= bytes; at += 64) {
      let s0 = f32x4.splat(0);
      let s1 = f32x4.splat(0);
      let s2 = f32x4.splat(0);
      let s3 = f32x4.splat(0);
      let address = from + at;
      for (let row = 0; row < rows; row++) {
        s0 = f32x4.add(s0, v128.load(address));
        s1 = f32x4.add(s1, v128.load(address, 16));
        s2 = f32x4.add(s2, v128.load(address, 32));
        s3 = f32x4.add(s3, v128.load(address, 48));
        address += bytes;
      }
      const scale = f32x4.splat(share);
      const m0 = f32x4.mul(s0, scale);
      const m1 = f32x4.mul(s1, scale);
      const m2 = f32x4.mul(s2, scale);
      const m3 = f32x4.mul(s3, scale);
      let q0 = f32x4.splat(0);
      let q1 = f32x4.splat(0);
      let q2 = f32x4.splat(0);
      let q3 = f32x4.splat(0);
      address = from + at;
      for (let row = 0; row < rows; row++) {
        const d0 = f32x4.sub(v128.load(address), m0);
        const d1 = f32x4.sub(v128.load(address, 16), m1);
        const d2 = f32x4.sub(v128.load(address, 32), m2);
        const d3 = f32x4.sub(v128.load(address, 48), m3);
        q0 = multiplyAdd(d0, d0, q0);
        q1 = multiplyAdd(d1, d1, q1);
        q2 = multiplyAdd(d2, d2, q2);
        q3 = multiplyAdd(d3, d3, q3);
        address += bytes;
      }
      storeFour(means + at, m0, m1, m2, m3);
      storeFour(means + bytes + at, q0, q1, q2, q3);
    }
    for (; at < whole; at += 16) {
      let sum = f32x4.splat(0);
      let address = from + at;
      for (let row = 0; row < rows; row++) {
        sum = f32x4.add(sum, v128.load(address));
        address += bytes;
      }
      const mean = f32x4.mul(sum, f32x4.splat(share));
      let squares = f32x4.splat(0);
      address = from + at;
      for (let row = 0; row < rows; row++) {
        const deviation = f32x4.sub(v128.load(address), mean);
        squares = multiplyAdd(deviation, deviation, squares);
        address += bytes;
      }
      v128.store(means + at, mean);
      v128.store(means + bytes + at, squares);
    }
    for (; at < bytes; at += 4) {
      let sum: f32 = 0;
      for (let row = 0; row < rows; row++) sum += load<f32>(from + at + <usize>row * bytes);
      const mean = sum * share;
      let squares: f32 = 0;
      for (let row = 0; row < rows; row++) {
        const deviation = load<f32>(from + at + <usize>row * bytes) - mean;
        squares += deviation * deviation;
      }
      store<f32>(means + at, mean);
      store<f32>(means + bytes + at, squares);
    }
  }
}

/** Combines the moments of blocks into those of groups `first` to `last - 1` (Chan et al. 1979). */
export function combineMoments(work: BatchNormalization, first: i32, last: i32): void {
  const bytes = <usize>work.channels << 2;
  const blocks = blocksOfGroup(work);
  for (let group = first; group < last; group++) {
    for (let at: usize = 0; at < bytes; at += 4) {
      let count: f64 = 0;
      let mean: f64 = 0;
      let squares: f64 = 0;
      for (let block = group * blocks; block < (group + 1) * blocks; block++) {
        const partial = work.partials + <usize>block * 2 * bytes + at;
        const size = <f64>rowsOfBlock(work, block);
        const difference = <f64>load<f32>(partial) - mean;
        const total = count + size;
        mean += (difference * size) / total;
        squares += <f64>load<f32>(partial + bytes) + (difference * difference * count * size) / total;
        count = total;
      }
      const index = <usize>group * bytes + at;
      store<f32>(work.mean + index, <f32>(count == 0 ? NaN : mean)); // without rows NaN, as on the other backends
      store<f32>(work.variance + index, <f32>(squares / count));
    }
  }
}

/** Scale and shift of each channel, for groups `first` to `last - 1`. */
export function outputFactors(work: BatchNormalization, first: i32, last: i32): void {
  const bytes = <usize>work.channels << 2;
  for (let group = first; group < last; group++) {
    const factors = work.factors + <usize>group * 4 * bytes;
    for (let at: usize = 0; at < bytes; at += 4) {
      const index = <usize>group * bytes + at;
      const gamma: f64 = work.gamma ? <f64>load<f32>(work.gamma + at) : 1;
      const beta: f64 = work.beta ? <f64>load<f32>(work.beta + at) : 0;
      const scale = gamma / Math.sqrt(<f64>load<f32>(work.variance + index) + <f64>work.epsilon);
      store<f32>(factors + at, <f32>scale);
      store<f32>(factors + bytes + at, <f32>(beta - <f64>load<f32>(work.mean + index) * scale));
    }
  }
}

/** act(x * scale + shift + residual) for blocks `first` to `last - 1`. */
export function normalizeBlocks(work: BatchNormalization, first: i32, last: i32): void {
  const bytes = <usize>work.channels << 2;
  const whole = bytes & ~15;
  const zero = f32x4.splat(0);
  const ceiling = f32x4.splat(work.ceiling);
  for (let block = first; block < last; block++) {
    const offset = <usize>firstRow(work, block) * bytes;
    const scale = work.factors + <usize>(block / blocksOfGroup(work)) * 4 * bytes;
    const end = offset + <usize>rowsOfBlock(work, block) * bytes;
    for (let row = offset; row < end; row += bytes) {
      let at: usize = 0;
      for (; at < whole; at += 16) {
        let y = multiplyAdd(v128.load(work.x + row + at), v128.load(scale + at), v128.load(scale + bytes + at));
        if (work.residual) y = f32x4.add(y, v128.load(work.residual + row + at));
        if (work.relu) y = f32x4.min(f32x4.max(y, zero), ceiling);
        v128.store(work.output + row + at, y);
      }
      for (; at < bytes; at += 4) {
        let y = load<f32>(work.x + row + at) * load<f32>(scale + at) + load<f32>(scale + bytes + at);
        if (work.residual) y += load<f32>(work.residual + row + at);
        if (work.relu) y = min<f32>(max<f32>(y, 0), work.ceiling);
        store<f32>(work.output + row + at, y);
      }
    }
  }
}

/** The output's gradient where the ReLU let values through; NaN in the output counts as let through. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function maskedVector(work: BatchNormalization, at: usize): v128 {
  const gradient = v128.load(work.gradient + at);
  if (!work.activated) return gradient;
  const activated = v128.load(work.activated + at);
  let closed = f32x4.le(activated, f32x4.splat(0));
  if (work.ceiling < Infinity) closed = v128.or(closed, f32x4.ge(activated, f32x4.splat(work.ceiling)));
  return v128.andnot(gradient, closed);
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function maskedValue(work: BatchNormalization, at: usize): f32 {
  const gradient = load<f32>(work.gradient + at);
  if (!work.activated) return gradient;
  const activated = load<f32>(work.activated + at);
  return activated <= 0 || (work.ceiling < Infinity && activated >= work.ceiling) ? 0 : gradient;
}

/** Sums of the gradient and of its products with x - mean, for blocks `first` to `last - 1`. */
export function blockGradients(work: BatchNormalization, first: i32, last: i32): void {
  const bytes = <usize>work.channels << 2;
  const whole = bytes & ~15;
  for (let block = first; block < last; block++) {
    const rows = rowsOfBlock(work, block);
    const offset = <usize>firstRow(work, block) * bytes;
    const means = work.mean + <usize>(block / blocksOfGroup(work)) * bytes;
    const sums = work.partials + <usize>block * 2 * bytes;
    let at: usize = 0;
    for (; at + 64 <= bytes; at += 64) {
      const m0 = v128.load(means + at);
      const m1 = v128.load(means + at, 16);
      const m2 = v128.load(means + at, 32);
      const m3 = v128.load(means + at, 48);
      let s0 = f32x4.splat(0);
      let s1 = f32x4.splat(0);
      let s2 = f32x4.splat(0);
      let s3 = f32x4.splat(0);
      let p0 = f32x4.splat(0);
      let p1 = f32x4.splat(0);
      let p2 = f32x4.splat(0);
      let p3 = f32x4.splat(0);
      let index = offset + at;
      for (let row = 0; row < rows; row++) {
        const g0 = maskedVector(work, index);
        s0 = f32x4.add(s0, g0);
        p0 = multiplyAdd(g0, f32x4.sub(v128.load(work.x + index), m0), p0);
        const g1 = maskedVector(work, index + 16);
        s1 = f32x4.add(s1, g1);
        p1 = multiplyAdd(g1, f32x4.sub(v128.load(work.x + index, 16), m1), p1);
        const g2 = maskedVector(work, index + 32);
        s2 = f32x4.add(s2, g2);
        p2 = multiplyAdd(g2, f32x4.sub(v128.load(work.x + index, 32), m2), p2);
        const g3 = maskedVector(work, index + 48);
        s3 = f32x4.add(s3, g3);
        p3 = multiplyAdd(g3, f32x4.sub(v128.load(work.x + index, 48), m3), p3);
        index += bytes;
      }
      storeFour(sums + at, s0, s1, s2, s3);
      storeFour(sums + bytes + at, p0, p1, p2, p3);
    }
    for (; at < whole; at += 16) {
      const mean = v128.load(means + at);
      let sum = f32x4.splat(0);
      let products = f32x4.splat(0);
      let index = offset + at;
      for (let row = 0; row < rows; row++) {
        const gradient = maskedVector(work, index);
        sum = f32x4.add(sum, gradient);
        products = multiplyAdd(gradient, f32x4.sub(v128.load(work.x + index), mean), products);
        index += bytes;
      }
      v128.store(sums + at, sum);
      v128.store(sums + bytes + at, products);
    }
    for (; at < bytes; at += 4) {
      const mean = load<f32>(means + at);
      let sum: f32 = 0;
      let products: f32 = 0;
      for (let row = 0; row < rows; row++) {
        const index = offset + at + <usize>row * bytes;
        const gradient = maskedValue(work, index);
        sum += gradient;
        products += gradient * (load<f32>(work.x + index) - mean);
      }
      store<f32>(sums + at, sum);
      store<f32>(sums + bytes + at, products);
    }
  }
}

/**
 * Combines the sums of blocks into the gradients of gamma and beta, and into the factors scale, mean, slope and shift of
 * dx = scale * gradient + slope * (x - mean) + shift.
 */
export function combineGradients(work: BatchNormalization): void {
  const bytes = <usize>work.channels << 2;
  const blocks = blocksOfGroup(work);
  const count = <f64>work.rows;
  for (let at: usize = 0; at < bytes; at += 4) {
    let gammaGradient: f64 = 0;
    let betaGradient: f64 = 0;
    for (let group = 0; group < work.groups; group++) {
      let sum: f64 = 0;
      let products: f64 = 0;
      for (let block = group * blocks; block < (group + 1) * blocks; block++) {
        const partial = work.partials + <usize>block * 2 * bytes + at;
        sum += <f64>load<f32>(partial);
        products += <f64>load<f32>(partial + bytes);
      }
      const index = <usize>group * bytes + at;
      const gamma: f64 = work.gamma ? <f64>load<f32>(work.gamma + at) : 1;
      const inverseDeviation = 1 / Math.sqrt(<f64>load<f32>(work.variance + index) + <f64>work.epsilon);
      const scale = gamma * inverseDeviation;
      const factors = work.factors + <usize>group * 4 * bytes + at;
      store<f32>(factors, <f32>scale);
      store<f32>(factors + bytes, load<f32>(work.mean + index));
      store<f32>(factors + 2 * bytes, <f32>((-scale * inverseDeviation * inverseDeviation * products) / count));
      store<f32>(factors + 3 * bytes, <f32>((-scale * sum) / count));
      gammaGradient += products * inverseDeviation;
      betaGradient += sum;
    }
    store<f32>(work.gammaGradient + at, <f32>gammaGradient);
    store<f32>(work.betaGradient + at, <f32>betaGradient);
  }
}

/** Gradients of x and, where there is one, of the residual, for blocks `first` to `last - 1`. */
export function inputGradients(work: BatchNormalization, first: i32, last: i32): void {
  const bytes = <usize>work.channels << 2;
  const whole = bytes & ~15;
  for (let block = first; block < last; block++) {
    const offset = <usize>firstRow(work, block) * bytes;
    const scale = work.factors + <usize>(block / blocksOfGroup(work)) * 4 * bytes;
    const mean = scale + bytes;
    const slope = mean + bytes;
    const shift = slope + bytes;
    const end = offset + <usize>rowsOfBlock(work, block) * bytes;
    for (let row = offset; row < end; row += bytes) {
      let at: usize = 0;
      for (; at < whole; at += 16) {
        const gradient = maskedVector(work, row + at);
        const centered = f32x4.sub(v128.load(work.x + row + at), v128.load(mean + at));
        const linear = multiplyAdd(centered, v128.load(slope + at), v128.load(shift + at));
        v128.store(work.xGradient + row + at, multiplyAdd(gradient, v128.load(scale + at), linear));
        if (work.residualGradient) v128.store(work.residualGradient + row + at, gradient);
      }
      for (; at < bytes; at += 4) {
        const gradient = maskedValue(work, row + at);
        const centered = load<f32>(work.x + row + at) - load<f32>(mean + at);
        const linear = centered * load<f32>(slope + at) + load<f32>(shift + at);
        store<f32>(work.xGradient + row + at, gradient * load<f32>(scale + at) + linear);
        if (work.residualGradient) store<f32>(work.residualGradient + row + at, gradient);
      }
    }
  }
}
