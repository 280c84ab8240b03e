import {
  engine,
  findBackendFactory,
  getBackend,
  type KernelBackend,
  registerBackend,
  removeBackend,
  setBackend,
} from '@tensorflow/tfjs-core';
import { BackendError } from '../errors/errors.js';
import { uninstallGPU } from './find-gpu.js';
import { backendName, priority } from './register-backend.js';
import { startBackend } from './start-backend.js';

/**
 * Activates WebGPU, or throws an error with the reason; tfjs's `setBackend('webgpu')` only prints it. After the device was
 * lost, this starts a new one. The tensors of the lost device are gone, so load trainers from their checkpoints. Otherwise a
 * second call does nothing.
 *
 * @throws `BackendError` when there is no WebGPU, no adapter or, in Node, no package `webgpu`. The active backend stays.
 * @example
 * await useWebGPU();
 * const simclr = await SimCLR.load(directory('run'));
 */
export async function useWebGPU(): Promise<void> {
  const present = (engine().registry as Record<string, KernelBackend | undefined>)[backendName];
  if (present === undefined || (await isLost(present))) replaceFactory(await startBackend());
  if (getBackend() !== backendName && !(await setBackend(backendName))) {
    throw new BackendError('useWebGPU: the backend must start. Received: a failure, which tfjs has printed.');
  }
}

/**
 * Releases the graphics device: removes the backend with all its tensors, and destroys the device. In Node a device can keep
 * the process alive after all work is done; this lets it end. Save and dispose trainers and models first: their weights are
 * gone afterwards. {@link useWebGPU} then starts on a new device. Does nothing if WebGPU was never started.
 *
 * @example
 * await simclr.save(directory('run'));
 * simclr.dispose();
 * releaseWebGPU();
 */
export function releaseWebGPU(): void {
  const present = (engine().registry as Record<string, KernelBackend | undefined>)[backendName];
  if (present !== undefined) {
    const { device } = present as unknown as { device: { destroy(): void } };
    removeBackend(backendName);
    device.destroy();
    // As after the import of this module, so that a later start creates a new device.
    registerBackend(backendName, startBackend, priority);
  }
  uninstallGPU();
}

/** Registers a factory that gives tfjs the started backend at the first call, and starts a new one at any later call. */
function replaceFactory(started: KernelBackend): void {
  let next: KernelBackend | undefined = started;
  const factory = () => {
    const backend = next;
    next = undefined;
    return backend ?? startBackend();
  };
  if (findBackendFactory(backendName)) removeBackend(backendName);
  registerBackend(backendName, factory, priority);
}

function isLost(backend: KernelBackend): Promise<boolean> {
  const { device } = backend as unknown as { device: { lost: Promise<unknown> } };
  const notYet = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 0));
  return Promise.race([device.lost.then(() => true), notYet]);
}
