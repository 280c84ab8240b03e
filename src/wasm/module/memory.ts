import { BackendError } from '../../errors/errors.js';

/** What the wasm backend's allocator looks like: emscripten's. */
export interface Allocator {
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/** tfjs's wasm module, as far as it is used here. */
export interface WasmModule extends Allocator {
  asm: { memory: WebAssembly.Memory };
  wasmMemory?: WebAssembly.Memory;
}

/** The memory of a backend. */
export function memoryOf({ wasmMemory, asm }: WasmModule): WebAssembly.Memory {
  return wasmMemory ?? asm.memory;
}

/** Memory of the wasm backend, in bytes. */
export interface WasmMemory {
  /** All of it: tensors, working memory and what is free again. It grows to at most 4 GB and never shrinks. */
  heapBytes: number;
  /** Working memory that the kernels of this library keep. */
  kernelBytes: number;
}

const guarded = new WeakSet<Allocator>();

/**
 * Makes an allocator say so when memory is full, and its addresses positive. tfjs takes the address 0 that it returns
 * when full for memory, and overwrites its own; a negative one it cannot use. Done once; again it does nothing.
 */
export function guardAllocations(wasm: Allocator, memory: { readonly buffer: ArrayBufferLike }): void {
  if (guarded.has(wasm)) return;
  guarded.add(wasm);
  wasm._free(wasm._malloc(8)); // emscripten's first call puts the real function in the place of its stand-in
  const allocate = wasm._malloc;
  wasm._malloc = (bytes) => {
    const address = allocate(bytes) >>> 0; // addresses beyond 2 GB come as negative numbers
    // Near 4 GB the allocator has been seen to hand out what lies beyond the end.
    const beyond = address + bytes > memory.buffer.byteLength;
    if (bytes > 0 && (address === 0 || beyond)) {
      if (address !== 0) wasm._free(address);
      throw new BackendError(
        `The wasm backend's memory of at most 4 GB has no room for ${Math.ceil(bytes / 2 ** 20)} MB more. Lower the batch size, or train in micro-batches.`,
      );
    }
    return address;
  };
}
