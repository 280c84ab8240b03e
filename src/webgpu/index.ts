/**
 * Makes WebGPU a training backend, in browsers and in Node, on the cards of all vendors and without CUDA. **This entry has
 * a side effect, on purpose**: importing it loads `@tensorflow/tfjs-backend-webgpu`, registers the backend `'webgpu'` and
 * adds the training kernels to it. It does not choose the backend; that stays with you, by `setBackend('webgpu')` of tfjs
 * or by a function that says why where it cannot be:
 *
 * ```ts
 * import { useWebGPU } from 'simclr-ts/webgpu';
 * await useWebGPU();
 * ```
 *
 * In Node it needs the npm package `webgpu` beside it. Values come back late: `fit` makes the next step before it knows the
 * loss of the one before, and finds one that is not finite at most a step later, always before a checkpoint.
 *
 * @module
 */
import '@tensorflow/tfjs-backend-webgpu';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { registerWebGPU } from './register-backend.js';

registerWebGPU({ WebGPUBackend });

export { registerTrainingKernels } from './register-kernels.js';
export { releaseWebGPU, useWebGPU } from './use-webgpu.js';
