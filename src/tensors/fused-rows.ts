import { engine, type Tensor } from '@tensorflow/tfjs-core';
import { hasKernel } from './registered-kernels.js';

/**
 * Kernels of this library that a backend may register in place of the plain ops of batch normalization,
 * with equal results. Rows are `[groups, rows, channels]`, or `[rows, channels]` for one group; statistics have one
 * value for each group and channel.
 */
export const fusedKernels = {
  /** Inputs `x`; attributes `groups`; outputs mean and biased variance, `[groups, channels]`. */
  moments: 'SimCLRRowMoments',
  /**
   * Inputs `x`, `mean`, `variance`, and where there are any `gamma`, `beta`, `residual`; attributes `groups`, `epsilon`,
   * `relu`, `ceiling` (where the ReLU ends: 6, or Infinity); output
   * act(gamma * (x - mean) / sqrt(variance + epsilon) + beta + residual).
   */
  normalize: 'SimCLRNormalizeRows',
  /**
   * Inputs `dy`, `x`, `mean`, `variance`, `gamma` where there is one, `output` where a ReLU ended it; attributes `groups`,
   * `epsilon`, `ceiling`, `residual` (whether there is one); outputs the gradients of x, gamma and beta, and of the residual.
   */
  normalizeGradient: 'SimCLRNormalizeRowsGradient',
  /**
   * Inputs `mean`, `variance`, `[channels]`, and `batchMean`, `batchVariance`, `[groups, channels]`; attributes `momentum`,
   * `meanShare`, `varianceShare`; outputs the two running statistics times `momentum` plus their share of those of the
   * batch, averaged over the groups. A backend may have it or not, whatever it has of the others.
   */
  move: 'SimCLRMoveStatistics',
} as const;

/** Whether the active backend has the fused kernels. */
export function hasFusedRows(): boolean {
  return hasKernel(fusedKernels.normalize);
}

/** Runs one of the fused kernels; inputs that are `undefined` are left out. */
export function runFused(
  kernel: (typeof fusedKernels)[keyof typeof fusedKernels],
  inputs: Record<string, Tensor | undefined>,
  attributes: Record<string, number | boolean>,
): Tensor[] {
  const given = Object.entries(inputs).filter((entry): entry is [string, Tensor] => entry[1] !== undefined);
  return [engine().runKernel(kernel, Object.fromEntries(given), attributes)].flat() as Tensor[];
}
