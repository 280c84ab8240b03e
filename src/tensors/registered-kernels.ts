import { engine, getBackend, getKernel, type Tensor, tidy } from '@tensorflow/tfjs-core';

/** Whether the active backend has a kernel of that name. */
export function hasKernel(name: string): boolean {
  return getKernel(name, getBackend()) !== undefined;
}

/** Whether gradients of the current computation may be needed. */
export function recordsGradients(): boolean {
  return engine().state.gradientDepth > 0;
}

/** What a kernel of this library takes. */
export interface KernelCall {
  inputs: Record<string, Tensor>;
  attributes: Record<string, number | boolean>;
}

/**
 * The result of a kernel of this library that has no gradient; `undefined` where the active backend has no such kernel,
 * `first` has no values, or a gradient may be needed.
 *
 * @param name - The kernel's name.
 * @param first - The tensor that it changes.
 * @param call - What it takes. Runs inside `tidy`, and only if the kernel does.
 */
export function runIfRegistered<T extends Tensor>(
  name: string,
  first: T,
  call: () => KernelCall,
): T | undefined {
  if (first.size === 0 || recordsGradients() || !hasKernel(name)) return undefined;
  return tidy(() => {
    const { inputs, attributes } = call();
    return engine().runKernel(name, inputs, attributes) as T;
  });
}
