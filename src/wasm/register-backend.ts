import { prepareBackend } from './prepare-backend.js';
import { registerTrainingKernels } from './register-kernels.js';
import type { TfjsWasm } from './tfjs/inlined-binaries.js';

/**
 * Makes tfjs's wasm backend a training backend.
 *
 * @param tfjs - `@tensorflow/tfjs-backend-wasm`.
 */
export function registerWasm(tfjs: TfjsWasm): void {
  prepareBackend(tfjs);
  registerTrainingKernels();
}
