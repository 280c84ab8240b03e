/** `a * b + c`, rounded once where the build has relaxed SIMD. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}

/** `vector * factor`. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function times(vector: v128, factor: f32): v128 {
  return f32x4.mul(vector, f32x4.splat(factor));
}

/** `sum + vector * factor`. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function plusTimes(sum: v128, vector: v128, factor: f32): v128 {
  return multiplyAdd(vector, f32x4.splat(factor), sum);
}

/** `vector` clipped to [0, 1]. NaN stays. `f32x4.min` and `max` would take eight instructions each. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function clipped(vector: v128): v128 {
  return f32x4.pmin(f32x4.pmax(vector, f32x4.splat(0)), f32x4.splat(1));
}

/** Stores the transpose of the 4x4 matrix with rows `a` to `d`: its rows are `step` bytes apart. */
// @ts-ignore: decorators of functions are AssemblyScript's
@inline
export function storeTransposed(a: v128, b: v128, c: v128, d: v128, to: usize, step: usize): void {
  const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f64>(ab0, cd0, 0, 2));
  v128.store(to + step, v128.shuffle<f64>(ab0, cd0, 1, 3));
  v128.store(to + 2 * step, v128.shuffle<f64>(ab1, cd1, 0, 2));
  v128.store(to + 3 * step, v128.shuffle<f64>(ab1, cd1, 1, 3));
}
