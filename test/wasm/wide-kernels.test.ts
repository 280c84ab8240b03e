import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { InvalidOptionError } from '../../src/errors/index.js';
import { setKernelWidth, wasmKernels } from '../../src/wasm/index.js';
import { measureProducts } from '../../src/wasm/module/measure-products.js';
import { hasRelaxedSimd, loadWideBinary } from '../../src/wasm/module/module-binary.js';
import { useBackend } from '../helpers/backend.js';
import { bundleProgram } from '../helpers/bundle-program.js';
import { testSetting } from '../helpers/setting.js';

const program = bundleProgram(fileURLToPath(new URL('wide-kernels-program.ts', import.meta.url)));

async function run(kernels: string): Promise<{ width: string; hash: string }> {
  const env = { ...process.env, SIMCLR_WASM_KERNELS: kernels };
  const { stdout } = await promisify(execFile)(process.execPath, [program], { env });
  return JSON.parse(stdout.slice(stdout.indexOf('{')));
}

describe('wide kernels', () => {
  it('give the narrow ones bit for bit, at every edge', async () => {
    if (testSetting('RELAXED_SIMD') === 'off') {
      return void console.warn('left out: without fused multiply-add there are no wide kernels');
    }
    const narrow = await run('narrow');
    const wide = await run('wide');
    expect(narrow.width).toBe('narrow');
    expect(wide.width).toBe('wide');
    expect(wide.hash).toBe(narrow.hash);
  });

  it('are probed by values that tell them apart from wrong ones', async () => {
    if (testSetting('RELAXED_SIMD') === 'off') {
      return void console.warn('left out: without fused multiply-add there are no wide kernels');
    }
    expect(hasRelaxedSimd()).toBe(true);
    await loadWideBinary();
    const narrow = measureProducts('narrow');
    expect(measureProducts('wide').values).toEqual(narrow.values);
    expect(new Set(narrow.values).size).toBeGreaterThan(0.9 * narrow.values.length);
    expect(narrow.milliseconds).toBeGreaterThan(0);
  });

  it('refuses a width that does not exist, also in the environment', async () => {
    expect(() => setKernelWidth('broad' as 'wide')).toThrow(InvalidOptionError);
    expect(() => setKernelWidth('broad' as 'wide')).toThrow(/width.*'narrow'.*"broad"/s);
    await expect(run('broad')).rejects.toThrow(/SIMCLR_WASM_KERNELS must be 'auto', 'narrow' or 'wide'/);
  });

  it('are named by wasmKernels', async () => {
    await useBackend('wasm');
    expect(['narrow', 'wide']).toContain(wasmKernels().width);
    expect(wasmKernels().threads).toBeGreaterThanOrEqual(1);
    await useBackend('cpu');
    expect(wasmKernels).toThrow(/wasmKernels: the wasm backend must be active.*'cpu'/);
    await useBackend('wasm');
  });
});
