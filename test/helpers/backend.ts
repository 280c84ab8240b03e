import { env, ready, setBackend } from '@tensorflow/tfjs-core';

/** Activates a tfjs backend for the tests that follow: 'cpu', or 'wasm' with this library's training kernels. */
export async function useBackend(name: string): Promise<void> {
  if (name === 'cpu') await import('@tensorflow/tfjs-backend-cpu');
  else if (name === 'wasm') await import('../../src/wasm/index.js');
  else throw new Error(`useBackend: no recipe for ${name}`);
  env().set('IS_TEST', true); // quiet: no "you are on the slow backend" notice
  if (!(await setBackend(name))) throw new Error(`useBackend: ${name} does not start here`);
  await ready();
}
