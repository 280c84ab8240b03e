import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { backend } from '@tensorflow/tfjs-core';
import { BackendError } from '../errors/errors.js';
import { plain, relaxed } from './binaries.generated.js';

/** What the compiled module can do, by the numbers of assembly/index.ts. */
export const kinds = { packColumns: 0, multiplyGathered: 1, multiplyFilterGradient: 2 } as const;

/** Fields of a structure in the order of its class in assembly/; whole numbers and addresses. */
export type Fields = readonly number[];

type Run = (kind: number, work: number, first: number, last: number, scratch: number) => void;

interface WasmModule {
  _malloc(bytes: number): number;
  _free(address: number): void;
  asm: { memory: WebAssembly.Memory };
  wasmMemory?: WebAssembly.Memory;
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** A function with one relaxed multiply-add: engines without relaxed SIMD refuse it. */
const relaxedProbe = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 20, 1, 18, 0],
  ...[65, 0, 253, 15, 65, 0, 253, 15, 65, 0, 253, 15, 253, 133, 2, 26, 11],
);

/** Whether the engine fuses multiply and add. Node 20 does when told to, before the module is compiled. */
function hasRelaxedSimd(): boolean {
  if (WebAssembly.validate(relaxedProbe)) return true;
  type V8 = { setFlagsFromString(flags: string): void };
  const host = globalThis as { process?: { getBuiltinModule?(name: string): V8 | undefined } };
  host.process?.getBuiltinModule?.('node:v8')?.setFlagsFromString('--experimental-wasm-relaxed-simd');
  return WebAssembly.validate(relaxedProbe);
}

/**
 * This library's compiled kernels on the memory of one wasm backend, and the working memory that they share. Numbers
 * in and out of the module are addresses in that memory; tensors are worked on in place.
 */
export class KernelModule {
  private readonly run: Run;
  private readonly memory: WebAssembly.Memory;
  private readonly blocks = new Map<string, { address: number; bytes: number }>();

  constructor(private readonly wasm: WasmModule) {
    this.memory = wasm.wasmMemory ?? wasm.asm.memory;
    const binary = decode(hasRelaxedSimd() ? relaxed : plain);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(binary), {
      env: { memory: this.memory },
    });
    this.run = instance.exports.run as Run;
  }

  /**
   * Working memory under a name: kept for the next call, made anew when more is needed. What it holds is undefined.
   *
   * @throws {@link BackendError} when wasm's memory is full.
   */
  block(name: string, bytes: number): number {
    const present = this.blocks.get(name);
    if (present && present.bytes >= bytes) return present.address;
    if (present) this.wasm._free(present.address);
    this.blocks.delete(name);
    const address = this.wasm._malloc(bytes);
    if (address === 0) {
      throw new BackendError(
        `The wasm backend's memory of at most 4 GB has no room for ${Math.ceil(bytes / 2 ** 20)} MB more. Lower the batch size.`,
      );
    }
    this.blocks.set(name, { address, bytes });
    return address;
  }

  /** Zeros, at least so many bytes. */
  zeros(bytes: number): number {
    const before = this.blocks.get('zeros')?.bytes ?? 0;
    const address = this.block('zeros', Math.max(bytes, 4096));
    const { bytes: now } = this.blocks.get('zeros')!;
    if (now !== before) new Uint8Array(this.memory.buffer, address, now).fill(0);
    return address;
  }

  /** Writes a structure into a block of its own and returns its address. */
  structure(name: string, fields: Fields): number {
    const address = this.block(name, 4 * fields.length);
    new Int32Array(this.memory.buffer, address, fields.length).set(fields);
    return address;
  }

  /** Does all `tasks` of a piece of work. */
  dispatch(kind: number, work: number, tasks: number, scratchBytes: number): void {
    this.run(kind, work, 0, tasks, this.block('scratch', scratchBytes));
  }
}

const modules = new WeakMap<object, KernelModule>();

/** The kernels on the active wasm backend. */
export function kernelModule(): KernelModule {
  const active = backend() as BackendWasm;
  let module = modules.get(active);
  if (!module) {
    module = new KernelModule(active.wasm as unknown as WasmModule);
    modules.set(active, module);
  }
  return module;
}
