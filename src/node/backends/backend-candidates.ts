import util from 'node:util';
import { backend, findBackendFactory } from '@tensorflow/tfjs-core';
import { type Adapter, type FoundGPU, findGPU } from '../../webgpu/find-gpu.js';
import { importByName, isNotInstalled } from './optional-package.js';

/** A backend that may work here. */
export interface BackendCandidate {
  /** Its name for users. */
  name: string;
  /** Its name in TensorFlow.js. */
  backend: string;
  /**
   * Loads and registers it. Throws with a readable reason when it is unavailable.
   *
   * @param from - Where the application is, for packages that only it has: see `findPackage`.
   */
  load(from?: string): Promise<void>;
  /** Called while it is active. Returns a description, or throws with a reason why it does not count. */
  inspect(): string | Promise<string>;
}

async function load(name: string, importIt: () => Promise<unknown>): Promise<void> {
  try {
    await importIt();
  } catch (error) {
    if (isNotInstalled(error, name)) throw new Error(`${name} is not installed`);
    throw new Error(`${name} does not load (${(error as Error).message.split('\n')[0]})`);
  }
}

/** Messages of Linux, macOS, Windows, and tfjs-node when the binding or the library of TensorFlow is missing. */
const libraryMissing =
  /native addon module .* can not be found|libtensorflow\S*: cannot open shared object|Library not loaded: \S*libtensorflow|The specified module could not be found/;

/** A readable reason why an installed tfjs-node package does not load. */
export function explainTensorFlowFailure(name: string, error: Error): Error {
  if (!libraryMissing.test(error.message)) return error;
  return new Error(
    `${name} is installed without its native library: its install step did not run or could not download it; ` +
      `try \`npm rebuild ${name}\``,
  );
}

/** Both tfjs-node packages register the backend 'tensorflow'; at most one is loaded into a process. */
async function loadTensorFlow(name: string, from: string | undefined): Promise<void> {
  // Gone from Node 23 on, but used by tfjs-node 4.22.
  const legacy = util as unknown as Record<string, unknown>;
  legacy.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  legacy.isArray ??= Array.isArray;
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'; // TensorFlow's own notices about the processor
  try {
    await load(name, () => importByName(name, from));
  } catch (error) {
    throw explainTensorFlowFailure(name, error as Error);
  }
}

function usesGPU(): boolean {
  return (backend() as unknown as { isUsingGpuDevice?: boolean }).isUsingGpuDevice === true;
}

type NamedAdapter = Pick<Adapter, 'isFallbackAdapter' | 'info'>;

/** The name of an adapter. */
function adapterName({ info }: NamedAdapter): string {
  const parts = [info?.vendor, info?.architecture, info?.description || info?.device];
  return parts.filter(Boolean).join(' ') || 'unnamed adapter';
}

/** Whether an adapter computes on the processor, which is much slower than the wasm backend. */
export function isSoftwareAdapter(adapter: NamedAdapter): boolean {
  return (
    adapter.isFallbackAdapter === true ||
    adapter.info?.isFallbackAdapter === true ||
    /swiftshader|llvmpipe|lavapipe|software|basic render/i.test(adapterName(adapter))
  );
}

let webgpuName = 'WebGPU';

/** Looks for a real GPU, in Node through the npm package `webgpu`. */
async function loadWebGPU(from: string | undefined): Promise<void> {
  let found: FoundGPU | undefined;
  await load('webgpu', async () => {
    found = await findGPU();
  });
  const adapter = await found!.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('no graphics adapter was found');
  if (isSoftwareAdapter(adapter)) throw new Error(`the only adapter is software (${adapterName(adapter)})`);
  webgpuName = `WebGPU on ${adapterName(adapter)}`;
  found!.install();
  const { registerWebGPU } = await import('../../webgpu/register-backend.js');
  await load('@tensorflow/tfjs-backend-webgpu', async () => {
    registerWebGPU(await importByName('@tensorflow/tfjs-backend-webgpu', from));
  });
}

/** Waits for the threads, to report a backend that works with fewer than it should have. */
async function inspectWasm(): Promise<string> {
  const { kernelModule } = await import('../../wasm/module/kernel-module.js');
  const module = kernelModule();
  const missing = await module.threadsStarted();
  const threads = module.threads === 1 ? '1 thread' : `${module.threads} threads`;
  const fewer = missing === undefined ? '' : `, with fewer threads: ${missing}`;
  return `WebAssembly on the processor, ${threads}, vectors of ${module.width === 'wide' ? 256 : 128} bits${fewer}`;
}

/** All backends that may work here, the fastest first. */
export const backendCandidates: readonly BackendCandidate[] = [
  {
    name: 'tfjs-node-gpu',
    backend: 'tensorflow',
    load: (from) => loadTensorFlow('@tensorflow/tfjs-node-gpu', from),
    inspect() {
      if (!usesGPU()) throw new Error('TensorFlow finds no CUDA GPU');
      return 'TensorFlow on a CUDA GPU';
    },
  },
  {
    name: 'webgpu',
    backend: 'webgpu',
    load: loadWebGPU,
    inspect: () => webgpuName,
  },
  {
    name: 'wasm',
    backend: 'wasm',
    async load(from) {
      const { registerWasm } = await import('../../wasm/register-backend.js');
      await load('@tensorflow/tfjs-backend-wasm', async () => {
        registerWasm(await importByName('@tensorflow/tfjs-backend-wasm', from));
      });
    },
    inspect: inspectWasm,
  },
  {
    name: 'tfjs-node',
    backend: 'tensorflow',
    async load(from) {
      if (!findBackendFactory('tensorflow')) await loadTensorFlow('@tensorflow/tfjs-node', from);
    },
    inspect: () => 'TensorFlow on the processor',
  },
  {
    name: 'cpu',
    backend: 'cpu',
    async load(from) {
      const name = '@tensorflow/tfjs-backend-cpu';
      if (!findBackendFactory('cpu')) await load(name, () => importByName(name, from));
    },
    inspect: () => 'plain JavaScript: for tests and tiny models only',
  },
];
