/** A pool over pictures [pictures, height, width, channels], and its gradient. Addresses that a kernel does not use are 0. */
@unmanaged
export class Pool {
  input!: usize;
  /** [pictures, outHeight, outWidth, channels]. */
  output!: usize;
  /** Gradient of the output. */
  gradient!: usize;
  /** Gradient of the input. */
  inputGradient!: usize;
  height!: i32;
  width!: i32;
  channels!: i32;
  outHeight!: i32;
  outWidth!: i32;
  filterHeight!: i32;
  filterWidth!: i32;
  strideHeight!: i32;
  strideWidth!: i32;
  padTop!: i32;
  padLeft!: i32;
}
