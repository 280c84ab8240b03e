import { env, ready, scalar, setBackend } from '@tensorflow/tfjs-core';
import { prepareWasm } from './wasm.js';

/** Activates a tfjs backend for the tests that follow: 'cpu', or 'wasm' with this library's training kernels. */
export async function useBackend(name: string): Promise<void> {
  if (name === 'cpu') await import('@tensorflow/tfjs-backend-cpu');
  else if (name === 'wasm') await prepareWasm();
  else throw new Error(`useBackend: no recipe for ${name}`);
  if (!(await setBackend(name))) throw new Error(`useBackend: ${name} does not start here`);
  await ready();
  // The cpu backend's first use advises to take another one; under this flag it is quiet. Not left on: it makes
  // tfjs look for leaks in single ops, and custom gradients that keep a tensor for later look like one.
  env().set('IS_TEST', true);
  scalar(0).dispose();
  env().set('IS_TEST', false);
}
