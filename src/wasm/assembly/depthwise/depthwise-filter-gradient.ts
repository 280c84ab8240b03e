import { multiplyAdd } from '../simd';
import { endInside, endTap, firstInside, firstTap, minTouchedBytes, touch } from './depthwise';
import { addFourAtStride1, addFourAtStride2 } from './three-tap-sums';

/**
 * The gradient of a depthwise convolution for its filter: for each tap the sum over all output pixels of input times gradient.
 * Blocks of rows are summed in float32 and their sums in float64. The result is the same bit for bit for any number of threads.
 */
@unmanaged
export class DepthwiseFilterGradient {
  /** [pictures, height, width, channels]. */
  input!: usize;
  /** [pictures, outHeight, outWidth, channels]. */
  gradient!: usize;
  /** Sums of the blocks, [blocks, filterHeight, filterWidth, channels]. */
  partials!: usize;
  /** [filterHeight, filterWidth, channels]. */
  result!: usize;
  pictures!: i32;
  height!: i32;
  width!: i32;
  channels!: i32;
  outHeight!: i32;
  outWidth!: i32;
  filterHeight!: i32;
  filterWidth!: i32;
  strideY!: i32;
  strideX!: i32;
  dilationY!: i32;
  dilationX!: i32;
  padTop!: i32;
  padLeft!: i32;
  /** Rows of output pixels per block, and the number of blocks. */
  blockRows!: i32;
  blocks!: i32;
  /** Channels per task. */
  taskChannels!: i32;
}

/** Sums blocks of rows: task t is block t / parts, channels (t % parts) * taskChannels and on. */
export function depthwiseFilterBlocks(work: DepthwiseFilterGradient, first: i32, last: i32, scratch: usize): void {
  const taskChannels = work.taskChannels;
  const parts = (work.channels + taskChannels - 1) / taskChannels;
  const bytes = <usize>work.channels << 2;
  const taps = work.filterHeight * work.filterWidth;
  for (let task = first; task < last; task++) {
    const block = task / parts;
    const begin = <usize>((task - block * parts) * taskChannels) << 2;
    const length = min(<usize>taskChannels << 2, bytes - begin);
    const sums = work.partials + <usize>(block * taps) * bytes + begin;
    for (let tap = 0; tap < taps; tap++) memory.fill(sums + <usize>tap * bytes, 0, length);
    const end = min((block + 1) * work.blockRows, work.pictures * work.outHeight);
    for (let row = block * work.blockRows; row < end; row++) {
      if (length == bytes && bytes >= minTouchedBytes) touchRows(work, row, row == block * work.blockRows, scratch);
      addRow(work, row, begin, length, sums);
    }
  }
}

/** Reads ahead what a row needs: the gradient, and all input rows or those that the row before did not read. */
function touchRows(work: DepthwiseFilterGradient, index: i32, all: bool, scratch: usize): void {
  const bytes = <usize>work.channels << 2;
  const picture = index / work.outHeight;
  const base = (index - picture * work.outHeight) * work.strideY - work.padTop;
  const end = endTap(base, work.dilationY, work.height, work.filterHeight);
  const top = firstTap(base, work.dilationY, work.height);
  const rowBytes = <usize>work.width * bytes;
  for (let i = all ? top : max(top, end - work.strideY); i < end; i++) {
    const row = picture * work.height + base + i * work.dilationY;
    touch(work.input + <usize>row * rowBytes, rowBytes, scratch);
  }
  const gradientBytes = <usize>work.outWidth * bytes;
  touch(work.gradient + <usize>index * gradientBytes, gradientBytes, scratch);
}

/** Adds the products of a row of output pixels, numbered across all pictures. */
function addRow(work: DepthwiseFilterGradient, index: i32, begin: usize, length: usize, sums: usize): void {
  const bytes = <usize>work.channels << 2;
  const picture = index / work.outHeight;
  const base = (index - picture * work.outHeight) * work.strideY - work.padTop;
  const top = firstTap(base, work.dilationY, work.height);
  const tapRows = endTap(base, work.dilationY, work.height, work.filterHeight) - top;
  const input = work.input + <usize>((picture * work.height + base + top * work.dilationY) * work.width) * bytes + begin;
  const gradients = work.gradient + <usize>(index * work.outWidth) * bytes + begin;
  const rowSums = sums + <usize>(top * work.filterWidth) * bytes;
  const pixelStep = <usize>work.strideX * bytes;
  const rowStep = <usize>(work.dilationY * work.width) * bytes;
  const tapStep = <usize>work.dilationX * bytes;
  const sumRowStep = <usize>work.filterWidth * bytes;

  const neighbors = work.filterWidth == 3 && work.dilationX == 1 && work.strideX <= 2;
  const inside = firstInside(-work.padLeft, work.strideX, work.filterWidth, work.dilationX, work.outWidth);
  const outside = endInside(-work.padLeft, work.strideX, work.filterWidth, work.dilationX, work.outWidth, work.width);
  for (let x = 0; x < work.outWidth; ) {
    const pixel = x * work.strideX - work.padLeft;
    const gradient = gradients + <usize>x * bytes;
    if (x >= inside && x + 4 <= outside) {
      const from = input + <usize>pixel * bytes;
      for (let i = 0; i < tapRows; i++) {
        const row = from + <usize>i * rowStep;
        const to = rowSums + <usize>i * sumRowStep;
        let done: usize = 0;
        if (neighbors) {
          done = length & ~31;
          if (work.strideX == 1) addFourAtStride1(row, gradient, bytes, to, done);
          else addFourAtStride2(row, gradient, bytes, to, done);
        }
        if (done < length) addFour(row, pixelStep, tapStep, gradient, bytes, work.filterWidth, to, done, length);
      }
      x += 4;
      continue;
    }
    const left = firstTap(pixel, work.dilationX, work.width);
    const taps = endTap(pixel, work.dilationX, work.width, work.filterWidth) - left;
    const from = input + <usize>(pixel + left * work.dilationX) * bytes;
    for (let i = 0; i < tapRows; i++) {
      const to = rowSums + <usize>i * sumRowStep + <usize>left * bytes;
      addOne(from + <usize>i * rowStep, tapStep, gradient, bytes, taps, to, length);
    }
    x++;
  }
}

