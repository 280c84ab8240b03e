// What happens around training on a device: that it is not there, that it is lost, that it fills up.
import { backend, engine, getBackend, memory, setBackend } from '@tensorflow/tfjs-core';
import { useWebGPU } from 'simclr-ts/webgpu';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { BackendError } from '../../src/errors/index.js';
import { expectToGoOn, overFiveHundredSteps } from '../training/lost-device.js';
import { rejection } from '../training/tiny.js';
import { startWebGPU } from './start.js';

interface Graphics {
  device: { destroy(): void };
  bufferManager: { numUsedBuffers: number; numFreeBuffers: number; numBytesAllocated: number };
  textureManager: { numUsedTextures: number };
}

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

  it('says that there is no adapter, and leaves what is active', async () => {
    await setBackend('cpu');
    const registry = engine().registry as Record<string, unknown>;
    const started = registry.webgpu;
    delete registry.webgpu; // as before the first start
    vi.spyOn(host.navigator.gpu!, 'requestAdapter').mockResolvedValue(null);
    const error = await rejection(useWebGPU());
    expect(error).toBeInstanceOf(BackendError);
    expect(error.message).toMatch(/a graphics adapter must be there\. Received: none.*simclr-ts\/wasm/);
    expect(getBackend()).toBe('cpu');
    registry.webgpu = started;
    await useWebGPU();
  });
});

describe('a device that is lost', () => {
  it.each([1, 4])('ends training, and a new one goes on from the checkpoint: in step %i', async (lostAt) => {
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
  });
});

describe('500 steps', () => {
  it('leave no tensor, buffer or texture', async () => {
    const seen = await overFiveHundredSteps(() => {
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
    expect(used.slice(10)).toEqual(Array.from({ length: 40 }, () => used[10]));
    // Freed buffers are kept for later; how many there are at most depends on what happens to overlap.
    expect(seen.at(-1)!.pool).toBeLessThan(1.1 * seen[10]!.pool);
  });
});
