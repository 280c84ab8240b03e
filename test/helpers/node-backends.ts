import { existsSync } from 'node:fs';
import { createRequire, Module } from 'node:module';
import util from 'node:util';
import { testSetting } from './setting.js';

const require = createRequire(import.meta.url);

/** Packages of which a process must have one copy only, the one that the tests import. */
const shared = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers', '@tensorflow/tfjs-backend-cpu'];

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
  loader._resolveFilename = (request, ...rest) =>
    shared.includes(request) ? require.resolve(request) : resolve(request, ...rest);
  try {
    require(testSetting('TFJS_NODE') ?? '@tensorflow/tfjs-node');
  } finally {
    loader._resolveFilename = resolve;
  }
}

/** SwiftShader, Vulkan in software, as Debian's package `chromium` has it. */
const softwareVulkan = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** Shows WebGPU to tfjs the way a browser does, through the npm package `webgpu`. */
export function provideWebGPU(): void {
  const host = globalThis as unknown as { navigator?: { gpu?: unknown } };
  if (host.navigator?.gpu) return;
  if (existsSync(softwareVulkan)) {
    process.env.VK_DRIVER_FILES ??= softwareVulkan;
    process.env.VK_ICD_FILENAMES ??= softwareVulkan;
  }
  const { create, globals } = require('webgpu') as { create(flags: string[]): unknown; globals: object };
  Object.assign(globalThis, globals);
  if (!host.navigator) Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  Object.defineProperty(host.navigator, 'gpu', { value: create([]), configurable: true });
}
