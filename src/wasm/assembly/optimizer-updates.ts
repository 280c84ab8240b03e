import { multiplyAdd } from './simd';

/** Values per task. */
export const valuesPerTask: i32 = 16384;

/** One optimizer step of one variable: its inputs, and where the new values go. */
@unmanaged
export class Update {
  value!: usize;
  gradient!: usize;
  /** Momentum: the velocity. Adam: the moving average of gradients. */
  first!: usize;
  /** Adam: the moving average of squared gradients. */
  second!: usize;
  newValue!: usize;
  newFirst!: usize;
  newSecond!: usize;
  length!: i32;
  /** Momentum: factor of the velocity. */
  momentum!: f32;
  /** Momentum: weight decay that is added to the gradient. */
  weightDecay!: f32;
  /** Momentum: 1 for Nesterov momentum, else 0. */
  nesterov!: i32;
  /** Adam: factors of the moving averages, and of what is added to them. Callers compute 1 - beta in float64. */
  beta1!: f32;
  beta2!: f32;
  oneMinusBeta1!: f32;
  oneMinusBeta2!: f32;
  /** Adam: factor of the square root, and what is added to it. */
  rootScale!: f32;
  epsilon!: f32;
  rate!: f32;
  /** Factor of the value: 1 without decoupled weight decay. */
  shrink!: f32;
}

/** Momentum (`torch.optim.SGD`) for tasks `first` to `last - 1`. */
export function momentumUpdate(work: Update, first: i32, last: i32): void {
  const begin = <usize>first * <usize>valuesPerTask * 4;
  const end = <usize>min(work.length, last * valuesPerTask) << 2;
  const whole = begin + ((end - begin) & ~15);
  const momentum = f32x4.splat(work.momentum);
  const weightDecay = f32x4.splat(work.weightDecay);
  const shrink = f32x4.splat(work.shrink);
  const rate = f32x4.splat(-work.rate);
  const nesterov = work.nesterov != 0;
  let at = begin;
  for (; at < whole; at += 16) {
    const value = v128.load(work.value + at);
    const direction = multiplyAdd(value, weightDecay, v128.load(work.gradient + at));
    const velocity = multiplyAdd(v128.load(work.first + at), momentum, direction);
    v128.store(work.newFirst + at, velocity);
    const step = nesterov ? multiplyAdd(velocity, momentum, direction) : velocity;
    v128.store(work.newValue + at, multiplyAdd(step, rate, f32x4.mul(value, shrink)));
  }
  for (; at < end; at += 4) {
    const value = load<f32>(work.value + at);
    const direction = load<f32>(work.gradient + at) + value * work.weightDecay;
    const velocity = load<f32>(work.first + at) * work.momentum + direction;
    store<f32>(work.newFirst + at, velocity);
    const step = nesterov ? velocity * work.momentum + direction : velocity;
    store<f32>(work.newValue + at, value * work.shrink - step * work.rate);
  }
}

/** Adam with decoupled weight decay (`torch.optim.AdamW`) for tasks `first` to `last - 1`. */
export function adamUpdate(work: Update, first: i32, last: i32): void {
  const begin = <usize>first * <usize>valuesPerTask * 4;
  const end = <usize>min(work.length, last * valuesPerTask) << 2;
  const whole = begin + ((end - begin) & ~15);
  const beta1 = f32x4.splat(work.beta1);
  const oneMinusBeta1 = f32x4.splat(work.oneMinusBeta1);
  const beta2 = f32x4.splat(work.beta2);
  const oneMinusBeta2 = f32x4.splat(work.oneMinusBeta2);
  const rate = f32x4.splat(-work.rate);
  const shrink = f32x4.splat(work.shrink);
  const rootScale = f32x4.splat(work.rootScale);
  const epsilon = f32x4.splat(work.epsilon);
  let at = begin;
  for (; at < whole; at += 16) {
    const gradient = v128.load(work.gradient + at);
    const mean = multiplyAdd(v128.load(work.first + at), beta1, f32x4.mul(gradient, oneMinusBeta1));
    const square = f32x4.mul(f32x4.mul(gradient, gradient), oneMinusBeta2);
    const meanSquare = multiplyAdd(v128.load(work.second + at), beta2, square);
    v128.store(work.newFirst + at, mean);
    v128.store(work.newSecond + at, meanSquare);
    const root = multiplyAdd(f32x4.sqrt(meanSquare), rootScale, epsilon);
    const value = f32x4.mul(v128.load(work.value + at), shrink);
    v128.store(work.newValue + at, multiplyAdd(f32x4.div(mean, root), rate, value));
  }
  for (; at < end; at += 4) {
    const gradient = load<f32>(work.gradient + at);
    const mean = load<f32>(work.first + at) * work.beta1 + gradient * work.oneMinusBeta1;
    const meanSquare = load<f32>(work.second + at) * work.beta2 + gradient * gradient * work.oneMinusBeta2;
    store<f32>(work.newFirst + at, mean);
    store<f32>(work.newSecond + at, meanSquare);
    const root = sqrt<f32>(meanSquare) * work.rootScale + work.epsilon;
    store<f32>(work.newValue + at, load<f32>(work.value + at) * work.shrink - (mean / root) * work.rate);
  }
}
