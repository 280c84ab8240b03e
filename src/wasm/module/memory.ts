import { BackendError } from '../../errors/errors.js';

/** The wasm backend's allocator: emscripten's. */
export interface Allocator {
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/** What this library uses of tfjs's wasm module. */
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
  /** The whole heap: tensors, working memory and free memory. It grows to at most 4 GB and never shrinks. */
  heapBytes: number;
  /** Working memory of this library's kernels, and the filters that they keep as long as these do not change. */
  kernelBytes: number;
}

const guarded = new WeakSet<Allocator>();
const reclaims = new WeakMap<Allocator, () => boolean>();

/**
 * Sets what a guarded allocator calls when memory is full, before it tries once more.
 *
 * @param reclaim - Frees memory that can be spared, and returns whether there was any.
 */
export function reclaimWhenFull(wasm: Allocator, reclaim: () => boolean): void {
  reclaims.set(wasm, reclaim);
}

/**
 * Makes an allocator throw when memory is full, and return unsigned addresses. tfjs would use the address 0, which means that
 * memory is full, and overwrite its own data; it cannot use negative addresses. Calling it again does nothing.
 */
export function guardAllocations(wasm: Allocator, memory: { readonly buffer: ArrayBufferLike }): void {
  if (guarded.has(wasm)) return;
  guarded.add(wasm);
  wasm._free(wasm._malloc(8)); // the first call replaces emscripten's placeholder by the real function
  const allocate = wasm._malloc;
  /** An address, or `undefined` when memory is full. */
  const tryToAllocate = (bytes: number) => {
    const address = allocate(bytes) >>> 0; // addresses above 2 GB are returned as negative numbers
    // Near 4 GB the allocator has been seen to return memory past the end.
    const isPastEnd = address + bytes > memory.buffer.byteLength;
    if (bytes === 0 || (address !== 0 && !isPastEnd)) return address;
    if (address !== 0) wasm._free(address);
    return undefined;
  };
  wasm._malloc = (bytes) => {
    const address = tryToAllocate(bytes) ?? (reclaims.get(wasm)?.() ? tryToAllocate(bytes) : undefined);
    if (address !== undefined) return address;
    throw new BackendError(
      `The wasm backend cannot allocate another ${Math.ceil(bytes / 2 ** 20)} MB: its memory is limited to 4 GB. Lower the batch size, or train in micro-batches.`,
    );
  };
}
