import { readSafetensors, writeSafetensors } from '../../src/interop/index.js';
import type { FuzzedParser } from './fuzz.js';
import { mutate, pick, safetensorsMutations } from './mutations.js';

const seeds: readonly Uint8Array[] = [
  writeSafetensors({}),
  writeSafetensors({ a: { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] } }),
  writeSafetensors(
    {
      'layer.weight': { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2], dtype: 'F16' },
      'layer.bias': { data: Float32Array.of(1, 2), shape: [2], dtype: 'BF16' },
      count: { data: BigInt64Array.of(7n), shape: [] },
      none: { data: new Float64Array(0), shape: [0, 3] },
      mask: { data: Uint8Array.of(0, 1, 1), shape: [3], dtype: 'BOOL' },
    },
    { metadata: { format: 'pt' } },
  ),
];

/** The reader of safetensors files: what it reads has the values that shapes and bytes allow. */
export const safetensorsParser: FuzzedParser = {
  weight: 20,
  run(random) {
    const bytes = mutate(random, pick(random, seeds), safetensorsMutations);
    const { tensors } = readSafetensors(bytes);
    let size = 0;
    for (const { data, shape } of tensors.values()) {
      if (shape.reduce((product, axis) => product * axis, 1) !== data.length) {
        throw new Error('a shape and its values differ');
      }
      size += data.length;
    }
    if (size > bytes.length) throw new Error('more values than bytes');
  },
};
