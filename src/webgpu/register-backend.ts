import { engine, findBackendFactory, registerBackend, removeBackend } from '@tensorflow/tfjs-core';
import { registerTrainingKernels } from './register-kernels.js';
import { provideTfjs, startBackend, type WebGPUPackage } from './start-backend.js';

/** tfjs's name of it. */
export const backendName = 'webgpu';
/** Above wasm and WebGL, as tfjs has it. */
export const priority = 3;

/**
 * Registers the backend and its kernels. tfjs registers it only where `navigator.gpu` is, and fails without a reason
 * where there is no adapter: ours takes its place, unless it is in use already.
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
