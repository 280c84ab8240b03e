import { getBackend } from '@tensorflow/tfjs-core';

/** Which kernels of `simclr-ts/wasm` computed, and on how many threads; nothing on other backends. */
export async function describeKernels(): Promise<{ threads?: number; wasmBuild?: string }> {
  if (getBackend() !== 'wasm') return {};
  const { wasmKernels } = await import('../../src/wasm/index.js');
  const { threads, width, isFused } = wasmKernels();
  return { threads, wasmBuild: width === 'wide' ? 'wide' : isFused ? 'relaxed' : 'plain' };
}
