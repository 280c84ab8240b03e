/**
 * Makes tfjs's wasm backend a training backend. **Importing this module has a side effect, on purpose**: it loads
 * `@tensorflow/tfjs-backend-wasm`, which registers the backend `'wasm'`, and adds the training kernels to it. It does not
 * activate the backend; do that yourself:
 *
 * ```ts
 * import 'simclr-ts/wasm';
 * import { setBackend } from '@tensorflow/tfjs-core';
 * await setBackend('wasm');
 * ```
 *
 * With a bundler, call `setWasmPaths` of `@tensorflow/tfjs-backend-wasm` before `setBackend` to tell tfjs where its `.wasm`
 * files are served. In Node there is nothing to set.
 *
 * @module
 */
import '@tensorflow/tfjs-backend-wasm';
import { setThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import { registerWasm } from './register-backend.js';

registerWasm({ setThreadsCount });

export { type WasmKernels, wasmKernels, wasmMemory } from './module/kernel-module.js';
export type { WasmMemory } from './module/memory.js';
export type { KernelWidth } from './module/module-binary.js';
export { setKernelWidth } from './module/wide-kernels.js';
export { registerTrainingKernels } from './register-kernels.js';
export { setThreadCount } from './threads/thread-count.js';
