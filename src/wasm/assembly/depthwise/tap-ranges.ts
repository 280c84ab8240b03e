/** `dividend / divisor`, rounded up, for a positive divisor. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function ceilDivide(dividend: i32, divisor: i32): i32 {
  return dividend > 0 ? (dividend + divisor - 1) / divisor : dividend / divisor;
}

/** The first tap inside an axis of `size` pixels, if tap 0 is at `base`. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function firstTap(base: i32, step: i32, size: i32): i32 {
  return step > 0 ? max(0, ceilDivide(-base, step)) : max(0, ceilDivide(base - size + 1, -step));
}

/** The end of the taps inside an axis of `size` pixels. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function endTap(base: i32, step: i32, size: i32, taps: i32): i32 {
  return min(taps, step > 0 ? ceilDivide(size - base, step) : ceilDivide(base + 1, -step));
}

/** The first output column with all taps inside the picture. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function firstInside(offset: i32, stride: i32, taps: i32, step: i32, columns: i32): i32 {
  const lowest = offset + min(0, (taps - 1) * step);
  return min(columns, max(0, ceilDivide(-lowest, stride)));
}

/** The end of the output columns with all taps inside the picture. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function endInside(offset: i32, stride: i32, taps: i32, step: i32, columns: i32, size: i32): i32 {
  const highest = offset + max(0, (taps - 1) * step);
  return max(0, min(columns, ceilDivide(size - highest, stride)));
}
