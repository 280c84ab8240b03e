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
import { hideGPU } from './find-gpu.js';
import { backendName, priority } from './register-backend.js';
import { startBackend } from './start-backend.js';

/**
 * Activates WebGPU, and says why where that is not possible; `setBackend('webgpu')` of tfjs says it on the console only.
 * Where the device was lost it starts on a new one: the tensors of the old are gone, so that trainers have to be loaded
 * from their checkpoints. Otherwise a second call does nothing.
 *
 * @throws `BackendError` when there is no WebGPU, no adapter, or in Node no package `webgpu`. What was active stays.
 * @example
 * await useWebGPU();
 * const simclr = await SimCLR.load(directory('run'));
 */
export async function useWebGPU(): Promise<void> {
  const known = (engine().registry as Record<string, KernelBackend | undefined>)[backendName];
  if (known === undefined || (await isLost(known))) {
    const started = await startBackend();
    replaceFactory(started);
  }
  if (getBackend() !== backendName && !(await setBackend(backendName))) {
    throw new BackendError('useWebGPU: the backend must start. Received: a failure that tfjs has printed.');
  }
}

/**
 * Gives the graphics device back: removes the backend with all tensors that are on it, and destroys the device. In Node
 * the device, or what holds it, can keep the process alive after all work is done; this lets it end. Trainers and models
 * that have weights on it cannot be used any more: save them before, and dispose them. Afterwards {@link useWebGPU}
 * starts on a new device. Does nothing where WebGPU was never started.
 *
 * @example
 * await simclr.save(directory('run'));
 * simclr.dispose();
 * releaseWebGPU();
 */
export function releaseWebGPU(): void {
  const known = (engine().registry as Record<string, KernelBackend | undefined>)[backendName];
  if (known !== undefined) {
    const { device } = known as unknown as { device: { destroy(): void } };
    removeBackend(backendName);
    device.destroy();
    // As importing this entry leaves it: a later start is on a new device.
    registerBackend(backendName, startBackend, priority);
  }
  hideGPU();
}

/** From now on tfjs starts anew on its own too, once it has taken the backend that was started for it. */
function replaceFactory(started: KernelBackend): void {
  let given: KernelBackend | undefined = started;
  const factory = () => {
    const first = given;
    given = undefined;
    return first ?? startBackend();
  };
  if (findBackendFactory(backendName)) removeBackend(backendName);
  registerBackend(backendName, factory, priority);
}

function isLost(known: KernelBackend): Promise<boolean> {
  const { device } = known as unknown as { device: { lost: Promise<unknown> } };
  const no = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 0));
  return Promise.race([device.lost.then(() => true), no]);
}
