import { describe, expect, it } from 'vitest';
import { InvalidOptionError } from '../../src/errors/index.js';
import { negativePairMask, positivePairMask } from '../../src/losses/index.js';
import { expectTensors } from '../helpers/leaks.js';

describe.each([
  ['positivePairMask', positivePairMask, (sameImage: boolean, self: boolean) => sameImage && !self],
  ['negativePairMask', negativePairMask, (sameImage: boolean) => !sameImage],
] as const)('%s', (name, pairMask, belongs) => {
  it.each([1, 2, 3, 8])('marks exactly its pairs among the views of %i images', async (batchSize) => {
    // Rows spelled out: which image and which view each is.
    const views = [1, 2].flatMap((view) =>
      Array.from({ length: batchSize }, (_, image) => ({ view, image })),
    );
    const expected = views.map((a) =>
      views.map((b) => Number(belongs(a.image === b.image, a.view === b.view))),
    );
    const mask = pairMask(batchSize);
    expect(mask.dtype).toBe('bool');
    expect(mask.shape).toEqual([2 * batchSize, 2 * batchSize]);
    expect(Array.from(await mask.data())).toEqual(expected.flat());
    mask.dispose();
  });

  it('leaves only its result', async () => {
    const mask = await expectTensors(1, () => pairMask(3));
    mask.dispose();
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses a batch of %s', (batchSize) => {
    expect(() => pairMask(batchSize)).toThrow(InvalidOptionError);
    expect(() => pairMask(batchSize)).toThrow(
      `${name}: batchSize must be an integer >= 1. Received: batchSize=`,
    );
  });
});
