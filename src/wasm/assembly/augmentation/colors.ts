import { clipped } from '../simd';

/** Numbers of the operations. 0 is none. */
export const brightness: i32 = 1;
export const contrast: i32 = 2;
export const saturation: i32 = 3;
export const hue: i32 = 4;
export const channelContrast: i32 = 5;
export const hsvSaturation: i32 = 6;

/** Bytes of four pixels: three vectors. */
const fourPixels: usize = 48;

/** Pixels that are changed at once, a multiple of 4: their channels stay in the first-level cache. */
const blockPixels: i32 = 256;
const planeBytes: usize = 1024;

/** Working memory of a thread: red, green, and blue of a block. */
export const blockBytes: i32 = 3072;

/** Color operations of each picture, one after the other, in its own order. */
@unmanaged
export class ColorOperations {
  /** [pictures, pixels, 3]. */
  images!: usize;
  result!: usize;
  /** Numbers of the operations, int32, and their factors or turns; [pictures, operations]. */
  kinds!: usize;
  amounts!: usize;
  pictures!: i32;
  pixels!: i32;
  operations!: i32;
}

/** Averages of a picture, which contrast needs. */
let averageRed: f32 = 0;
let averageGreen: f32 = 0;
let averageBlue: f32 = 0;

/**
 * Pictures `first` to `last - 1`. A picture is passed over once, and once more for each contrast operation, which needs
 * the average of what is before it.
 *
 * @param scratch - The channels of a block.
 */
