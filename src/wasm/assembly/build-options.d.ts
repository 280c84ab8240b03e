/** Set by scripts/build-wasm.mjs: 1 in the build whose kernels compute tiles of 16 columns. */
declare const WIDE: i32;
