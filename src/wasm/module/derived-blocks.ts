import type { DataId } from '@tensorflow/tfjs-core';
import type { Allocator } from './memory.js';

interface DerivedBlock {
  address: number;
  bytes: number;
  sources: readonly DataId[];
}

/**
 * Memory for what is computed from tensors that rarely change, such as packed filters. A block lives until one of its tensors
 * is disposed of. That is enough, because the values of a tensor never change: a variable that is assigned to gets other data.
 */
export class DerivedBlocks {
  private readonly blocks = new Map<string, DerivedBlock>();
  private readonly keysOf = new Map<DataId, Set<string>>();
  private readonly numbers = new WeakMap<DataId, number>();
  private nextNumber = 1;
  private readers = 0;

  constructor(private readonly wasm: Allocator) {}

  /**
   * Address of values derived from tensors, which are computed unless they are there.
   *
   * @param sources - Data of all tensors that the values depend on.
   * @param layout - What the values are, with everything else that they depend on.
   * @param write - Writes the values to an address.
   * @throws `BackendError` when wasm's memory is full.
   */
  get(sources: readonly DataId[], layout: string, bytes: number, write: (address: number) => void): number {
    const key = [layout, ...sources.map((source) => this.numberOf(source))].join(' ');
    const present = this.blocks.get(key);
    if (present) return present.address;
    const address = this.wasm._malloc(bytes);
    try {
      write(address);
    } catch (error) {
      this.wasm._free(address);
      throw error;
    }
    this.blocks.set(key, { address, bytes, sources });
    for (const source of sources) {
      const keys = this.keysOf.get(source);
      if (keys) keys.add(key);
      else this.keysOf.set(source, new Set([key]));
    }
    return address;
  }

  /** Frees what was derived from a tensor. Must be called when its data is disposed of. */
  forget(source: DataId): void {
    for (const key of [...(this.keysOf.get(source) ?? [])]) this.free(key);
  }

  /** Runs `body`, during which {@link clear} frees nothing, so that addresses stay valid. */
  keeping<T>(body: () => T): T {
    this.readers++;
    try {
      return body();
    } finally {
      this.readers--;
    }
  }

  /**
   * Frees everything, to make place for something else.
   *
   * @returns Whether anything was freed.
   */
  clear(): boolean {
    if (this.readers > 0 || this.blocks.size === 0) return false;
    for (const key of [...this.blocks.keys()]) this.free(key);
    return true;
  }

  /** Bytes of all blocks. */
  get bytes(): number {
    let sum = 0;
    for (const { bytes } of this.blocks.values()) sum += bytes;
    return sum;
  }

  private numberOf(source: DataId): number {
    let number = this.numbers.get(source);
    if (number === undefined) {
      number = this.nextNumber++;
      this.numbers.set(source, number);
    }
    return number;
  }

  private free(key: string): void {
    const { address, sources } = this.blocks.get(key)!;
    this.wasm._free(address);
    this.blocks.delete(key);
    for (const source of sources) {
      const keys = this.keysOf.get(source);
      keys?.delete(key);
      if (keys?.size === 0) this.keysOf.delete(source);
    }
  }
}
