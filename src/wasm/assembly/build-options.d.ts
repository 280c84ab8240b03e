/** Set by scripts/build-wasm.mjs: 1 in the build whose kernels take tiles of 16 columns. */
declare const WIDE: i32;
