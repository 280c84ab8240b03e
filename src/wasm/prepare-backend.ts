import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { engine, env, findBackendFactory, registerBackend, removeBackend } from '@tensorflow/tfjs-core';
import { nodeModule } from '../backend/host.js';
import { registerTileGradient } from './kernels/tile-gradient.js';
import { guardAllocations, memoryOf, type WasmModule } from './module/memory.js';
import { prepareKernelWidth } from './module/wide-kernels.js';
import { offerBinaries, type TfjsWasm } from './tfjs/inlined-binaries.js';

/**
 * A worker that says that it has loaded, and does nothing. tfjs's threaded binary starts threads of its own, which fails in
 * Node, in Firefox often never ends where a worker starts them, and fails in minified code: they get their program as the
 * text of a function. Set to one thread, the binary does not use them; only its shared memory is needed here.
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

/** Replaces `Worker`. @returns a function that puts it back. */
function replaceWorker(kind: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'Worker');
  // The setter does nothing, because the loader assigns Node's own Worker to the global.
  Object.defineProperty(globalThis, 'Worker', { configurable: true, get: () => kind, set() {} });
  return () => {
    if (before) Object.defineProperty(globalThis, 'Worker', before);
    else Reflect.deleteProperty(globalThis, 'Worker');
  };
}

/** In Node, the binary starts on memory that threads can share if it is told that the host has threads. */
async function startInNode<T>(stock: () => T | Promise<T>, { setThreadsCount }: TfjsWasm): Promise<T> {
  env().set('WASM_HAS_SIMD_SUPPORT', true);
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', true);
  setThreadsCount(1);
  const restore = replaceWorker(IdleWorker);
  try {
    return await withoutNewListeners(async () => stock());
  } finally {
    restore();
  }
}

/** More than enough for tfjs to come to its threads; all of them run before the next task. */
const microtasks = 100;

/** In a page or a worker of one, the binary's own threads, made of a blob, are idle. */
async function startInPage<T>(stock: () => T | Promise<T>, { setThreadsCount }: TfjsWasm): Promise<T> {
  const Original = globalThis.Worker;
  if (Original === undefined || !(await env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT'))) return stock();
  await env().getAsync('WASM_HAS_SIMD_SUPPORT'); // known from now on, so that tfjs does not wait for it
  setThreadsCount(1);
  const restore = replaceWorker(function (this: unknown, url: string | URL, options?: WorkerOptions) {
    return String(url).startsWith('blob:') ? new IdleWorker() : new Original(url, options);
  });
  // tfjs makes them before another task runs: no worker of another program is made meanwhile.
  const started = stock();
  for (let i = 0; i < microtasks; i++) await undefined;
  restore();
  return started;
}

function guard(backend: BackendWasm): void {
  const wasm = backend.wasm as unknown as WasmModule;
  guardAllocations(wasm, memoryOf(wasm));
}

const inNode = () => nodeModule('node:worker_threads') !== undefined;

/**
 * Lets the wasm backend start on memory that threads can share. That is needed in Node; in a cross-origin-isolated page tfjs
 * does so itself, and in any other page memory cannot be shared. In pages it starts from the binaries that this library
 * carries. Also guards the backend's allocations: from its start, or from now on if it has started.
 *
 * @param tfjs - `@tensorflow/tfjs-backend-wasm`. It is not imported here, so that bundlers of Node programs do not follow
 *   the import.
 */
export function prepareBackend(tfjs: TfjsWasm): void {
  const stock = findBackendFactory('wasm');
  // Not `findBackend`, which would start it.
  const started = engine().registry.wasm as BackendWasm | undefined;
  if (started) guard(started);
  if (started || !stock) return;
  const withBinaries = inNode() ? undefined : offerBinaries(tfjs);
  const start = () =>
    withBinaries ? withBinaries(() => startInPage(stock, tfjs)) : startInNode(stock, tfjs);
  const priority = 2; // that of tfjs
  removeBackend('wasm');
  registerBackend(
    'wasm',
    async () => {
      await prepareKernelWidth();
      const backend = await start();
      guard(backend as BackendWasm);
      registerTileGradient();
      return backend;
    },
    priority,
  );
}
