import { getBackend, setBackend, tensor1d, tensor2d, zeros } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BatchNormalization } from '../../src/models/index.js';
import { moveStatistics } from '../../src/tensors/row-statistics.js';
import { useBackend } from '../helpers/backend.js';
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { onBoth } from './backends.js';

const before = getBackend();
beforeAll(() => useBackend('wasm'));
afterAll(() => setBackend(before));

const sizes = fc.record({
  groups: fc.constantFrom(1, 2, 3, 8),
  channels: fc.constantFrom(1, 3, 8, 64, 511),
  momentum: fc.constantFrom(0, 0.1, 0.9, 0.999, 1),
  count: fc.integer({ min: 2, max: 1e6 }),
});

it('one group moves running statistics as the plain operations do, bit for bit; more within rounding', async () => {
  await expectTensors(0, () =>
    fc.assert(
      fc.asyncProperty(sizes, async ({ groups, channels, momentum, count }) => {
        const running = (name: string) => tensor1d(hashedValues(name, channels));
        const batch = (name: string) => tensor2d(hashedValues(name, groups * channels), [groups, channels]);
        const [expected, actual] = await onBoth(() =>
          moveStatistics({
            running: [running('mean'), running('variance')],
            batch: [batch('batch mean'), batch('batch variance')],
            momentum,
            count,
          }),
        );
        for (const [index, values] of actual.entries()) {
          if (groups === 1) expect(values).toEqual(expected[index]);
          else expectClose(values, expected[index]!, { relative: 1e-6, absolute: 1e-6 });
        }
      }),
      { numRuns: 100, seed: 5 },
    ),
  );
});

it('a layer that trains keeps as many tensors as before', async () => {
  await setBackend('wasm');
  const layer = new BatchNormalization();
  const x = zeros([4, 3, 3, 8]);
  layer.apply(x);
  await expectTensors(0, () => {
    for (let step = 0; step < 20; step++) (layer.apply(x, { training: true }) as typeof x).dispose();
  });
  layer.dispose();
  x.dispose();
});
