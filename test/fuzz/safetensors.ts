import { SimCLRError } from '../../src/errors/index.js';
import { readSafetensors, writeSafetensors } from '../../src/interop/index.js';
import { randomGenerator } from '../../src/random/index.js';
import type { FuzzedParser } from './fuzz.js';
import { mutate, pick, safetensorsMutations } from './mutations.js';

/** What came of a run. */
export interface FuzzCounts {
  /** Inputs that were read all the same. */
  accepted: number;
  /** Inputs that were refused by a named error, by its name. */
  refused: Record<string, number>;
}

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

/**
 * Reads `count` mutated safetensors files, a function of `seed`.
 *
 * @throws Error when one of them is neither read nor refused by a named error: its bytes are in the message.
 */
export function fuzzSafetensors(seed: number, count: number): FuzzCounts {
  const random = randomGenerator(seed);
  const counts: FuzzCounts = { accepted: 0, refused: {} };
  for (let i = 0; i < count; i++) {
    const bytes = mutate(random, pick(random, seeds), safetensorsMutations);
    try {
      const { tensors } = readSafetensors(bytes);
      let size = 0;
      for (const { data, shape } of tensors.values()) {
        if (shape.reduce((product, axis) => product * axis, 1) !== data.length) {
          throw new Error('a shape and its values differ');
        }
        size += data.length;
      }
      if (size > bytes.length) throw new Error('more values than bytes');
      counts.accepted++;
    } catch (error) {
      if (!(error instanceof SimCLRError)) {
        const file = Buffer.from(bytes).toString('base64');
        throw new Error(`seed ${seed}, input ${i}: ${error}; file ${file}`, { cause: error });
      }
      if (error.message.length > 1000) throw new Error(`seed ${seed}, input ${i}: a message without end`);
      counts.refused[error.name] = (counts.refused[error.name] ?? 0) + 1;
    }
  }
  return counts;
}

/** The reader of safetensors files. */
export const safetensorsParser: FuzzedParser = {
  weight: 20,
  run: (random) => readSafetensors(mutate(random, pick(random, seeds), safetensorsMutations)),
};
