import { getBackend } from '@tensorflow/tfjs-core';
import { BackendError } from './errors.js';
import { isError, messageOf } from './is-error.js';

/** Messages of backends and engines when memory is full: ours on wasm, V8, WebGL, WebGPU, native TensorFlow. */
export const memoryFull =
  /cannot allocate|out of memory|allocation failed|\bOOM\b|resource[_ ]exhausted|texture size .* greater than/i;

/** The messages of TensorFlow.js when no backend is active yet. */
const noBackend =
  /no backend found in registry|backend .*has not( yet)? been initialized|no registration found/i;

/** Messages of failed backends: TensorFlow.js for all, then shaders, lost devices, native TensorFlow. */
const failed =
  /not registered for backend|gradient function not found|failed to (compile|link)\b.*shader|unable to create webgl|(context|device) (is|was) lost|context_lost|invalid tf_status/i;

/**
 * Turns an error of the active backend into a `BackendError`, and returns any other as it is, so that data or a file is not
 * blamed for a failure of the backend.
 */
export function asBackendError(error: unknown): unknown {
  if (typeof error !== 'object' || error === null || isError(error, 'SimCLRError')) return error;
  const message = messageOf(error);
  const { name } = error as { name?: unknown };
  const first = message.split('\n')[0]!;
  if (noBackend.test(message)) {
    return new BackendError(
      `A backend of TensorFlow.js must be active: import one, such as 'simclr-ts/wasm', choose it and wait until it is ready. Received: ${first}`,
      { cause: error },
    );
  }
  // A WebAssembly trap has no message.
  if (memoryFull.test(message) || failed.test(message) || /^(Runtime|Operation)Error$/.test(String(name))) {
    return new BackendError(`The active backend '${getBackend()}' failed. It said: ${first}`, {
      cause: error,
    });
  }
  return error;
}
