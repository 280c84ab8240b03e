import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { backend, type DataId, getBackend } from '@tensorflow/tfjs-core';
import { hasTag } from '../../errors/checks.js';
import { BackendError } from '../../errors/errors.js';
import { takeThreadCount } from '../threads/thread-count.js';
import { controlBytes, type PoolExports, ThreadPool } from '../threads/thread-pool.js';
import { DerivedBlocks } from './derived-blocks.js';
import { layouts } from './layout.generated.js';
import { guardAllocations, memoryOf, reclaimWhenFull, type WasmMemory, type WasmModule } from './memory.js';
import { checkSimd, hasRelaxedSimd, type KernelWidth, moduleBinary } from './module-binary.js';
import { type Fields, type StructureName, writeStructure } from './structures.js';
import { takeKernelWidth } from './wide-kernels.js';

export { constants, kinds } from './layout.generated.js';
export type { Fields, StructureName } from './structures.js';

type Run = (kind: number, work: number, first: number, last: number, scratch: number) => void;

const cacheLine = 64;

/**
 * The compiled kernels of this library on the memory of one wasm backend, and their working memory. The module takes
 * addresses in that memory and works on tensors in place.
 */
export class KernelModule {
  private readonly run: Run;
  private readonly pool: ThreadPool | undefined;
  private readonly memory: WebAssembly.Memory;
  private readonly isShared: boolean;
  /** Whether a multiplication and an addition are rounded once (relaxed SIMD). */
  readonly isFused: boolean;
  readonly width: KernelWidth;
  /** Why they are narrow or wide. */
  readonly widthReason: string;
  private readonly blocks = new Map<string, { address: number; bytes: number }>();
  /** Filters in the layouts that the kernels read. */
  readonly derived: DerivedBlocks;

  constructor(private readonly wasm: WasmModule) {
    this.memory = memoryOf(wasm);
    guardAllocations(wasm, this.memory);
    this.derived = new DerivedBlocks(wasm);
    reclaimWhenFull(wasm, () => this.derived.clear());
    this.isShared = hasTag(this.memory.buffer, 'SharedArrayBuffer');
    this.isFused = hasRelaxedSimd();
    // The wide build needs fused multiply-add, which every engine has that can fuse its vectors.
    const { width, reason } = this.isFused
      ? takeKernelWidth()
      : { width: 'narrow' as const, reason: 'this engine has no fused multiply-add' };
    this.width = width;
    this.widthReason = reason;
    const binary = moduleBinary({ fused: this.isFused, shared: this.isShared, width: this.width });
    checkSimd(binary);
    const module = new WebAssembly.Module(binary);
    const { exports } = new WebAssembly.Instance(module, { env: { memory: this.memory } });
    this.run = exports.run as Run;
    const threads = takeThreadCount();
    if (threads > 1 && this.isShared) {
      const control = this.block('Control', controlBytes(threads));
      new Uint8Array(this.memory.buffer, control, controlBytes(threads)).fill(0);
      this.pool = new ThreadPool(threads, exports as unknown as PoolExports, control, module, this.memory);
    } else if (threads > 1) {
      console.warn(
        'simclr-ts/wasm runs on one thread, because the memory of the wasm backend is not shared. In a web page, send the ' +
          "headers of cross-origin isolation. In Node 20.16 or newer, import 'simclr-ts/wasm' before the backend starts.",
      );
    }
  }

  /**
   * Working memory with a name, reused by the next call and replaced when it is too small. Its content is undefined.
   *
   * @throws `BackendError` when wasm's memory is full.
   */
  block(name: string, bytes: number): number {
    const present = this.blocks.get(name);
    if (present && present.bytes >= bytes) return present.address;
    if (present) this.wasm._free(present.address);
    this.blocks.delete(name);
    const address = this.wasm._malloc(bytes);
    this.blocks.set(name, { address, bytes });
    return address;
  }