/** Adds the products of four neighboring output pixels to the sums of a row of taps, from byte `begin` of their channels on. */
function addFour(
  from: usize,
  pixelStep: usize,
  tapStep: usize,
  gradient: usize,
  bytes: usize,
  taps: i32,
  sums: usize,
  begin: usize,
  length: usize,
): void {
  const whole = length & ~31;
  for (let at = begin; at < whole; at += 32) {
    let address = gradient + at;
    const a0 = v128.load(address);
    const a1 = v128.load(address, 16);
    address += bytes;
    const b0 = v128.load(address);
    const b1 = v128.load(address, 16);
    address += bytes;
    const c0 = v128.load(address);
    const c1 = v128.load(address, 16);
    address += bytes;
    const d0 = v128.load(address);
    const d1 = v128.load(address, 16);
    let pixel = from + at;
    let sum = sums + at;
    for (let j = 0; j < taps; j++) {
      let s0 = v128.load(sum);
      let s1 = v128.load(sum, 16);
      s0 = multiplyAdd(v128.load(pixel), a0, s0);
      s1 = multiplyAdd(v128.load(pixel, 16), a1, s1);
      const second = pixel + pixelStep;
      s0 = multiplyAdd(v128.load(second), b0, s0);
      s1 = multiplyAdd(v128.load(second, 16), b1, s1);
      const third = second + pixelStep;
      s0 = multiplyAdd(v128.load(third), c0, s0);
      s1 = multiplyAdd(v128.load(third, 16), c1, s1);
      const fourth = third + pixelStep;
      s0 = multiplyAdd(v128.load(fourth), d0, s0);
      s1 = multiplyAdd(v128.load(fourth, 16), d1, s1);
      v128.store(sum, s0);
      v128.store(sum, s1, 16);
      pixel += tapStep;
      sum += bytes;
    }
  }
  if (whole == length) return;
  for (let k = 0; k < 4; k++) {
    addEnd(from, tapStep, gradient, bytes, taps, sums, whole, length);
    from += pixelStep;
    gradient += bytes;
  }
}

/** Adds the products of one output pixel to the sums of a row of taps. */
function addOne(
  from: usize,
  tapStep: usize,
  gradient: usize,
  bytes: usize,
  taps: i32,
  sums: usize,
  length: usize,
): void {
  const whole = length & ~31;
  for (let at: usize = 0; at < whole; at += 32) {
    const a0 = v128.load(gradient + at);
    const a1 = v128.load(gradient + at, 16);
    let pixel = from + at;
    let sum = sums + at;
    for (let j = 0; j < taps; j++) {
      const s0 = multiplyAdd(v128.load(pixel), a0, v128.load(sum));
      const s1 = multiplyAdd(v128.load(pixel, 16), a1, v128.load(sum, 16));
      v128.store(sum, s0);
      v128.store(sum, s1, 16);
      pixel += tapStep;
      sum += bytes;
    }
  }
  if (whole < length) addEnd(from, tapStep, gradient, bytes, taps, sums, whole, length);
}

/** What {@link addOne} does for the channels from byte `begin` on, which are fewer than two vectors. */
function addEnd(
  from: usize,
  tapStep: usize,
  gradient: usize,
  bytes: usize,
  taps: i32,
  sums: usize,
  begin: usize,
  length: usize,
): void {
  let at = begin;
  for (; at + 16 <= length; at += 16) {
    const vector = v128.load(gradient + at);
    for (let j = 0; j < taps; j++) {
      const sum = sums + at + <usize>j * bytes;
      v128.store(sum, multiplyAdd(v128.load(from + at + <usize>j * tapStep), vector, v128.load(sum)));
    }
  }
  for (; at < length; at += 4) {
    const value = load<f32>(gradient + at);
    for (let j = 0; j < taps; j++) {
      const sum = sums + at + <usize>j * bytes;
      store<f32>(sum, load<f32>(sum) + load<f32>(from + at + <usize>j * tapStep) * value);
    }
  }
}

/** Adds up the blocks of taps `first` to `last - 1`. */
export function combineDepthwiseFilter(work: DepthwiseFilterGradient, first: i32, last: i32): void {
  const bytes = <usize>work.channels << 2;
  const blockBytes = <usize>(work.filterHeight * work.filterWidth) * bytes;
  for (let at = <usize>first * bytes; at < <usize>last * bytes; at += 4) {
    let sum: f64 = 0;
    for (let block = 0; block < work.blocks; block++) sum += load<f32>(work.partials + <usize>block * blockBytes + at);
    store<f32>(work.result + at, <f32>sum);
  }
}
