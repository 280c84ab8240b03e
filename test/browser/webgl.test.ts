// Training on a WebGL context that is lost or runs out of memory.
import {
  backend,
  findBackendFactory,
  memory,
  registerBackend,
  removeBackend,
  setBackend,
} from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { expectToGoOn, overTwoHundredSteps } from '../training/lost-device.js';

interface Graphics {
  gpgpu: { gl: WebGL2RenderingContext };
  textureManager: { numUsedTextures: number; numFreeTextures: number; numBytesAllocated: number };
}

const graphics = () => backend() as unknown as Graphics;

describe('a context that is lost', () => {
  it('ends training, and a new one continues from the checkpoint', async () => {
    const error = await expectToGoOn({
      lostAt: 4,
      lose: () => graphics().gpgpu.gl.getExtension('WEBGL_lose_context')!.loseContext(),
      async restart() {
        const factory = findBackendFactory('webgl');
        removeBackend('webgl');
        registerBackend('webgl', factory, 2);
        expect(await setBackend('webgl')).toBe(true);
      },
      relative: 1e-3,
    });
    expect(error.message).toMatch(/device of the backend 'webgl' must be there.*\(webglcontextlost\)/);
  });
});

describe('200 steps', () => {
  it('leave no tensor and no texture', async () => {
    const seen = await overTwoHundredSteps(() => {
      const { numUsedTextures, numBytesAllocated } = graphics().textureManager;
      const { numTensors, numBytesInGPU } = memory() as ReturnType<typeof memory> & { numBytesInGPU: number };
      return { numTensors, numBytesInGPU, numUsedTextures, numBytesAllocated };
    });
    // The first passes fill the pool of textures: some draws mirror both pictures, some none.
    expect(seen.slice(10)).toEqual(Array.from({ length: 10 }, () => seen[10]));
  });
});
