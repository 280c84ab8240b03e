import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { engine, env, findBackendFactory, registerBackend, removeBackend } from '@tensorflow/tfjs-core';
import { nodeModule } from '../backend/host.js';
import { guardAllocations, memoryOf, type WasmModule } from './module/memory.js';
import { prepareKernelWidth } from './module/wide-kernels.js';

type SetThreadsCount = (count: number) => void;

/**
 * A worker that answers but does nothing. tfjs's threaded binary wants to start its own threads, which in Node it
 * cannot; with one thread it never uses them, and only its shared memory is wanted here.
 */
class IdleWorker {
  private listener: ((message: { cmd: string }) => void) | undefined;

  on(event: string, listener: (message: { cmd: string }) => void): void {
    if (event === 'message') this.listener = listener;
  }

  postMessage({ cmd }: { cmd: string }): void {
    if (cmd === 'load') setTimeout(() => this.listener?.({ cmd: 'loaded' }), 0);
  }

  unref(): void {}

  terminate(): void {}
}

/** What is heard of errors that nobody caught. */
const lastResorts = ['uncaughtException', 'unhandledRejection'] as const;

/**
 * Takes away the listeners that the binary's loader adds for errors that nobody caught: with them, an error of the
 * user's own would be shown as one of the loader's, with all its 100 kB of source in a line.
 */
async function withoutNewListeners<T>(body: () => Promise<T>): Promise<T> {
  type Emitter = { listeners(event: string): unknown[]; off(event: string, listener: unknown): void };
  const host = (globalThis as unknown as { process: Emitter }).process;
  const before = lastResorts.map((event) => host.listeners(event));
  try {
    return await body();
  } finally {
    for (const [index, event] of lastResorts.entries()) {
      for (const listener of host.listeners(event)) {
        if (!before[index]!.includes(listener)) host.off(event, listener);
      }
    }
  }
}

async function withIdleWorkers<T>(body: () => Promise<T>): Promise<T> {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'Worker');
  // A setter that does nothing: the binary's loader assigns Node's own Worker to the global.
  Object.defineProperty(globalThis, 'Worker', { configurable: true, get: () => IdleWorker, set() {} });
  try {
    return await body();
  } finally {
    if (before) Object.defineProperty(globalThis, 'Worker', before);
    else Reflect.deleteProperty(globalThis, 'Worker');
  }
}

function guard(backend: BackendWasm): void {
  const wasm = backend.wasm as unknown as WasmModule;
  guardAllocations(wasm, memoryOf(wasm));
}

/** Starts the backend on memory that threads can share. */
function startShared<T>(stock: () => T | Promise<T>, setThreadsCount: SetThreadsCount): Promise<T> {
  env().set('WASM_HAS_SIMD_SUPPORT', true);
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', true);
  setThreadsCount(1);
  return withoutNewListeners(() => withIdleWorkers(async () => stock()));
}

/**
 * Lets the wasm backend start on memory that threads can share, where it does not by itself: in Node. In a page that is
 * cross-origin isolated tfjs does so itself; in another one memory cannot be shared. Its allocations are guarded from
 * the start; those of one that has started, from now on.
 *
 * @param setThreadsCount - Of `@tensorflow/tfjs-backend-wasm`. An import of it here would be seen by bundlers of Node
 *   programs.
 */
export function prepareBackend(setThreadsCount: SetThreadsCount): void {
  const stock = findBackendFactory('wasm');
  // Looked up here and not by `findBackend`, which would start it.
  const started = engine().registry.wasm as BackendWasm | undefined;
  if (started) guard(started);
  if (started || !stock) return;
  const inNode = nodeModule('node:worker_threads') !== undefined;
  const priority = 2; // tfjs's own for it
  removeBackend('wasm');
  registerBackend(
    'wasm',
    async () => {
      await prepareKernelWidth();
      const backend = await (inNode ? startShared(stock, setThreadsCount) : stock());
      guard(backend as BackendWasm);
      return backend;
    },
    priority,
  );
}