  /** A view of the memory, valid until the next allocation. */
  floats(address: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, length);
  }

  /** A view of the memory that other threads can read; `undefined` when the memory is not shared. */
  sharedBytes(address: number, length: number): Uint8Array<SharedArrayBuffer> | undefined {
    if (!this.isShared) return undefined;
    return new Uint8Array(this.memory.buffer as ArrayBufferLike as SharedArrayBuffer, address, length);
  }

  /** Address of at least `bytes` bytes of zeros. */
  zeros(bytes: number): number {
    const before = this.blocks.get('zeros')?.bytes ?? 0;
    const address = this.block('zeros', Math.max(bytes, 4096));
    const { bytes: now } = this.blocks.get('zeros')!;
    if (now !== before) new Uint8Array(this.memory.buffer, address, now).fill(0);
    return address;
  }

  /** Writes a structure into its own block and returns its address, which is valid until the next one of that name. */
  structure<Name extends StructureName>(name: Name, fields: Fields<Name>): number {
    return this.structures(name, [fields]);
  }

  /** Writes structures one behind the other, as {@link structure} writes one. */
  structures<Name extends StructureName>(name: Name, list: readonly Fields<Name>[]): number {
    const [bytes] = layouts[name];
    const address = this.block(name, bytes * list.length);
    for (const [index, fields] of list.entries()) {
      writeStructure(this.memory, address + index * bytes, name, fields);
    }
    return address;
  }

  /**
   * Runs all tasks of a kernel, on all threads.
   *
   * @param work - Address of the kernel's arguments.
   * @param scratchBytes - Working memory per thread.
   * @throws `BackendError` when a thread died or memory is full.
   */
  dispatch(kind: number, work: number, tasks: number, scratchBytes = cacheLine): void {
    const bytesPerThread = Math.ceil(scratchBytes / cacheLine) * cacheLine;
    const scratch = this.block('scratch', bytesPerThread * (this.pool?.size ?? 1));
    if (this.pool && tasks > 1) this.pool.dispatch(kind, work, tasks, scratch, bytesPerThread);
    else this.run(kind, work, 0, tasks, scratch);
  }

  /** See {@link wasmMemory}. */
  get usage(): WasmMemory {
    let kernelBytes = this.derived.bytes;
    for (const { bytes } of this.blocks.values()) kernelBytes += bytes;
    return { heapBytes: this.memory.buffer.byteLength, kernelBytes };
  }

  /** Threads that the kernels use: those that have started, or may still start. */
  get threads(): number {
    return this.pool?.threads ?? 1;
  }

  /**
   * Resolves when every thread is ready or has failed to start.
   *
   * @returns Why a thread did not start; `undefined` if all did.
   */
  async threadsStarted(): Promise<string | undefined> {
    return this.pool?.started();
  }
}

const modules = new WeakMap<object, KernelModule>();

/** Calls `onDisposal` whenever a backend frees the data of a tensor, or hands it over to another backend. */
function watchDisposal(active: BackendWasm, onDisposal: (dataId: DataId) => void): void {
  const disposeData = active.disposeData.bind(active);
  active.disposeData = (dataId, force) => {
    const isFreed = disposeData(dataId, force);
    if (isFreed) onDisposal(dataId);
    return isFreed;
  };
}

/** The kernels on the active wasm backend. */
export function kernelModule(): KernelModule {
  const active = backend() as BackendWasm;
  let module = modules.get(active);
  if (!module) {
    const created = new KernelModule(active.wasm as unknown as WasmModule);
    watchDisposal(active, (dataId) => created.derived.forget(dataId));
    modules.set(active, created);
    module = created;
  }
  return module;
}

/**
 * How much memory the active wasm backend holds. After the first training steps this is the most that a step needs.
 *
 * @throws `BackendError` when another backend is active.
 * @example
 * const { heapBytes } = wasmMemory();
 */
export function wasmMemory(): WasmMemory {
  requireWasm('wasmMemory');
  return kernelModule().usage;
}

/** How the kernels of the active wasm backend run. */
export interface WasmKernels {
  /** Threads that compute, the calling one included. */
  threads: number;
  /** `'wide'` if products are computed in vectors of 256 bits; see {@link setKernelWidth}. */
  width: KernelWidth;
  /** Whether multiplications and additions are fused (relaxed SIMD). */
  isFused: boolean;
}

/**
 * Which build of the kernels the active wasm backend uses, and on how many threads.
 *
 * @throws `BackendError` when another backend is active.
 * @example
 * const { threads, width } = wasmKernels();
 */
export function wasmKernels(): WasmKernels {
  requireWasm('wasmKernels');
  const { threads, width, isFused } = kernelModule();
  return { threads, width, isFused };
}

function requireWasm(owner: string): void {
  if (getBackend() === 'wasm') return;
  throw new BackendError(`${owner}: the wasm backend must be active. Received: backend='${getBackend()}'.`);
}
