/** A convolution kernel in the order of TensorFlow, [height, width, inputs, outputs]. */
export function toHwio(data: ArrayLike<number>, oihw: readonly number[]): Float32Array<ArrayBuffer> {
  const result = new Float32Array(data.length);
  forEachKernelValue(oihw, (torch, ours) => {
    result[ours] = data[torch]!;
  });
  return result;
}

/** A convolution kernel in the order of PyTorch, [outputs, inputs, height, width]. */
export function toOihw(data: ArrayLike<number>, oihw: readonly number[]): Float32Array<ArrayBuffer> {
  const result = new Float32Array(data.length);
  forEachKernelValue(oihw, (torch, ours) => {
    result[torch] = data[ours]!;
  });
  return result;
}

/** Visits every value of a kernel by its place in [outputs, inputs, pixels] and in [pixels, inputs, outputs]. */
function forEachKernelValue(oihw: readonly number[], visit: (torch: number, ours: number) => void): void {
  const [outputs, inputs, height, width] = oihw as [number, number, number, number];
  const pixels = height * width;
  let torch = 0;
  for (let output = 0; output < outputs; output++) {
    for (let channel = 0; channel < inputs; channel++) {
      for (let pixel = 0; pixel < pixels; pixel++) {
        visit(torch++, (pixel * inputs + channel) * outputs + output);
      }
    }
  }
}
