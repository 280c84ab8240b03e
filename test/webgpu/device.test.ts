// What happens around training on a device: that it is not there, that it is lost, that it fills up.
import { backend, engine, getBackend, memory, setBackend } from '@tensorflow/tfjs-core';
import { type Callback, checkpoint, SGD, SimCLR } from 'simclr-ts';
import { useWebGPU } from 'simclr-ts/webgpu';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { BackendError, BackendLostError } from '../../src/errors/index.js';
import { expectClose } from '../helpers/close.js';
import { leastPictures, leastSimCLR } from '../training/least.js';
import { memoryStore, rejection, tinyPictures, tinySimCLR } from '../training/tiny.js';
import { startWebGPU } from './start.js';

interface Graphics {
  device: { destroy(): void };
  bufferManager: { numUsedBuffers: number; numFreeBuffers: number; numBytesAllocated: number };
  textureManager: { numUsedTextures: number };
}

const graphics = () => backend() as unknown as Graphics;
const trainer = () => tinySimCLR({ optimizer: new SGD({ learningRate: 0.05, momentum: 0.9 }) });
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
    const options = { batchSize: 2, epochs: 2 };
    const whole = trainer();
    const expected = await whole.fit(tinyPictures(8), options);
    whole.dispose();
    const store = memoryStore();
    const lost = trainer();
    const destroy: Callback = {
      onStepEnd({ step }) {
        if (step === lostAt) graphics().device.destroy();
      },
    };
    const callbacks = [checkpoint(store, { everySteps: 1 }), destroy];
    const error = await rejection(lost.fit(tinyPictures(8), { ...options, callbacks }));
    expect(error).toBeInstanceOf(BackendLostError);
    expect(error.message).toMatch(
      /device of the backend 'webgpu' must be there.*lost at step \d \(destroyed/,
    );
    expect(error.message).toContain('load the last checkpoint');

    const before = backend();
    await useWebGPU();
    expect(backend()).not.toBe(before);
    lost.dispose();
    const loaded = await SimCLR.load(store);
    const { step } = loaded.progress;
    expect(step).toBeLessThan(8);
    const { steps, outcome } = await loaded.fit(tinyPictures(8), { ...options, resume: true });
    expect(outcome).toBe('completed');
    expectClose(
      steps.map(({ loss }) => loss),
      expected.steps.slice(step).map(({ loss }) => loss),
      { relative: 1e-4 },
    );
    loaded.dispose();
  });
});

describe('500 steps', () => {
  it('leave no tensor, buffer or texture', async () => {
    const simclr = leastSimCLR();
    const seen: Record<string, number>[] = [];
    const pool: number[] = [];
    const onEpochEnd: Callback['onEpochEnd'] = () => {
      const { bufferManager, textureManager } = graphics();
      const { numTensors, numBytesInGPU } = memory() as ReturnType<typeof memory> & { numBytesInGPU: number };
      seen.push({
        numTensors,
        numBytesInGPU,
        usedBuffers: bufferManager.numUsedBuffers,
        usedTextures: textureManager.numUsedTextures,
      });
      pool.push(bufferManager.numBytesAllocated);
    };
    const { steps } = await simclr.fit(leastPictures(20), {
      batchSize: 2,
      epochs: 50,
      callbacks: [{ onEpochEnd }],
    });
    expect([steps.length, seen.length]).toEqual([500, 50]);
    expect(seen.slice(10)).toEqual(Array.from({ length: 40 }, () => seen[10]));
    // Freed buffers are kept for later; how many there are at most depends on what happens to overlap.
    expect(pool.at(-1)).toBeLessThan(1.1 * pool[10]!);
    simclr.dispose();
  });
});
