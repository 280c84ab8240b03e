// What happens around training on a device: that it is not there, that it is lost, that it fills up.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import {
  add,
  backend,
  dispose,
  engine,
  getBackend,
  getKernel,
  memory,
  ones,
  setBackend,
} from '@tensorflow/tfjs-core';
import { releaseBackend } from 'simclr-ts/node';
import { releaseWebGPU, useWebGPU } from 'simclr-ts/webgpu';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { BackendError } from '../../src/errors/index.js';
import { expectToGoOn, overTwoHundredSteps } from '../training/lost-device.js';
import { rejection } from '../training/tiny.js';
import { startWebGPU } from './start.js';

interface Graphics {
  device: { destroy(): void };
  bufferManager: { numUsedBuffers: number; numFreeBuffers: number; numBytesAllocated: number };
  textureManager: { numUsedTextures: number };
}

/** The npm package `webgpu`, as test/webgpu/run.ts found it. */
const dawn = process.env.SIMCLR_TEST_WEBGPU ?? createRequire(import.meta.url).resolve('webgpu');

const graphics = () => backend() as unknown as Graphics;
const host = globalThis as unknown as { navigator: { gpu?: { requestAdapter(): Promise<unknown> } } };

beforeAll(startWebGPU);
afterEach(() => void vi.restoreAllMocks());
afterAll(async () => {
  await setBackend('cpu');
});

describe('useWebGPU', () => {
  it('starts a device once', async () => {
    const first = backend();
    await useWebGPU();
    expect([backend() === first, getBackend()]).toEqual([true, 'webgpu']);
    await setBackend('cpu');
    await useWebGPU();
    expect([backend() === first, getBackend()]).toEqual([true, 'webgpu']);
  });

  it('reports a missing adapter, and leaves the active backend', async () => {
    await setBackend('cpu');
    const registry = engine().registry as Record<string, unknown>;
    const started = registry.webgpu;
    delete registry.webgpu; // as before the first start
    vi.spyOn(host.navigator.gpu!, 'requestAdapter').mockResolvedValue(null);
    const error = await rejection(useWebGPU());
    expect(error).toBeInstanceOf(BackendError);
    expect(error.message).toMatch(/WebGPU must find a graphics adapter\. Received: none.*simclr-ts\/wasm/);
    expect(getBackend()).toBe('cpu');
    registry.webgpu = started;
    await useWebGPU();
  });
});

describe('a device that is lost', () => {
  it.each([1, 4])(
    'ends training, and a new one continues from the checkpoint: in step %i',
    async (lostAt) => {
      const error = await expectToGoOn({
        lostAt,
        lose: () => graphics().device.destroy(),
        async restart() {
          const before = backend();
          await useWebGPU();
          expect(backend()).not.toBe(before);
        },
        relative: 1e-4,
      });
      expect(error.message).toMatch(
        /device of the backend 'webgpu' must be there.*lost at step \d \(destroyed/,
      );
      expect(error.message).toContain('load the last checkpoint');
    },
  );
});

describe('releaseWebGPU', () => {
  const values = async () => {
    const sum = add(ones([3]), 1);
    try {
      return Array.from(await sum.data());
    } finally {
      dispose(sum);
    }
  };

  it('gives the device back, hides what it showed, and lets another start', async () => {
    const tensors = memory().numTensors;
    const kernels = () => getKernel('SimCLRNormalizeRows', 'webgpu');
    const { device } = graphics() as unknown as { device: { lost: Promise<{ reason: string }> } };
    const kernel = kernels();
    expect(kernel).toBeDefined();
    releaseWebGPU();
    expect(await device.lost).toMatchObject({ reason: 'destroyed' });
    expect(Object.hasOwn(engine().registry, 'webgpu')).toBe(false);
    expect(host.navigator.gpu).toBeUndefined();
    releaseWebGPU(); // twice is once
    await useWebGPU();
    expect(getBackend()).toBe('webgpu');
    expect(kernels()).toBe(kernel);
    expect(graphics().device).not.toBe(device);
    expect(await values()).toEqual([2, 2, 2]);
    // By the way of useBestBackend.
    await releaseBackend();
    expect(Object.hasOwn(engine().registry, 'webgpu')).toBe(false);
    await releaseBackend();
    await setBackend('cpu');
    expect(await values()).toEqual([2, 2, 2]);
    await useWebGPU();
    expect(memory().numTensors).toBeLessThanOrEqual(tensors + 2);
  });

  it('lets a process end that has computed', () => {
    const program = `
      import { add, ones } from '@tensorflow/tfjs-core';
      import { releaseWebGPU } from 'simclr-ts/webgpu';
      import { startWebGPU } from './test/webgpu/start.ts';
      await startWebGPU();
      console.log(String(await add(ones([3]), 1).data()));
      releaseWebGPU();
    `;
    const hooks = `export const resolve = (name, context, next) =>
      name === 'webgpu' ? { url: ${JSON.stringify(pathToFileURL(dawn).href)}, shortCircuit: true } : next(name, context);`;
    const registering = `import { register } from 'node:module'; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)});`;
    const { status, signal, stdout, stderr } = spawnSync(
      process.execPath,
      [
        ...['--import', `data:text/javascript,${encodeURIComponent(registering)}`, '--import', 'tsx'],
        ...['--input-type=module', '-e', program],
      ],
      { encoding: 'utf8', timeout: 120_000 },
    );
    expect({ status, signal, stdout }, stderr).toEqual({ status: 0, signal: null, stdout: '2,2,2\n' });
  });
});

describe('200 steps', () => {
  it('leave no tensor, buffer or texture', async () => {
    const seen = await overTwoHundredSteps(() => {
      const { bufferManager, textureManager } = graphics();
      const { numTensors, numBytesInGPU } = memory() as ReturnType<typeof memory> & { numBytesInGPU: number };
      return {
        used: {
          numTensors,
          numBytesInGPU,
          usedBuffers: bufferManager.numUsedBuffers,
          usedTextures: textureManager.numUsedTextures,
        },
        pool: bufferManager.numBytesAllocated,
      };
    });
    const used = seen.map((each) => each.used);
    expect(used.slice(10)).toEqual(Array.from({ length: 10 }, () => used[10]));
    // Freed buffers are kept for later; how many there are at most depends on what happens to overlap.
    expect(seen.at(-1)!.pool).toBeLessThan(1.1 * seen[10]!.pool);
  });
});
