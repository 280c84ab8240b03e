import { multiplyAdd } from '../simd';

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

/** Channels that a task combines: those of a cache line. */
export const combinedChannels: i32 = 16;

/** Combines the moments of blocks into those of groups (Chan et al. 1979), for tasks `first` to `last - 1`. */
export function combineMoments(work: BatchNormalization, first: i32, last: i32): void {
  const bytes = <usize>work.channels << 2;
  const end = min(work.channels, last * combinedChannels) << 2;
  const blocks = blocksOfGroup(work);
  for (let group = 0; group < work.groups; group++) {
    for (let at = <usize>(first * combinedChannels) << 2; at < <usize>end; at += 4) {
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

/** What follows the normalization: nothing, a ReLU, or a ReLU that ends at the ceiling. */
const noActivation: i32 = 0;
const openActivation: i32 = 1;
const cappedActivation: i32 = 2;

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function activationOf(work: BatchNormalization): i32 {
  if (!work.activated) return noActivation;
  return work.ceiling < Infinity ? cappedActivation : openActivation;
}

/** The output's gradient where the activation let values through; NaN in the output counts as let through. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function maskedVector(activation: i32, gradient: usize, activated: usize, ceiling: v128): v128 {
  const vector = v128.load(gradient);
  if (activation == noActivation) return vector;
  const output = v128.load(activated);
  let closed = f32x4.le(output, f32x4.splat(0));
  if (activation == cappedActivation) closed = v128.or(closed, f32x4.ge(output, ceiling));
  return v128.andnot(vector, closed);
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function maskedValue(activation: i32, gradient: usize, activated: usize, ceiling: f32): f32 {
  const value = load<f32>(gradient);
  if (activation == noActivation) return value;
  const output = load<f32>(activated);
  return output <= 0 || (activation == cappedActivation && output >= ceiling) ? 0 : value;
}

/** Sums of the gradient and of its products with x - mean, for blocks `first` to `last - 1`. */
export function blockGradients(work: BatchNormalization, first: i32, last: i32): void {
  const activation = activationOf(work);
  if (activation == noActivation) sumGradients(noActivation, work, first, last);
  else if (activation == openActivation) sumGradients(openActivation, work, first, last);
  else sumGradients(cappedActivation, work, first, last);
}

/** Inlined with a constant activation, so that each gets its own loop. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function sumGradients(activation: i32, work: BatchNormalization, first: i32, last: i32): void {
  const bytes = <usize>work.channels << 2;
  for (let block = first; block < last; block++) {
    const rows = rowsOfBlock(work, block);
    const offset = <usize>firstRow(work, block) * bytes;
    const means = work.mean + <usize>(block / blocksOfGroup(work)) * bytes;
    const sums = work.partials + <usize>block * 2 * bytes;
    memory.fill(sums, 0, 2 * bytes);
    // Rows in their order, so that memory is read as it lies; four at a time, so that sums are rarely loaded and stored.
    let row = 0;
    for (; row + 4 <= rows; row += 4) addRows(4, activation, work, offset + <usize>row * bytes, means, sums, bytes);
    for (; row < rows; row++) addRows(1, activation, work, offset + <usize>row * bytes, means, sums, bytes);
  }
}

/** Adds one row or four to the sums of a block. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function addRows(
  rows: i32,
  activation: i32,
  work: BatchNormalization,
  offset: usize,
  means: usize,
  sums: usize,
  bytes: usize,
): void {
  const gradients = work.gradient + offset;
  const outputs = work.activated + offset;
  const inputs = work.x + offset;
  const products = sums + bytes;
  const limit = work.ceiling;
  const ceiling = f32x4.splat(limit);
  const whole = bytes & ~15;
  let at: usize = 0;
  for (; at < whole; at += 16) {
    const mean = v128.load(means + at);
    let sum = v128.load(sums + at);
    let product = v128.load(products + at);
    const g0 = maskedVector(activation, gradients + at, outputs + at, ceiling);
    sum = f32x4.add(sum, g0);
    product = multiplyAdd(g0, f32x4.sub(v128.load(inputs + at), mean), product);
    if (rows == 4) {
      let next = at + bytes;
      const g1 = maskedVector(activation, gradients + next, outputs + next, ceiling);
      sum = f32x4.add(sum, g1);
      product = multiplyAdd(g1, f32x4.sub(v128.load(inputs + next), mean), product);
      next += bytes;
      const g2 = maskedVector(activation, gradients + next, outputs + next, ceiling);
      sum = f32x4.add(sum, g2);
      product = multiplyAdd(g2, f32x4.sub(v128.load(inputs + next), mean), product);
      next += bytes;
      const g3 = maskedVector(activation, gradients + next, outputs + next, ceiling);
      sum = f32x4.add(sum, g3);
      product = multiplyAdd(g3, f32x4.sub(v128.load(inputs + next), mean), product);
    }
    v128.store(sums + at, sum);
    v128.store(products + at, product);
  }
  for (; at < bytes; at += 4) {
    const mean = load<f32>(means + at);
    let sum = load<f32>(sums + at);
    let product = load<f32>(products + at);
    for (let row = 0; row < rows; row++) {
      const next = at + <usize>row * bytes;
      const gradient = maskedValue(activation, gradients + next, outputs + next, limit);
      sum += gradient;
      product += gradient * (load<f32>(inputs + next) - mean);
    }
    store<f32>(sums + at, sum);
    store<f32>(products + at, product);
  }
}

/**
 * Combines the sums of blocks into the gradients of gamma and beta, and into the factors scale, mean, slope and shift of
 * dx = scale * gradient + slope * (x - mean) + shift, for tasks `first` to `last - 1`.
 */
export function combineGradients(work: BatchNormalization, first: i32, last: i32): void {
  const bytes = <usize>work.channels << 2;
  const end = min(work.channels, last * combinedChannels) << 2;
  const blocks = blocksOfGroup(work);
  const count = <f64>work.rows;
  for (let at = <usize>(first * combinedChannels) << 2; at < <usize>end; at += 4) {
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
  const activation = activationOf(work);
  if (activation == noActivation) spreadGradients(noActivation, work, first, last);
  else if (activation == openActivation) spreadGradients(openActivation, work, first, last);
  else spreadGradients(cappedActivation, work, first, last);
}

/** Inlined with a constant activation, so that each gets its own loop. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function spreadGradients(activation: i32, work: BatchNormalization, first: i32, last: i32): void {
  const bytes = <usize>work.channels << 2;
  const whole = bytes & ~15;
  const limit = work.ceiling;
  const ceiling = f32x4.splat(limit);
  for (let block = first; block < last; block++) {
    const offset = <usize>firstRow(work, block) * bytes;
    const scale = work.factors + <usize>(block / blocksOfGroup(work)) * 4 * bytes;
    const mean = scale + bytes;
    const slope = mean + bytes;
    const shift = slope + bytes;
    const end = offset + <usize>rowsOfBlock(work, block) * bytes;
    for (let row = offset; row < end; row += bytes) {
      const gradients = work.gradient + row;
      const outputs = work.activated + row;
      let at: usize = 0;
      for (; at < whole; at += 16) {
        const gradient = maskedVector(activation, gradients + at, outputs + at, ceiling);
        const centered = f32x4.sub(v128.load(work.x + row + at), v128.load(mean + at));
        const linear = multiplyAdd(centered, v128.load(slope + at), v128.load(shift + at));
        v128.store(work.xGradient + row + at, multiplyAdd(gradient, v128.load(scale + at), linear));
        if (work.residualGradient) v128.store(work.residualGradient + row + at, gradient);
      }
      for (; at < bytes; at += 4) {
        const gradient = maskedValue(activation, gradients + at, outputs + at, limit);
        const centered = load<f32>(work.x + row + at) - load<f32>(mean + at);
        const linear = centered * load<f32>(slope + at) + load<f32>(shift + at);
        store<f32>(work.xGradient + row + at, gradient * load<f32>(scale + at) + linear);
        if (work.residualGradient) store<f32>(work.residualGradient + row + at, gradient);
      }
    }
  }
}
