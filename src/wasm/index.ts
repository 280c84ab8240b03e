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
 * There is nothing else to set, in Node, in a page or with a bundler: TensorFlow.js's own binaries come with this entry. To
 * serve its `.wasm` files yourself, name all three with `setWasmPaths` of `@tensorflow/tfjs-backend-wasm` before `setBackend`.
 *
 * @module
 */
import '@tensorflow/tfjs-backend-wasm';
import { setThreadsCount, setWasmPaths, version_wasm } from '@tensorflow/tfjs-backend-wasm';
import { registerWasm } from './register-backend.js';

registerWasm({ setThreadsCount, setWasmPaths, version_wasm });

export { type WasmKernels, wasmKernels, wasmMemory } from './module/kernel-module.js';
export type { WasmMemory } from './module/memory.js';
export type { KernelWidth } from './module/module-binary.js';
export { setKernelWidth } from './module/wide-kernels.js';
export { registerTrainingKernels } from './register-kernels.js';
export { setThreadCount } from './threads/thread-count.js';
