const volume = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/**
 * Multiplications of the plain algorithm in one call of a kernel; 0 for kernels that are not about products.
 *
 * @param inputs - Shapes of the kernel's inputs, in tfjs's order of them.
 * @param outputs - Shapes of its outputs.
 */
export function multiplications(
  kernel: string,
  inputs: readonly number[][],
  outputs: readonly number[][],
): number {
  const convolution =
    /^(SimCLRPadded)?Conv2D(BackpropInput|InputGradient|BackpropFilter|FilterGradient)?$/.exec(kernel);
  if (convolution) {
    const product = convolution[2];
    // Each output pixel takes a whole filter for each output channel.
    if (product === undefined) return (volume(outputs[0]!) / outputs[0]![3]!) * volume(inputs[1]!);
    const [filter, gradient] =
      product.endsWith('Input') || product === 'InputGradient'
        ? [inputs[1]!, inputs[0]!]
        : [outputs[0]!, inputs[1]!];
    return (volume(gradient) / gradient[3]!) * volume(filter);
  }
  if (kernel === 'BatchMatMul' || kernel === '_FusedMatMul') {
    const [a, b, out] = [inputs[0]!, inputs[1]!, outputs[0]!];
    // The depth is what the operands have in addition to the result's rows and columns.
    return Math.sqrt((volume(a) * volume(b) * volume(out)) / (out.length > 2 ? out[0]! : 1));
  }
  return 0;
}
