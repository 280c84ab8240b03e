import { expect, it } from 'vitest';
import { InvalidOptionError } from '../../src/errors/index.js';
import { weighComponents } from '../../src/evaluation/index.js';
import { expectClose } from '../helpers/close.js';
import { embeddings } from './golden.js';

it('weighs the k-th column by k to a power', async () => {
  const given = embeddings([1, 1, 1, 1, -2, 4, 0, 8], 4);
  const usual = await weighComponents(given);
  expect(usual.shape).toEqual([2, 4]);
  expectClose(usual.data, [1, Math.SQRT1_2, 1 / Math.sqrt(3), 0.5, -2, 4 * Math.SQRT1_2, 0, 4], {
    absolute: 1e-6,
  });
  expectClose((await weighComponents(given, { exponent: 1 })).data.subarray(4), [-2, 2, 0, 2], {
    absolute: 1e-6,
  });
  expect((await weighComponents(given, { exponent: 0 })).data).toEqual(given.data);
  expect([...given.data.subarray(0, 4)]).toEqual([1, 1, 1, 1]);
});

it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('refuses the exponent %d', async (exponent) => {
  const call = weighComponents(embeddings([1, 2], 2), { exponent });
  await expect(call).rejects.toBeInstanceOf(InvalidOptionError);
  await expect(call).rejects.toThrow(/exponent must be a finite number >= 0/);
});
