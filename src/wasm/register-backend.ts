import { prepareBackend } from './prepare-backend.js';
import { registerTrainingKernels } from './register-kernels.js';

/**
 * Makes tfjs's wasm backend a training backend.
 *
 * @param tfjs - `@tensorflow/tfjs-backend-wasm`.
 */
export function registerWasm(tfjs: { setThreadsCount(count: number): void }): void {
  prepareBackend(tfjs.setThreadsCount);
  registerTrainingKernels();
}
