import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readSafetensors } from '../../src/interop/index.js';
import { fuzz } from '../fuzz/fuzz.js';
import { safetensorsParser } from '../fuzz/safetensors.js';

test('mutated files are read or refused by a named error', async () => {
  let accepted = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 }), async (seed) => {
      const counts = await fuzz('safetensors', safetensorsParser, 100, seed);
      accepted += counts.accepted;
      refused += counts.names.DataError ?? 0;
      expect(Object.keys(counts.names).filter((name) => name !== 'DataError')).toEqual([]);
    }),
    { numRuns: 50 },
  );
  // The mutations reach what lies behind the first check.
  expect(accepted).toBeGreaterThan(20);
  expect(refused).toBeGreaterThan(1000);
});

test('any bytes, and any JSON as the header', () => {
  const anyJson = fc.json({ maxDepth: 4 }).map((json) => {
    const header = new TextEncoder().encode(json);
    const bytes = new Uint8Array(8 + header.length);
    new DataView(bytes.buffer).setUint32(0, header.length, true);
    bytes.set(header, 8);
    return bytes;
  });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), anyJson), (bytes) => {
      try {
        readSafetensors(bytes);
      } catch (error) {
        expect((error as Error).name).toBe('DataError');
      }
    }),
    { numRuns: 500 },
  );
});
