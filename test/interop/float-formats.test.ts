import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bfloat16ToFloat32,
  float8E4M3ToFloat32,
  float8E5M2ToFloat32,
  float32ToBfloat16,
  float32ToHalf,
  halfToFloat32,
} from '../../src/interop/safetensors/float-formats.js';
import fixture from '../fixtures/interop/safetensors.json' with { type: 'json' };

const every = Uint16Array.from({ length: 65536 }, (_, value) => value);
const { bits, F16, BF16 } = fixture.shortFloats;
const values = new Float32Array(Uint32Array.from(bits).buffer);

describe('short floats', () => {
  test('float32 rounds as in PyTorch: ties, overflow, subnormal numbers', () => {
    expect([...float32ToHalf(values)]).toEqual(F16);
    expect([...float32ToBfloat16(values)]).toEqual(BF16);
  });

  test.each([
    ['half', halfToFloat32, float32ToHalf, 0x7c00],
    ['bfloat16', bfloat16ToFloat32, float32ToBfloat16, 0x7f80],
  ] as const)('every %s is a float32, and comes back', (_, widen, round, infinity) => {
    const wide = widen(every);
    const back = round(wide);
    const wrong = every.filter((value) => {
      const isNumber = (value & 0x7fff) <= infinity;
      if (Number.isNaN(wide[value]!) === isNumber) return true;
      return isNumber ? back[value] !== value : (back[value]! & 0x7fff) <= infinity;
    });
    expect([...wrong]).toEqual([]);
  });

  test.each([
    ['half', halfToFloat32, float32ToHalf, 65504],
    ['bfloat16', bfloat16ToFloat32, float32ToBfloat16, Math.fround(3e38)],
  ] as const)('to %s: no other value is nearer', (_, widen, round, largest) => {
    fc.assert(
      fc.property(fc.float({ min: -largest, max: largest, noNaN: true }), (value) => {
        const [rounded] = round(Float32Array.of(value));
        const candidates = [rounded!, rounded! - 1, rounded! + 1].filter((bit) => bit >= 0 && bit < 65536);
        const errors = [...widen(Uint16Array.from(candidates))].map((near) => Math.abs(near - value));
        expect(errors[0]).toBe(Math.min(...errors.filter((error) => !Number.isNaN(error))));
      }),
    );
  });

  test('eight bits: values by definition', () => {
    const e4m3 = float8E4M3ToFloat32(Uint8Array.of(0, 1, 0x08, 0x38, 0x7e, 0xfe, 0x7f));
    expect([...e4m3]).toEqual([0, 2 ** -9, 2 ** -6, 1, 448, -448, Number.NaN]);
    const e5m2 = float8E5M2ToFloat32(Uint8Array.of(0, 1, 0x3c, 0xbd, 0x7b, 0x7c, 0xfc));
    expect([...e5m2]).toEqual([0, 2 ** -16, 1, -1.25, 57344, Infinity, -Infinity]);
  });
});
