import { ready } from '@tensorflow/tfjs-core';
import { BackendError } from '../../errors/errors.js';
import { checkBackend } from '../../training/index.js';
import type { BackendStart } from '../protocol.js';
import type { ServeTrainerOptions } from './serve-options.js';

/**
 * Starts the backend of a worker once, for all trainers; again where it failed.
 *
 * @returns A function that gives the backend's name.
 */
export function backendStarter(
  backend: ServeTrainerOptions['backend'],
): (start: BackendStart) => Promise<string> {
  let started: Promise<string> | undefined;
  return (start) => {
    started ??= startBackend(backend, start).catch((error: unknown) => {
      started = undefined;
      throw error;
    });
    return started;
  };
}

async function startBackend(backend: ServeTrainerOptions['backend'], start: BackendStart): Promise<string> {
  if ((await backend(start)) === false) {
    throw new BackendError('serveTrainer: backend must start. Received: backend() gave false.');
  }
  await ready();
  // A first computation on all threads: whatever hangs there hangs while the page still counts the seconds.
  const check = await checkBackend();
  if (check.backend === '') throw new BackendError(`serveTrainer: ${check.message}`);
  return check.backend;
}
