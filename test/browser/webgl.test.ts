// What happens around training on a WebGL context: that it is lost, that it fills up.
import {
  backend,
  findBackendFactory,
  memory,
  registerBackend,
  removeBackend,
  setBackend,
} from '@tensorflow/tfjs-core';
import { type Callback, checkpoint, SGD, SimCLR } from 'simclr-ts';
import { describe, expect, it } from 'vitest';
import { BackendLostError } from '../../src/errors/index.js';
import { expectClose } from '../helpers/close.js';
import { leastPictures, leastSimCLR } from '../training/least.js';
import { memoryStore, rejection, tinyPictures, tinySimCLR } from '../training/tiny.js';

interface Graphics {
  gpgpu: { gl: WebGL2RenderingContext };
  textureManager: { numUsedTextures: number; numFreeTextures: number; numBytesAllocated: number };
}

const graphics = () => backend() as unknown as Graphics;
const trainer = () => tinySimCLR({ optimizer: new SGD({ learningRate: 0.05, momentum: 0.9 }) });

describe('a context that is lost', () => {
  it('ends training, and a new one goes on from the checkpoint', async () => {
    const options = { batchSize: 2, epochs: 2 };
    const whole = trainer();
    const expected = await whole.fit(tinyPictures(8), options);
    whole.dispose();
    const store = memoryStore();
    const lost = trainer();
    const lose: Callback = {
      onStepEnd({ step }) {
        if (step === 4) graphics().gpgpu.gl.getExtension('WEBGL_lose_context')!.loseContext();
      },
    };
    const callbacks = [checkpoint(store, { everySteps: 1 }), lose];
    const error = await rejection(lost.fit(tinyPictures(8), { ...options, callbacks }));
    expect(error).toBeInstanceOf(BackendLostError);
    expect(error.message).toMatch(/device of the backend 'webgl' must be there.*\(webglcontextlost\)/);

    const factory = findBackendFactory('webgl');
    removeBackend('webgl');
    registerBackend('webgl', factory, 2);
    expect(await setBackend('webgl')).toBe(true);
    lost.dispose();
    const loaded = await SimCLR.load(store);
    const { step } = loaded.progress;
    expect(step).toBeLessThan(8);
    const { steps, outcome } = await loaded.fit(tinyPictures(8), { ...options, resume: true });
    expect(outcome).toBe('completed');
    expectClose(
      steps.map(({ loss }) => loss),
      expected.steps.slice(step).map(({ loss }) => loss),
      { relative: 1e-3 },
    );
    loaded.dispose();
  });
});

describe('500 steps', () => {
  it('leave no tensor and no texture', async () => {
    const simclr = leastSimCLR();
    const seen: Record<string, number>[] = [];
    const onEpochEnd: Callback['onEpochEnd'] = () => {
      const { numUsedTextures, numBytesAllocated } = graphics().textureManager;
      const { numTensors, numBytesInGPU } = memory() as ReturnType<typeof memory> & { numBytesInGPU: number };
      seen.push({ numTensors, numBytesInGPU, numUsedTextures, numBytesAllocated });
    };
    const { steps } = await simclr.fit(leastPictures(20), {
      batchSize: 2,
      epochs: 50,
      callbacks: [{ onEpochEnd }],
    });
    expect([steps.length, seen.length]).toEqual([500, 50]);
    // The first passes fill the pool of textures: some draws mirror both pictures, some none.
    expect(seen.slice(10)).toEqual(Array.from({ length: 40 }, () => seen[10]));
    simclr.dispose();
  });
});
