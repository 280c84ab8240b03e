import { engine, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { hasKernel } from '../tensors/registered-kernels.js';

/**
 * Kernels of this library that a backend may register: a variable's whole step in one pass over memory, with
 * the results of the plain ops up to rounding.
 */
export const fusedUpdates = {
  /**
   * Inputs `value`, `gradient`, `velocity`; attributes `learningRate`, `momentum`, `nesterov`, `weightDecay` (added to
   * the gradient), `shrink` (factor of the value); outputs the new value and velocity.
   */
  momentum: 'SimCLRMomentumUpdate',
  /**
   * Inputs `value`, `gradient`, `mean`, `meanSquare`; attributes `rate`, `beta1`, `beta2`, `rootScale`, `epsilon`,
   * `shrink`; outputs the new value, mean and mean square.
   */
  adam: 'SimCLRAdamUpdate',
} as const;

/**
 * Updates variables with a fused kernel, if the active backend has it.
 *
 * @param targets - The variables in the order of the kernel's outputs.
 * @returns Whether the backend has it.
 */
export function updateFused(
  kernel: (typeof fusedUpdates)[keyof typeof fusedUpdates],
  inputs: Record<string, Tensor>,
  attributes: Record<string, number | boolean>,
  targets: Variable[],
): boolean {
  if (!hasKernel(kernel)) return false;
  const results = engine().runKernel(kernel, inputs, attributes) as Tensor[];
  for (const [index, variable] of targets.entries()) variable.assign(results[index]!);
  return true;
}
