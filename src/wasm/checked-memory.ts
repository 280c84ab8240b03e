import {
  engine,
  findBackendFactory,
  type KernelBackend,
  registerBackend,
  removeBackend,
} from '@tensorflow/tfjs-core';
import { BackendError } from '../errors/errors.js';

/** The part of tfjs's wasm backend that takes memory. */
interface WasmBackend {
  wasm: { _malloc(bytes: number): number; HEAPU8: Uint8Array };
}

/**
 * tfjs does not look at whether it was given memory: without any left it would go on at address 0 and compute with
 * rubbish, or hang. From here on that is an error, after which the backend still works.
 */
export function checkAllocations(): void {
  const started = (engine().registry as Record<string, KernelBackend | undefined>).wasm;
  if (started) {
    checkBackend(started as unknown as WasmBackend);
    return;
  }
  const factory = findBackendFactory('wasm');
  if (!factory) return;
  removeBackend('wasm');
  registerBackend(
    'wasm',
    async () => {
      const backend = await factory();
      checkBackend(backend as unknown as WasmBackend);
      return backend;
    },
    2, // tfjs's own priority for it
  );
}

function checkBackend({ wasm }: WasmBackend): void {
  wasm._malloc(0); // the first call replaces the function itself
  const allocate = wasm._malloc.bind(wasm);
  wasm._malloc = (bytes) => {
    const address = allocate(bytes);
    if (address !== 0 || bytes === 0) return address;
    const megabytes = (count: number) => `${Math.ceil(count / 2 ** 20)} MB`;
    throw new BackendError(
      `simclr-ts/wasm: the backend's memory must have room; take a smaller batch or smaller pictures. Received: a tensor of ${megabytes(bytes)}, with ${megabytes(wasm.HEAPU8.length)} in use and no more to be had.`,
    );
  };
}
