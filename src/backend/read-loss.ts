import { type NamedTensorMap, type Scalar, stack, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { NonFiniteLossError } from '../errors/errors.js';

/** Sum of all values of all tensors: NaN or infinite if one of them is. */
export function sumOfAll(tensors: NamedTensorMap): Scalar {
  return tidy(() => sum(stack(Object.values(tensors).map((tensor) => sum(tensor)))));
}

/**
 * Reads the loss of a step.
 *
 * The loss alone is not enough: some backends (WebAssembly's fused ReLU, shaders) turn NaN into 0 on its way through the
 * network, so that the loss of NaN weights may be finite. The gradients of such a step are not.
 *
 * @param summary - The loss and a sum of all gradients. Disposed of once it is read.
 * @param late - Whether the weights change before the loss is read.
 * @returns The loss.
 * @throws {@link NonFiniteLossError} unless both numbers are finite.
 */
export async function readLoss(summary: Tensor, step: number, late = false): Promise<number> {
  try {
    const [loss, gradientSum] = (await summary.data()) as Float32Array;
    if (Number.isFinite(loss) && Number.isFinite(gradientSum)) return loss!;
    throw new NonFiniteLossError(step, loss!, late);
  } finally {
    summary.dispose();
  }
}
