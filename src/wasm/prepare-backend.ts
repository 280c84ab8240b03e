import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { engine, env, findBackendFactory, registerBackend, removeBackend } from '@tensorflow/tfjs-core';
import { nodeModule } from '../backend/host.js';
import { registerTileGradient } from './kernels/tile-gradient.js';
import { guardAllocations, memoryOf, type WasmModule } from './module/memory.js';
import { prepareKernelWidth } from './module/wide-kernels.js';

type SetThreadsCount = (count: number) => void;

/**
 * A worker that answers but does nothing. tfjs's threaded binary starts its own threads, which fails in Node. Set to one
 * thread it never uses them, and only its shared memory is needed here.
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

/** Events of errors that nobody caught. */
const uncaughtEvents = ['uncaughtException', 'unhandledRejection'] as const;

/**
 * Removes the listeners for uncaught errors that the loader of tfjs's binary adds. With them, Node would show an error of the
 * user's program as one of the loader, together with 100 kB of its source on one line.
 */
async function withoutNewListeners<T>(body: () => Promise<T>): Promise<T> {
  type Emitter = { listeners(event: string): unknown[]; off(event: string, listener: unknown): void };
  const host = (globalThis as unknown as { process: Emitter }).process;
  const before = uncaughtEvents.map((event) => host.listeners(event));
  try {
    return await body();
  } finally {
    for (const [index, event] of uncaughtEvents.entries()) {
      for (const listener of host.listeners(event)) {
        if (!before[index]!.includes(listener)) host.off(event, listener);
      }
    }
  }
}

async function withIdleWorkers<T>(body: () => Promise<T>): Promise<T> {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'Worker');
  // The setter does nothing, because the loader assigns Node's own Worker to the global.
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

/** Starts the backend on shared memory. */
function startShared<T>(stock: () => T | Promise<T>, setThreadsCount: SetThreadsCount): Promise<T> {
  env().set('WASM_HAS_SIMD_SUPPORT', true);
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', true);
  setThreadsCount(1);
  return withoutNewListeners(() => withIdleWorkers(async () => stock()));
}

/**
 * Lets the wasm backend start on memory that threads can share. That is needed in Node; in a cross-origin-isolated page tfjs
 * does so itself, and in any other page memory cannot be shared. Also guards the backend's allocations: from its start, or
 * from now on if it has started.
 *
 * @param setThreadsCount - That of `@tensorflow/tfjs-backend-wasm`. It is not imported here, so that bundlers of Node
 *   programs do not follow the import.
 */
export function prepareBackend(setThreadsCount: SetThreadsCount): void {
  const stock = findBackendFactory('wasm');
  // Not `findBackend`, which would start it.
  const started = engine().registry.wasm as BackendWasm | undefined;
  if (started) guard(started);
  if (started || !stock) return;
  const inNode = nodeModule('node:worker_threads') !== undefined;
  const priority = 2; // that of tfjs
  removeBackend('wasm');
  registerBackend(
    'wasm',
    async () => {
      await prepareKernelWidth();
      const backend = await (inNode ? startShared(stock, setThreadsCount) : stock());
      guard(backend as BackendWasm);
      registerTileGradient();
      return backend;
    },
    priority,
  );
}