export function changeColors(work: ColorOperations, first: i32, last: i32, scratch: usize): void {
  const bytes = <usize>work.pixels * 12;
  for (let picture = first; picture < last; picture++) {
    const kinds = work.kinds + (<usize>(picture * work.operations) << 2);
    const amounts = work.amounts + (<usize>(picture * work.operations) << 2);
    const to = work.result + <usize>picture * bytes;
    let from = work.images + <usize>picture * bytes;
    let begin = 0;
    do {
      let end = begin + 1;
      while (end < work.operations && !needsAverage(kindAt(kinds, end))) end++;
      if (needsAverage(kindAt(kinds, begin))) average(from, work.pixels);
      pass(from, to, work.pixels, kinds, amounts, begin, end, scratch);
      from = to;
      begin = end;
    } while (begin < work.operations);
  }
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function kindAt(kinds: usize, place: i32): i32 {
  return load<i32>(kinds + (<usize>place << 2));
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function needsAverage(kind: i32): bool {
  return kind == contrast || kind == channelContrast;
}

/** Applies operations `begin` to `end - 1` to every pixel of a picture, block by block. */
function pass(
  from: usize,
  to: usize,
  pixels: i32,
  kinds: usize,
  amounts: usize,
  begin: i32,
  end: i32,
  planes: usize,
): void {
  for (let pixel = 0; pixel < pixels; pixel += blockPixels) {
    const count = min(blockPixels, pixels - pixel);
    const offset = <usize>pixel * 12;
    splitChannels(from + offset, count, planes);
    // What lies behind the last pixel of a picture is changed, too, and not used.
    const bytes = <usize>((count + 3) & ~3) << 2;
    for (let place = begin; place < end; place++) {
      apply(kindAt(kinds, place), load<f32>(amounts + (<usize>place << 2)), planes, bytes);
    }
    joinChannels(planes, count, to + offset);
  }
}

/** Separates the channels of `count` pixels. */
function splitChannels(from: usize, count: i32, planes: usize): void {
  let plane = planes;
  const end = planes + (<usize>(count & ~3) << 2);
  for (; plane < end; plane += 16, from += fourPixels) {
    const a = v128.load(from);
    const b = v128.load(from, 16);
    const c = v128.load(from, 32);
    v128.store(plane, v128.shuffle<f32>(v128.shuffle<f32>(a, b, 0, 3, 6, 6), c, 0, 1, 2, 5));
    v128.store(plane, v128.shuffle<f32>(v128.shuffle<f32>(a, b, 1, 4, 7, 7), c, 0, 1, 2, 6), planeBytes);
    v128.store(plane, v128.shuffle<f32>(v128.shuffle<f32>(a, b, 2, 5, 5, 5), c, 0, 1, 4, 7), 2 * planeBytes);
  }
  for (const last = planes + (<usize>count << 2); plane < last; plane += 4, from += 12) {
    store<f32>(plane, load<f32>(from));
    store<f32>(plane, load<f32>(from, 4), planeBytes);
    store<f32>(plane, load<f32>(from, 8), 2 * planeBytes);
  }
}

/** The inverse of {@link splitChannels}. */
function joinChannels(planes: usize, count: i32, to: usize): void {
  let plane = planes;
  const end = planes + (<usize>(count & ~3) << 2);
  for (; plane < end; plane += 16, to += fourPixels) {
    const red = v128.load(plane);
    const green = v128.load(plane, planeBytes);
    const blue = v128.load(plane, 2 * planeBytes);
    v128.store(to, v128.shuffle<f32>(v128.shuffle<f32>(red, green, 0, 4, 1, 1), blue, 0, 1, 4, 2));
    v128.store(to, v128.shuffle<f32>(v128.shuffle<f32>(red, green, 5, 2, 6, 6), blue, 0, 5, 1, 2), 16);
    v128.store(to, v128.shuffle<f32>(v128.shuffle<f32>(red, green, 3, 7, 3, 3), blue, 6, 0, 1, 7), 32);
  }
  for (const last = planes + (<usize>count << 2); plane < last; plane += 4, to += 12) {
    store<f32>(to, load<f32>(plane));
    store<f32>(to, load<f32>(plane, planeBytes), 4);
    store<f32>(to, load<f32>(plane, 2 * planeBytes), 8);
  }
}

/** Applies an operation to a block of `bytes` bytes per channel, a multiple of 16. */
function apply(kind: i32, amount: f32, planes: usize, bytes: usize): void {
  if (kind == brightness) {
    blend(planes, bytes, amount, 0, 0, 0);
  } else if (kind == contrast) {
    const offset: f32 =
      (1 - amount) * (0.2989 * averageRed + 0.587 * averageGreen + 0.114 * averageBlue);
    blend(planes, bytes, amount, offset, offset, offset);
  } else if (kind == saturation) {
    blendWithGray(planes, bytes, amount);
  } else if (kind == hue) {
    changeHSV(planes, bytes, 6 * amount, 1, false);
  } else if (kind == channelContrast) {
    const share: f32 = 1 - amount;
    blend(planes, bytes, amount, share * averageRed, share * averageGreen, share * averageBlue);
  } else if (kind == hsvSaturation) {
    changeHSV(planes, bytes, 0, amount, true);
  }
}

/** Each channel times the factor, and an offset of its own. */
function blend(plane: usize, bytes: usize, factor: f32, red: f32, green: f32, blue: f32): void {
  for (const end = plane + bytes; plane < end; plane += 16) {
    v128.store(plane, blended(v128.load(plane), factor, f32x4.splat(red)));
    v128.store(plane, blended(v128.load(plane, planeBytes), factor, f32x4.splat(green)), planeBytes);
    v128.store(plane, blended(v128.load(plane, 2 * planeBytes), factor, f32x4.splat(blue)), 2 * planeBytes);
  }
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function blended(channel: v128, factor: f32, offset: v128): v128 {
  return clipped(f32x4.add(f32x4.mul(channel, f32x4.splat(factor)), offset));
}

/** Each pixel times the factor, and the rest of its gray: 0.2989 red + 0.587 green + 0.114 blue. */
function blendWithGray(plane: usize, bytes: usize, factor: f32): void {
  const share = f32x4.splat(1 - factor);
  for (const end = plane + bytes; plane < end; plane += 16) {
    const red = v128.load(plane);
    const green = v128.load(plane, planeBytes);
    const blue = v128.load(plane, 2 * planeBytes);
    const redAndGreen = f32x4.add(
      f32x4.mul(red, f32x4.splat(0.2989)),
      f32x4.mul(green, f32x4.splat(0.587)),
    );
    const gray = f32x4.mul(f32x4.add(redAndGreen, f32x4.mul(blue, f32x4.splat(0.114))), share);
    v128.store(plane, blended(red, factor, gray));
    v128.store(plane, blended(green, factor, gray), planeBytes);
    v128.store(plane, blended(blue, factor, gray), 2 * planeBytes);
  }
}

/**
 * Turns the hue by sixths of a turn and scales the saturation. See adjustHueSaturation in
 * src/augmentations/color/hue-saturation.ts for the formulas.
 */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function changeHSV(plane: usize, bytes: usize, sixths: f32, factor: f32, clips: bool): void {
  for (const end = plane + bytes; plane < end; plane += 16) {
    const red = v128.load(plane);
    const green = v128.load(plane, planeBytes);
    const blue = v128.load(plane, 2 * planeBytes);
    const value = f32x4.pmax(f32x4.pmax(red, green), blue);
    const smallest = f32x4.pmin(f32x4.pmin(red, green), blue);
    const chroma = f32x4.sub(value, smallest);
    const difference = f32x4.sub(f32x4.add(green, blue), f32x4.add(red, smallest));
    const distance = f32x4.add(
      f32x4.div(difference, f32x4.add(chroma, f32x4.splat(1e-7))),
      f32x4.splat(1),
    );
    const signed = v128.bitselect(distance, f32x4.neg(distance), f32x4.gt(green, blue));
    const turned = f32x4.add(signed, f32x4.splat(sixths));
    const turns = f32x4.floor(
      f32x4.add(f32x4.mul(turned, f32x4.splat(<f32>(1.0 / 6.0))), f32x4.splat(0.5)),
    );
    const angle = f32x4.sub(turned, f32x4.mul(turns, f32x4.splat(6)));
    const scaled = f32x4.pmin(f32x4.mul(chroma, f32x4.splat(factor)), value);
    const newRed = channelOf(value, scaled, f32x4.abs(angle));
    const newGreen = channelOf(value, scaled, f32x4.abs(f32x4.sub(angle, f32x4.splat(2))));
    const newBlue = channelOf(value, scaled, f32x4.abs(f32x4.add(angle, f32x4.splat(2))));
    v128.store(plane, clips ? clipped(newRed) : newRed);
    v128.store(plane, clips ? clipped(newGreen) : newGreen, planeBytes);
    v128.store(plane, clips ? clipped(newBlue) : newBlue, 2 * planeBytes);
  }
}

/** A channel whose own hue lies `detour` sixths of a turn away, one way around the circle. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function channelOf(value: v128, chroma: v128, detour: v128): v128 {
  const away = f32x4.sub(f32x4.splat(2), f32x4.abs(f32x4.sub(detour, f32x4.splat(3))));
  return f32x4.sub(value, f32x4.mul(chroma, clipped(away)));
}

/** Averages of the channels of a picture, summed in float64 where rows of a picture would lose digits. */
function average(from: usize, pixels: i32): void {
  let reds: f64 = 0;
  let greens: f64 = 0;
  let blues: f64 = 0;
  const end = from + <usize>pixels * 12;
  while (from + fourPixels <= end) {
    // 64 values of a lane are summed in float32.
    const stop = min(end, from + 64 * fourPixels);
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    let c = f32x4.splat(0);
    for (; from + fourPixels <= stop; from += fourPixels) {
      a = f32x4.add(a, v128.load(from));
      b = f32x4.add(b, v128.load(from, 16));
      c = f32x4.add(c, v128.load(from, 32));
    }
    reds += lane(a, 0) + lane(a, 3) + lane(b, 2) + lane(c, 1);
    greens += lane(a, 1) + lane(b, 0) + lane(b, 3) + lane(c, 2);
    blues += lane(a, 2) + lane(b, 1) + lane(c, 0) + lane(c, 3);
  }
  for (; from < end; from += 12) {
    reds += <f64>load<f32>(from);
    greens += <f64>load<f32>(from + 4);
    blues += <f64>load<f32>(from + 8);
  }
  averageRed = <f32>(reds / <f64>pixels);
  averageGreen = <f32>(greens / <f64>pixels);
  averageBlue = <f32>(blues / <f64>pixels);
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function lane(sum: v128, index: u8): f64 {
  return index == 0
    ? <f64>f32x4.extract_lane(sum, 0)
    : index == 1
      ? <f64>f32x4.extract_lane(sum, 1)
      : index == 2
        ? <f64>f32x4.extract_lane(sum, 2)
        : <f64>f32x4.extract_lane(sum, 3);
}
