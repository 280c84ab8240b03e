import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { engine, env, findBackendFactory, registerBackend, removeBackend } from '@tensorflow/tfjs-core';
import { nodeModule } from '../backend/host.js';
import { registerTileGradient } from './kernels/tile-gradient.js';
import { guardAllocations, memoryOf, type WasmModule } from './module/memory.js';
import { prepareKernelWidth } from './module/wide-kernels.js';

type SetThreadsCount = (count: number) => void;

/**
 * A worker that says that it has loaded, and does nothing. tfjs's threaded binary starts threads of its own, which fails in
 * Node and in Firefox often never ends where a worker starts them. Set to one thread, the binary does not use them; only its
 * shared memory is needed here.
 */
class IdleWorker {
  onmessage: ((event: { data: { cmd: string } }) => void) | null = null;

  on(): void {}

  postMessage({ cmd }: { cmd: string }): void {
    if (cmd === 'load') setTimeout(() => this.onmessage?.({ data: { cmd: 'loaded' } }), 0);
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

/** What `Worker` is while the binary starts: in a page's worker, only the binary's own threads are idle, made of a blob. */
function idleWorkerKind(): unknown {
  if (inNode()) return IdleWorker;
  const Original = Worker;
  return function (this: unknown, url: string | URL, options?: WorkerOptions) {
    return String(url).startsWith('blob:') ? new IdleWorker() : new Original(url, options);
  };
}

async function withIdleWorkers<T>(body: () => Promise<T>): Promise<T> {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'Worker');
  const kind = idleWorkerKind();
  // The setter does nothing, because the loader assigns Node's own Worker to the global.
  Object.defineProperty(globalThis, 'Worker', { configurable: true, get: () => kind, set() {} });
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

const inNode = () => nodeModule('node:worker_threads') !== undefined;

/** Starts the backend on memory that threads can share, without threads of its own where that is safe. */
async function start<T>(stock: () => T | Promise<T>, setThreadsCount: SetThreadsCount): Promise<T> {
  if (inNode()) {
    env().set('WASM_HAS_SIMD_SUPPORT', true);
    env().set('WASM_HAS_MULTITHREAD_SUPPORT', true);
    setThreadsCount(1);
    return withoutNewListeners(() => withIdleWorkers(async () => stock()));
  }
  // On a page itself, its other programs may start workers meanwhile.
  const inPageWorker = typeof document === 'undefined' && typeof Worker !== 'undefined';
  if (!inPageWorker || !(await env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT'))) return stock();
  setThreadsCount(1);
  return withIdleWorkers(async () => stock());
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
  const priority = 2; // that of tfjs
  removeBackend('wasm');
  registerBackend(
    'wasm',
    async () => {
      await prepareKernelWidth();
      const backend = await start(stock, setThreadsCount);
      guard(backend as BackendWasm);
      registerTileGradient();
      return backend;
    },
    priority,
  );
}
