/** `a * b + c`, in one rounding where the build has relaxed SIMD. */
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
