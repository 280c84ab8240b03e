import { multiplyAdd } from './simd';

/** Values per task. */
export const valuesPerTask: i32 = 16384;

/** One optimizer step of one variable: its inputs, and where the new values go. */
@unmanaged
export class Update {
  value!: usize;
  gradient!: usize;
  /** Velocity; or the mean of gradients. */
  first!: usize;
  /** The mean of squared gradients. */
  second!: usize;
  newValue!: usize;
  newFirst!: usize;
  newSecond!: usize;
  length!: i32;
  /** Shares of `first` and `second` that are kept, and of the new that is added: their difference to 1 as a float64. */
  keepFirst!: f32;
  keepSecond!: f32;
  addFirst!: f32;
  addSecond!: f32;
  rate!: f32;
  /** Factor of the value: 1 without decoupled weight decay. */
  shrink!: f32;
  /** Momentum: weight decay that is added to the gradient. Adam: factor of the root. */
  decay!: f32;
  /** Momentum: 1 for Nesterov's, else 0. Adam: epsilon. */
  extra!: f32;
}

/** Momentum (`torch.optim.SGD`) for tasks `first` to `last - 1`. */
export function momentumUpdate(work: Update, first: i32, last: i32): void {
  const begin = <usize>first * <usize>valuesPerTask * 4;
  const end = <usize>min(work.length, last * valuesPerTask) << 2;
  const whole = begin + ((end - begin) & ~15);
  const keep = f32x4.splat(work.keepFirst);
  const decay = f32x4.splat(work.decay);
  const shrink = f32x4.splat(work.shrink);
  const rate = f32x4.splat(-work.rate);
  const nesterov = work.extra != 0;
  let at = begin;
  for (; at < whole; at += 16) {
    const value = v128.load(work.value + at);
    const direction = multiplyAdd(value, decay, v128.load(work.gradient + at));
    const velocity = multiplyAdd(v128.load(work.first + at), keep, direction);
    v128.store(work.newFirst + at, velocity);
    const step = nesterov ? multiplyAdd(velocity, keep, direction) : velocity;
    v128.store(work.newValue + at, multiplyAdd(step, rate, f32x4.mul(value, shrink)));
  }
  for (; at < end; at += 4) {
    const value = load<f32>(work.value + at);
    const direction = load<f32>(work.gradient + at) + value * work.decay;
    const velocity = load<f32>(work.first + at) * work.keepFirst + direction;
    store<f32>(work.newFirst + at, velocity);
    const step = nesterov ? velocity * work.keepFirst + direction : velocity;
    store<f32>(work.newValue + at, value * work.shrink - step * work.rate);
  }
}

/** Adam with decoupled weight decay (`torch.optim.AdamW`) for tasks `first` to `last - 1`. */
export function adamUpdate(work: Update, first: i32, last: i32): void {
  const begin = <usize>first * <usize>valuesPerTask * 4;
  const end = <usize>min(work.length, last * valuesPerTask) << 2;
  const whole = begin + ((end - begin) & ~15);
  const keepFirst = f32x4.splat(work.keepFirst);
  const addFirst = f32x4.splat(work.addFirst);
  const keepSecond = f32x4.splat(work.keepSecond);
  const addSecond = f32x4.splat(work.addSecond);
  const rate = f32x4.splat(-work.rate);
  const shrink = f32x4.splat(work.shrink);
  const rootScale = f32x4.splat(work.decay);
  const epsilon = f32x4.splat(work.extra);
  let at = begin;
  for (; at < whole; at += 16) {
    const gradient = v128.load(work.gradient + at);
    const mean = multiplyAdd(v128.load(work.first + at), keepFirst, f32x4.mul(gradient, addFirst));
    const square = f32x4.mul(f32x4.mul(gradient, gradient), addSecond);
    const meanSquare = multiplyAdd(v128.load(work.second + at), keepSecond, square);
    v128.store(work.newFirst + at, mean);
    v128.store(work.newSecond + at, meanSquare);
    const root = multiplyAdd(f32x4.sqrt(meanSquare), rootScale, epsilon);
    const value = f32x4.mul(v128.load(work.value + at), shrink);
    v128.store(work.newValue + at, multiplyAdd(f32x4.div(mean, root), rate, value));
  }
  for (; at < end; at += 4) {
    const gradient = load<f32>(work.gradient + at);
    const mean = load<f32>(work.first + at) * work.keepFirst + gradient * work.addFirst;
    const meanSquare = load<f32>(work.second + at) * work.keepSecond + gradient * gradient * work.addSecond;
    store<f32>(work.newFirst + at, mean);
    store<f32>(work.newSecond + at, meanSquare);
    const root = sqrt<f32>(meanSquare) * work.decay + work.extra;
    store<f32>(work.newValue + at, load<f32>(work.value + at) * work.shrink - (mean / root) * work.rate);
  }
}
