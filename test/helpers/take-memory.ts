import { backend } from '@tensorflow/tfjs-core';

/** What gives memory of the wasm backend, and takes it back. */
export interface Allocator {
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/**
 * Takes the memory of the wasm backend in blocks of `bytes`, until there is none for another. The blocks are not touched,
 * because a machine takes seconds to find 4 GB.
 *
 * @returns A function that gives all of it back.
 */
export function takeMemory(bytes: number): () => void {
  const { wasm } = backend() as unknown as { wasm: Allocator };
  const blocks: number[] = [];
  try {
    for (;;) blocks.push(wasm._malloc(bytes));
  } catch {
    // As much as there is.
  }
  return () => {
    for (const block of blocks) wasm._free(block);
  };
}
