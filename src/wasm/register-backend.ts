import { registerTrainingKernels } from './register.js';
import { shareMemoryInNode } from './shared-memory.js';

/**
 * Makes tfjs's wasm backend a training backend.
 *
 * @param tfjs - `@tensorflow/tfjs-backend-wasm`.
 */
export function registerWasm(tfjs: { setThreadsCount(count: number): void }): void {
  shareMemoryInNode(tfjs.setThreadsCount);
  registerTrainingKernels();
}
