import { getKernel, type KernelFunc, registerKernel } from '@tensorflow/tfjs-core';
import { lateReading } from '../backend/late-reading.js';
import { fusedUpdates } from '../optimizers/fused-updates.js';
import { fusedKernels } from '../tensors/fused-rows.js';
import { normalizeRows, normalizeRowsGradient, rowMoments } from './batch-normalization.js';
import { adamUpdate, momentumUpdate } from './optimizer-updates.js';

const marker: KernelFunc = () => {
  throw new Error(`${lateReading} is a marker and cannot be run.`);
};

/**
 * Registers kernels of this library on tfjs's WebGPU backend: batch normalization and optimizer updates in few passes over
 * memory, and a marker that its values are read late. Calling it again does nothing.
 *
 * Importing `simclr-ts/webgpu` calls it.
 *
 * @param backendName - The name under which the backend is registered. @defaultValue `'webgpu'`
 */
export function registerTrainingKernels(backendName = 'webgpu'): void {
  const kernels: [name: string, kernelFunc: KernelFunc][] = [
    [fusedKernels.moments, rowMoments],
    [fusedKernels.normalize, normalizeRows],
    [fusedKernels.normalizeGradient, normalizeRowsGradient],
    [fusedUpdates.momentum, momentumUpdate],
    [fusedUpdates.adam, adamUpdate],
    [lateReading, marker],
  ];
  for (const [kernelName, kernelFunc] of kernels) {
    if (getKernel(kernelName, backendName) === undefined) {
      registerKernel({ kernelName, backendName, kernelFunc });
    }
  }
}
