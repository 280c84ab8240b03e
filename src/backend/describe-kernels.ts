import { engine, getKernel } from '@tensorflow/tfjs-core';
import { fusedKernels } from '../tensors/fused-rows.js';

/** "a", "a and b", "a, b and c". */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function plural(noun: string, { length }: readonly unknown[]): string {
  return length === 1 ? noun : `${noun}s`;
}

/** What is missing, and who has it. */
export function describeKernels(backend: string, names: readonly string[]): string {
  return `lacks the ${plural('kernel', names)} ${listed(names)}, which these models need: ${supplier(backend, names)}`;
}

/** Whether the backend is tfjs's own wasm backend, without this library's kernels. */
export function isStockWasm(backend: string): boolean {
  return backend === 'wasm' && getKernel(fusedKernels.normalize, backend) === undefined;
}

/** The entry that adds kernels, or another backend that has them. */
function supplier(backend: string, names: readonly string[]): string {
  if (isStockWasm(backend)) return "import 'simclr-ts/wasm', which adds the training kernels";
  const others = Object.keys(engine().registryFactory).filter(
    (other) => other !== backend && names.every((name) => getKernel(name, other) !== undefined),
  );
  if (others.length > 0) {
    return `${listed(others.map((other) => `'${other}'`))}, registered here too, ${others.length === 1 ? 'has' : 'have'} ${names.length === 1 ? 'it' : 'them'}; else choose other layers`;
  }
  return `choose another backend, such as 'webgpu' of simclr-ts/webgpu or 'tensorflow' of @tensorflow/tfjs-node, or other layers`;
}

/**
 * Which gradients are missing.
 *
 * @param layerOf - The layer that uses each, where it is known.
 */
export function describeGradients(
  names: readonly string[],
  layerOf: ReadonlyMap<string, string> = new Map(),
): string {
  const layers = [...new Set(names.map((name) => layerOf.get(name)))];
  const users = layers.every((layer) => layer !== undefined)
    ? `the ${plural('layer', layers)} ${listed(layers)} ${layers.length === 1 ? 'uses' : 'use'}`
    : 'a layer of the encoder or of the projection head uses';
  return `tfjs has no gradient for ${listed(names)}, which ${users}: choose another layer`;
}
