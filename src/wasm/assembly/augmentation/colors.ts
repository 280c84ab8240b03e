/** Numbers of the operations. 0 is none. */
export const brightness: i32 = 1;
export const contrast: i32 = 2;
export const saturation: i32 = 3;
export const hue: i32 = 4;
export const channelContrast: i32 = 5;
export const hsvSaturation: i32 = 6;

/** Bytes of four pixels: three vectors. */
const fourPixels: usize = 48;

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

/** Red, green and blue of four pixels. */
let red: v128 = f32x4.splat(0);
let green: v128 = f32x4.splat(0);
let blue: v128 = f32x4.splat(0);

/** Averages of a picture, which contrast needs. */
let averageRed: f32 = 0;
let averageGreen: f32 = 0;
let averageBlue: f32 = 0;

/**
 * Pictures `first` to `last - 1`. A picture is passed over once, and once more for each contrast operation, which needs
 * the average of what is before it.
 *
 * @param scratch - Four pixels.
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

/** Applies operations `begin` to `end - 1` to every pixel of a picture. */
function pass(
  from: usize,
  to: usize,
  pixels: i32,
  kinds: usize,
  amounts: usize,
  begin: i32,
  end: i32,
  scratch: usize,
): void {
  const whole = <usize>(pixels >> 2) * fourPixels;
  const bytes = <usize>pixels * 12;
  for (let at: usize = 0; at < whole; at += fourPixels) {
    readPixels(from + at);
    for (let place = begin; place < end; place++) {
      apply(kindAt(kinds, place), load<f32>(amounts + (<usize>place << 2)));
    }
    writePixels(to + at);
  }
  if (whole == bytes) return;
  memory.fill(scratch, 0, fourPixels);
  memory.copy(scratch, from + whole, bytes - whole);
  readPixels(scratch);
  for (let place = begin; place < end; place++) {
    apply(kindAt(kinds, place), load<f32>(amounts + (<usize>place << 2)));
  }
  writePixels(scratch);
  memory.copy(to + whole, scratch, bytes - whole);
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function readPixels(from: usize): void {
  const a = v128.load(from);
  const b = v128.load(from, 16);
  const c = v128.load(from, 32);
  red = v128.shuffle<f32>(v128.shuffle<f32>(a, b, 0, 3, 6, 6), c, 0, 1, 2, 5);
  green = v128.shuffle<f32>(v128.shuffle<f32>(a, b, 1, 4, 7, 7), c, 0, 1, 2, 6);
  blue = v128.shuffle<f32>(v128.shuffle<f32>(a, b, 2, 5, 5, 5), c, 0, 1, 4, 7);
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function writePixels(to: usize): void {
  v128.store(to, v128.shuffle<f32>(v128.shuffle<f32>(red, green, 0, 4, 1, 1), blue, 0, 1, 4, 2));
  v128.store(to + 16, v128.shuffle<f32>(v128.shuffle<f32>(red, green, 5, 2, 6, 6), blue, 0, 5, 1, 2));
  v128.store(to + 32, v128.shuffle<f32>(v128.shuffle<f32>(red, green, 3, 7, 3, 3), blue, 6, 0, 1, 7));
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function clipped(x: v128): v128 {
  return f32x4.min(f32x4.max(x, f32x4.splat(0)), f32x4.splat(1));
}

/** Gray: 0.2989 red + 0.587 green + 0.114 blue. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function gray(): v128 {
  const redAndGreen = f32x4.add(
    f32x4.mul(red, f32x4.splat(0.2989)),
    f32x4.mul(green, f32x4.splat(0.587)),
  );
  return f32x4.add(redAndGreen, f32x4.mul(blue, f32x4.splat(0.114)));
}

/** Applies an operation to four pixels. */
function apply(kind: i32, amount: f32): void {
  if (kind == brightness) {
    blendPixels(amount, f32x4.splat(0), f32x4.splat(0), f32x4.splat(0));
  } else if (kind == contrast) {
    const offset = f32x4.splat(
      (1 - amount) * (0.2989 * averageRed + 0.587 * averageGreen + 0.114 * averageBlue),
    );
    blendPixels(amount, offset, offset, offset);
  } else if (kind == saturation) {
    const offset = f32x4.mul(gray(), f32x4.splat(1 - amount));
    blendPixels(amount, offset, offset, offset);
  } else if (kind == hue) {
    changeHSV(6 * amount, 1);
  } else if (kind == channelContrast) {
    const share: f32 = 1 - amount;
    blendPixels(
      amount,
      f32x4.splat(share * averageRed),
      f32x4.splat(share * averageGreen),
      f32x4.splat(share * averageBlue),
    );
  } else if (kind == hsvSaturation) {
    changeHSV(0, amount);
    red = clipped(red);
    green = clipped(green);
    blue = clipped(blue);
  }
}

// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function blendPixels(factor: f32, redOffset: v128, greenOffset: v128, blueOffset: v128): void {
  const factors = f32x4.splat(factor);
  red = clipped(f32x4.add(f32x4.mul(red, factors), redOffset));
  green = clipped(f32x4.add(f32x4.mul(green, factors), greenOffset));
  blue = clipped(f32x4.add(f32x4.mul(blue, factors), blueOffset));
}

/**
 * Turns the hue by sixths of a turn and scales the saturation. See adjustHueSaturation in
 * src/augmentations/color/hue-saturation.ts for the formulas.
 */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
function changeHSV(sixths: f32, factor: f32): void {
  const value = f32x4.max(f32x4.max(red, green), blue);
  const smallest = f32x4.min(f32x4.min(red, green), blue);
  const chroma = f32x4.sub(value, smallest);
  const difference = f32x4.sub(f32x4.add(green, blue), f32x4.add(red, smallest));
  const distance = f32x4.add(
    f32x4.div(difference, f32x4.add(chroma, f32x4.splat(1e-7))),
    f32x4.splat(1),
  );
  const signed = v128.bitselect(distance, f32x4.neg(distance), f32x4.gt(green, blue));
  const turned = f32x4.add(signed, f32x4.splat(sixths));
  const turns = f32x4.floor(f32x4.add(f32x4.mul(turned, f32x4.splat(<f32>(1.0 / 6.0))), f32x4.splat(0.5)));
  const angle = f32x4.sub(turned, f32x4.mul(turns, f32x4.splat(6)));
  const scaled = f32x4.min(f32x4.mul(chroma, f32x4.splat(factor)), value);
  red = channelOf(value, scaled, f32x4.abs(angle));
  green = channelOf(value, scaled, f32x4.abs(f32x4.sub(angle, f32x4.splat(2))));
  blue = channelOf(value, scaled, f32x4.abs(f32x4.add(angle, f32x4.splat(2))));
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
