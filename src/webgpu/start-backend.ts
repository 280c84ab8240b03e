import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { env, type KernelBackend } from '@tensorflow/tfjs-core';
import { BackendError } from '../errors/errors.js';
import { type FoundGPU, findGPU } from './find-gpu.js';

/** Limits of a device that are low unless the adapter's own are requested. */
const limits = [
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
] as const;

/** What this library uses of `@tensorflow/tfjs-backend-webgpu`. */
export interface WebGPUPackage {
  WebGPUBackend: typeof WebGPUBackend;
}

let tfjs: WebGPUPackage | undefined;

/** Sets the package that {@link startBackend} uses. It is not imported here, so that bundlers of Node programs do not follow it. */
export function provideTfjs(provided: WebGPUPackage): void {
  tfjs = provided;
}

/**
 * Creates tfjs's WebGPU backend on the fastest adapter of the browser or, in Node, of the npm package `webgpu`.
 *
 * @throws `BackendError` when there is no WebGPU, no adapter or, in Node, no package `webgpu`.
 */
export async function startBackend(): Promise<KernelBackend> {
  const { gpu, install } = await requireGPU();
  const powerPreference = env().get('WEBGPU_USE_LOW_POWER_GPU') ? 'low-power' : 'high-performance';
  const adapter = await gpu.requestAdapter({ powerPreference });
  if (!adapter) {
    throw new BackendError(
      "simclr-ts/webgpu: WebGPU must find a graphics adapter. Received: none. On Linux, install a Vulkan driver (libvulkan.so.1), or use 'simclr-ts/wasm' instead.",
    );
  }
  install();
  const requiredFeatures = ['timestamp-query'].filter((feature) => adapter.features.has(feature));
  const requiredLimits = Object.fromEntries(limits.map((name) => [name, adapter.limits[name]]));
  const device = await adapter.requestDevice({ requiredFeatures, requiredLimits });
  return new tfjs!.WebGPUBackend(device as never, adapter.info as never) as unknown as KernelBackend;
}

async function requireGPU(): Promise<FoundGPU> {
  let found: FoundGPU | undefined;
  try {
    found = await findGPU();
  } catch (cause) {
    const { code, message } = cause as Error & { code?: string };
    const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
    const remedy = isMissing ? 'must be installed; install it with `npm install webgpu`' : 'must start';
    throw new BackendError(
      `simclr-ts/webgpu: the package webgpu ${remedy}. Received: ${message.split('\n')[0]}.`,
      { cause },
    );
  }
  if (found) return found;
  throw new BackendError(
    "simclr-ts/webgpu: the host must have WebGPU. Received: a browser without it, or a page without https. Use 'simclr-ts/wasm' instead.",
  );
}
