import { getBackend, setBackend, type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { softmaxOfBlock } from '../../src/losses/contrastive/fused-softmax.js';
import { useBackend } from '../helpers/backend.js';
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { onBoth } from './backends.js';

const before = getBackend();
beforeAll(() => useBackend('wasm'));
afterAll(() => setBackend(before));

const blocks = fc.record({
  images: fc.integer({ min: 2, max: 40 }),
  views: fc.integer({ min: 1, max: 3 }),
  excluded: fc.constantFrom<'self' | 'image'>('self', 'image'),
  temperature: fc.constantFrom(0.01, 0.1, 0.5, 10),
  from: fc.nat(100),
  share: fc.double({ min: 0.05, max: 1, noNaN: true }),
});

it("the softmax of the loss is the cpu backend's over generated blocks", async () => {
  await expectTensors(0, () =>
    fc.assert(
      fc.asyncProperty(blocks, async ({ images, views, excluded, temperature, from, share }) => {
        // All views of the only image that there is would leave nobody.
        const count = images * views;
        const start = from % images;
        const rows = Math.max(1, Math.floor((images - start) * share));
        const [expected, actual] = await onBoth(() => {
          const values = hashedValues('logits', rows * count).map((value) => value / temperature);
          const logits = tensor2d(values, [rows, count]);
          const candidates = { images, views, excluded, temperature };
          const { exponentials, maxima, sums } = softmaxOfBlock(logits, { start, rows }, candidates);
          return [exponentials, maxima, sums];
        });
        expectClose(actual[0]!, expected[0]!, { relative: 1e-5, absolute: 1e-9 });
        expect(actual[1]).toEqual(expected[1]);
        expectClose(actual[2]!, expected[2]!, { relative: 1e-5 });
      }),
      { numRuns: 80, seed: 21 },
    ),
  );
});

it('keeps exponentials to the last places over their whole range, and NaN', async () => {
  await setBackend('wasm');
  const columns = 1001;
  const values = Float32Array.from({ length: columns }, (_, i) => (i === 0 ? 5 : -i * 0.087));
  const logits = tensor2d(values, [1, columns]);
  const { exponentials, maxima, sums } = softmaxOfBlock(
    logits as Tensor2D,
    { start: 0, rows: 1 },
    { images: columns, views: 1, excluded: 'self', temperature: 1 },
  );
  const actual = (await exponentials.data()) as Float32Array;
  const largest = values[1]!;
  expect(actual[0]).toBe(0);
  for (let i = 1; i < columns; i++) {
    const exact = Math.exp(values[i]! - largest);
    if (exact > 1.2e-38) expect(Math.abs(actual[i]! / exact - 1)).toBeLessThan(3e-7 + 8e-8 * 87);
    else expect(actual[i]).toBeLessThan(1.2e-38);
  }
  for (const tensor of [exponentials, maxima, sums]) tensor.dispose();

  const broken = softmaxOfBlock(
    tensor2d([0, Number.NaN, 1, 0, 0, 0], [2, 3]),
    { start: 0, rows: 2 },
    { images: 3, views: 1, excluded: 'self', temperature: 1 },
  );
  expect(Number.isNaN((await broken.sums.data())[0])).toBe(true);
  expect((await broken.sums.data())[1]).toBe(2);
  for (const tensor of Object.values(broken)) tensor.dispose();
});
