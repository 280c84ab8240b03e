import { ShapeError, ValueRangeError } from 'simclr-ts/errors';
import { fitWhitening, nearestNeighbors } from 'simclr-ts/evaluation';
import { describe, expect, it } from 'vitest';
import golden from '../fixtures/evaluation/whitening.json' with { type: 'json' };
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { sloped } from '../linear-algebra/sloped.js';

describe('fitWhitening', () => {
  it.each(golden.cases)('whitens as NumPy does by the definition: $rows rows of $dim', async (expected) => {
    const { rows, dim } = expected;
    const data = sloped(`whitening/${rows}x${dim}`, rows, dim);
    await expectTensors(0, async () => {
      const whitening = await fitWhitening({ data, shape: [rows, dim] });
      expect(whitening).toMatchObject({ dim, directions: expected.directions });
      const whitened = await whitening.apply({ data, shape: [rows, dim] });
      expect(whitened.shape).toEqual([rows, dim]);
      expectClose(whitened.data.subarray(0, expected.whitened.length), expected.whitened, { relative: 1e-4 });
    });
  });

  it('keeps near-duplicates near, whose differences it does not blow up', async () => {
    const dim = 40;
    const data = hashedValues('few', 60 * dim);
    for (let i = 0; i < dim; i++) data[dim + i] = data[i]! + 0.02 * data[2 * dim + i]!; // row 1 is nearly row 0
    const whitening = await fitWhitening({ data, shape: [60, dim] });
    const whitened = await whitening.apply({ data, shape: [60, dim] });
    const { similarities, indices } = await nearestNeighbors(
      { data: whitened.data.subarray(0, dim), shape: [1, dim] },
      whitened,
      3,
    );
    expect(Array.from(indices.subarray(0, 2))).toEqual([0, 1]);
    expect(similarities[1]).toBeGreaterThan(0.99);
    expect(similarities[2]).toBeLessThan(0.7);
  });

  it('takes rows that it was not fitted to, more than go to the backend at once', async () => {
    const [rows, dim] = [9000, 3];
    const data = hashedValues('rows', rows * dim);
    const whitening = await fitWhitening({ data: data.subarray(0, 300 * dim), shape: [300, dim] });
    const all = await whitening.apply({ data, shape: [rows, dim] });
    const one = await whitening.apply({ data: data.subarray(8000 * dim, 8001 * dim), shape: [1, dim] });
    expectClose(all.data.subarray(8000 * dim, 8001 * dim), one.data, { absolute: 1e-6 });
  });

  it('makes zeros of rows that are all alike, and refuses what it cannot read', async () => {
    const alike = { data: new Float32Array(12).fill(0.3), shape: [4, 3] as const };
    const whitening = await fitWhitening(alike);
    expect([...(await whitening.apply(alike)).data].every((value) => Math.abs(value) < 1e-9)).toBe(true);
    await expect(fitWhitening({ data: new Float32Array(3), shape: [1, 3] })).rejects.toThrow(
      'fitWhitening: embeddings must have at least two rows. Received: embeddings=[1,3].',
    );
    await expect(whitening.apply({ data: new Float32Array(4), shape: [2, 2] })).rejects.toThrow(ShapeError);
    const infinite = { data: Float32Array.of(1, Number.POSITIVE_INFINITY), shape: [2, 1] as const };
    await expect(fitWhitening(infinite)).rejects.toThrow(ValueRangeError);
  });
});
