import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { env, type KernelBackend } from '@tensorflow/tfjs-core';
import { BackendError } from '../errors/errors.js';

interface Adapter {
  features: { has(name: string): boolean };
  limits: Record<string, number>;
  info?: object;
  requestDevice(descriptor: object): Promise<object>;
}

interface GPU {
  requestAdapter(options: object): Promise<Adapter | null>;
}

/** What a device may do at most and does not unless asked. */
const limits = [
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
] as const;

/**
 * Makes tfjs's WebGPU backend on the fastest adapter: the browser's, in Node that of the npm package `webgpu`.
 *
 * @throws {@link BackendError} when there is no WebGPU, no adapter, or in Node no such package.
 */
export async function startBackend(): Promise<KernelBackend> {
  const gpu = browserGPU() ?? (await nodeGPU());
  const powerPreference = env().get('WEBGPU_USE_LOW_POWER_GPU') ? 'low-power' : 'high-performance';
  const adapter = await gpu.requestAdapter({ powerPreference });
  if (!adapter) {
    throw new BackendError(
      "simclr-ts/webgpu: a graphics adapter must be there. Received: none from WebGPU; on Linux it needs a Vulkan driver (libvulkan.so.1). Use 'simclr-ts/wasm' instead.",
    );
  }
  const requiredFeatures = ['timestamp-query'].filter((feature) => adapter.features.has(feature));
  const requiredLimits = Object.fromEntries(limits.map((name) => [name, adapter.limits[name]]));
  const device = await adapter.requestDevice({ requiredFeatures, requiredLimits });
  return new WebGPUBackend(device as never, adapter.info as never) as unknown as KernelBackend;
}

function browserGPU(): GPU | undefined {
  return (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
}

/** WebGPU outside a browser: Dawn, as a package. */
async function nodeGPU(): Promise<GPU> {
  const isNode = (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node;
  if (!isNode) {
    throw new BackendError(
      "simclr-ts/webgpu: WebGPU must be there. Received: a browser without it, or a page without https. Use 'simclr-ts/wasm' instead.",
    );
  }
  const name = 'webgpu'; // by a variable: neither compiler nor bundler is to look for it
  let dawn: { create(flags: string[]): GPU; globals: object };
  try {
    dawn = (await import(/* @vite-ignore */ name)) as typeof dawn;
  } catch (cause) {
    throw new BackendError(
      `simclr-ts/webgpu: the package webgpu must be there; install it with \`npm install webgpu\`. Received: ${(cause as Error).message.split('\n')[0]}.`,
      { cause },
    );
  }
  Object.assign(globalThis, dawn.globals); // tfjs looks for GPUBufferUsage and its like there
  const gpu = dawn.create([]);
  // tfjs asks whether a browser offers it; Node 20 has no `navigator` at all.
  const host = globalThis as { navigator?: { gpu?: unknown } };
  if (!host.navigator) Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  Object.defineProperty(host.navigator, 'gpu', { value: gpu, configurable: true });
  return gpu;
}
