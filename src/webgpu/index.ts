/**
 * Makes WebGPU a training backend, in browsers and in Node, on graphics cards of any vendor and without CUDA. **Importing
 * this module has a side effect, on purpose**: it loads `@tensorflow/tfjs-backend-webgpu`, registers the backend `'webgpu'`
 * and adds the training kernels to it. It does not activate the backend. Do that with tfjs's `setBackend('webgpu')`, or with
 * a function that gives the reason when it fails:
 *
 * ```ts
 * import { useWebGPU } from 'simclr-ts/webgpu';
 * await useWebGPU();
 * ```
 *
 * In Node it needs the npm package `webgpu`. Values are read late: `fit` runs the next step before it knows the loss of the
 * last one. It notices a loss that is not finite at most one step later, and always before it writes a checkpoint.
 *
 * @module
 */
import '@tensorflow/tfjs-backend-webgpu';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { registerWebGPU } from './register-backend.js';

registerWebGPU({ WebGPUBackend });

export { registerTrainingKernels } from './register-kernels.js';
export { releaseWebGPU, useWebGPU } from './use-webgpu.js';
