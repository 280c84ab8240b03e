import { type NamedTensorMap, type Scalar, stack, sum, tidy } from '@tensorflow/tfjs-core';
import { NonFiniteLossError } from '../errors/errors.js';

/** Sum of all values of all tensors: NaN or infinite if one of them is. */
export function sumOfAll(tensors: NamedTensorMap): Scalar {
  return tidy(() => sum(stack(Object.values(tensors).map((tensor) => sum(tensor)))));
}

/**
 * A loss alone does not tell: some backends (WebAssembly's fused ReLU, shaders) turn NaN into 0 on its way through
 * the network, so that weights of NaN go with a finite loss. The gradients of such a step have it.
 *
 * @throws {@link NonFiniteLossError} unless both numbers are finite.
 */
export function checkFiniteStep(step: number, loss: number, gradientSum: number): void {
  if (Number.isFinite(loss) && Number.isFinite(gradientSum)) return;
  throw new NonFiniteLossError(step, loss);
}
