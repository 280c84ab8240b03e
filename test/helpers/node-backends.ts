import { createRequire, Module } from 'node:module';
import util from 'node:util';
import { testSetting } from './setting.js';

const require = createRequire(import.meta.url);

/** Packages of which a process must have one copy only, the one that the tests import. */
const shared = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers', '@tensorflow/tfjs-backend-cpu'].map(
  (name) => [name, require.resolve(name)] as const,
);

type Resolve = (request: string, ...rest: unknown[]) => string;

/** Loads tfjs-node: from the folder that the settings name, else from the packages. */
export function loadTensorFlow(): void {
  // Node 23 dropped functions that tfjs-node 4.22 calls.
  const legacy = util as unknown as Record<string, unknown>;
  legacy.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  legacy.isArray ??= Array.isArray;
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'; // TensorFlow's own notices about the processor
  // Built in a folder of its own, tfjs-node would find another copy of tfjs's core there: another engine.
  const loader = Module as unknown as { _resolveFilename: Resolve };
  const resolve = loader._resolveFilename;
  const ours = new Map<string, string>(shared);
  loader._resolveFilename = (request, ...rest) => ours.get(request) ?? resolve(request, ...rest);
  try {
    require(testSetting('TFJS_NODE') ?? '@tensorflow/tfjs-node');
  } finally {
    loader._resolveFilename = resolve;
  }
}

/** Shows WebGPU to tfjs the way a browser does, through the npm package `webgpu`, from the folder that the settings name. */
export function provideWebGPU(): void {
  const host = globalThis as unknown as { navigator?: { gpu?: unknown } };
  if (host.navigator?.gpu) return;
  const { create, globals } = require(testSetting('WEBGPU') ?? 'webgpu') as {
    create(flags: string[]): unknown;
    globals: object;
  };
  Object.assign(globalThis, globals);
  if (!host.navigator) Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  Object.defineProperty(host.navigator, 'gpu', { value: create([]), configurable: true });
}
