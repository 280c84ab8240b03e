import { BackendError } from '../errors/errors.js';

/** What the wasm backend's allocator looks like: emscripten's. */
export interface Allocator {
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/** Memory of the wasm backend, in bytes. */
export interface WasmMemory {
  /** All of it: tensors, working memory and what is free again. It grows to at most 4 GB and never shrinks. */
  heapBytes: number;
  /** Working memory that the kernels of this library keep. */
  kernelBytes: number;
}

/**
 * Makes an allocator say so when memory is full. tfjs takes the address 0 that it returns then for memory, and
 * overwrites its own.
 */
export function guardAllocations(wasm: Allocator, memory: { readonly buffer: ArrayBufferLike }): void {
  wasm._free(wasm._malloc(8)); // emscripten's first call puts the real function in the place of its stand-in
  const allocate = wasm._malloc;
  wasm._malloc = (bytes) => {
    const address = allocate(bytes) >>> 0; // addresses beyond 2 GB come as negative numbers
    // Near 4 GB the allocator has been seen to hand out what lies beyond the end.
    const beyond = address + bytes > memory.buffer.byteLength;
    if (bytes > 0 && (address === 0 || beyond)) {
      throw new BackendError(
        `The wasm backend's memory of at most 4 GB has no room for ${Math.ceil(bytes / 2 ** 20)} MB more. Lower the batch size, or train in micro-batches.`,
      );
    }
    return address;
  };
}
