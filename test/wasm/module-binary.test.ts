import { describe, expect, it } from 'vitest';
import { BackendError } from '../../src/errors/index.js';
import { checkSimd, hasRelaxedSimd, moduleBinary } from '../../src/wasm/module/module-binary.js';
import { testSetting } from '../helpers/setting.js';

describe('the compiled module', () => {
  const kinds = [true, false].flatMap((fused) => [true, false].map((shared) => ({ fused, shared })));
  it.each(kinds)('takes the memory that it is made for: %j', ({ fused, shared }) => {
    expect(hasRelaxedSimd()).toBe(testSetting('RELAXED_SIMD') !== 'off'); // Node has had it since 20
    const module = new WebAssembly.Module(moduleBinary({ fused, shared }));
    const memory = (isShared: boolean) =>
      new WebAssembly.Memory({ initial: 4, maximum: 65_536, shared: isShared });
    const { exports } = new WebAssembly.Instance(module, { env: { memory: memory(shared) } });
    expect(Object.keys(exports)).toEqual(expect.arrayContaining(['begin', 'finish', 'run', 'serve']));
    expect(() => new WebAssembly.Instance(module, { env: { memory: memory(!shared) } })).toThrow(/shared/);
  });

  it('computes the same with and without fused multiply-add, but for rounding', () => {
    // packColumns of a 2x1 matrix: address 1024 to 4096, structure at 64.
    for (const fused of [true, false]) {
      const memory = new WebAssembly.Memory({ initial: 4 });
      const module = new WebAssembly.Module(moduleBinary({ fused, shared: false }));
      const { exports } = new WebAssembly.Instance(module, { env: { memory } });
      new Float32Array(memory.buffer, 1024, 2).set([3, 5]);
      new Int32Array(memory.buffer, 64, 12).set([1024, 4096, 1, 2, 1, 1, 0, 0, 0, 1, 1, 2]);
      (exports.run as (...args: number[]) => void)(0, 64, 0, 1, 8192);
      expect([...new Float32Array(memory.buffer, 4096, 16)]).toEqual([
        3,
        ...Array(7).fill(0),
        5,
        ...Array(7).fill(0),
      ]);
    }
  });

  it('is refused in one sentence where there is no SIMD', () => {
    const binary = moduleBinary({ fused: false, shared: false });
    expect(() => checkSimd(binary)).not.toThrow();
    expect(() => checkSimd(binary, () => false)).toThrow(BackendError);
    expect(() => checkSimd(binary, () => false)).toThrow(/need 128-bit SIMD in WebAssembly/);
  });
});
