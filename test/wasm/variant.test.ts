import { matMul, tensor2d } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { kernelModule } from '../../src/wasm/module/kernel-module.js';
import { useBackend } from '../helpers/backend.js';
import { testSetting } from '../helpers/setting.js';

beforeAll(() => useBackend('wasm'));

// A lane must not silently test another variant than its name says.
describe('this run tests the variant that was asked for', () => {
  it('number of threads', () => {
    const wanted = testSetting('WASM_THREADS');
    const { threads } = kernelModule();
    if (testSetting('WASM_MEMORY') === 'own') expect(threads).toBe(1);
    else if (wanted === undefined) expect(threads).toBeGreaterThanOrEqual(1);
    else expect(threads).toBe(Number(wanted));
  });

  it('memory, shared or not', () => {
    const { memory } = kernelModule() as unknown as { memory: WebAssembly.Memory };
    const isShared = typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer;
    expect(isShared).toBe(testSetting('WASM_MEMORY') !== 'own');
  });

  it('vectors of 256 bits where the engine is known to have them, and the reason where not', () => {
    const { width, widthReason } = kernelModule();
    const { versions, arch } = (globalThis as { process?: NodeJS.Process }).process ?? {};
    const engine = versions?.node ? `Node ${versions.node} on ${arch}` : 'this browser';
    console.info(`${engine}: ${width} kernels, because ${widthReason}`);
    const isKnown =
      arch === 'x64' &&
      [24, 25, 26].includes(Number.parseInt(versions?.node ?? '', 10)) &&
      testSetting('RELAXED_SIMD') !== 'off' &&
      testSetting('WASM_MEMORY') !== 'own' &&
      !process.env.SIMCLR_WASM_KERNELS;
    // A processor without vectors of 256 bits is none where they are faster.
    if (isKnown && !/^the wide ones are (0\.\d+|1\.0\d|1\.10) times as fast$/.test(widthReason)) {
      expect(width, widthReason).toBe('wide');
    } else {
      expect(width, widthReason).toBe('narrow');
    }
  });

  it('fused multiply-add', async () => {
    // (1 + 2^-12)^2 - (1 + 2^-11) is 2^-24, which only a product that is not rounded before the sum knows of.
    const x = 1 + 2 ** -12;
    // Two rows and columns, because products with one have a kernel of their own.
    const a = tensor2d([1, x, 0, 0], [2, 2]);
    const b = tensor2d([-(1 + 2 ** -11), 0, x, 0], [2, 2]);
    const product = matMul(a, b);
    expect((await product.data())[0]).toBe(testSetting('RELAXED_SIMD') === 'off' ? 0 : 2 ** -24);
    for (const tensor of [a, b, product]) tensor.dispose();
  });
});
