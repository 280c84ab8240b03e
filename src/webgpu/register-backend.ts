import { engine, findBackendFactory, registerBackend, removeBackend } from '@tensorflow/tfjs-core';
import { registerTrainingKernels } from './register-kernels.js';
import { provideTfjs, startBackend, type WebGPUPackage } from './start-backend.js';

/** tfjs's name for the backend. */
export const backendName = 'webgpu';
/** tfjs's own priority, above wasm and WebGL. */
export const priority = 3;

/**
 * Registers the backend and its kernels. tfjs registers its backend only where `navigator.gpu` exists, and fails without a
 * reason when there is no adapter. This one replaces it, unless it has been started already.
 *
 * @param tfjs - `@tensorflow/tfjs-backend-webgpu`.
 */
export function registerWebGPU(tfjs: WebGPUPackage): void {
  provideTfjs(tfjs);
  registerTrainingKernels(backendName);
  if (Object.hasOwn(engine().registry, backendName)) return;
  if (findBackendFactory(backendName) === startBackend) return;
  if (findBackendFactory(backendName)) removeBackend(backendName);
  registerBackend(backendName, startBackend, priority);
}
