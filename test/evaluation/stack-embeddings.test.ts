import fc from 'fast-check';
import { InvalidOptionError } from 'simclr-ts/errors';
import { type EmbeddingArray, nearDuplicates, stackEmbeddings } from 'simclr-ts/evaluation';
import { describe, expect, it } from 'vitest';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';

/** Unit vectors in a plane, by their angles in degrees. */
function angles(degrees: readonly number[]): EmbeddingArray {
  const radians = degrees.map((each) => (each * Math.PI) / 180);
  const data = Float32Array.from(radians.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]));
  return { data, shape: [degrees.length, 2] };
}

const within = (degrees: number) => Math.cos((degrees * Math.PI) / 180);

describe('stackEmbeddings', () => {
  it('does not chain', async () => {
    // Each is 4 degrees from the next: linked one by one they are one group of 40 degrees.
    const chain = angles([0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40]);
    const [group] = await nearDuplicates(chain, { threshold: within(5) });
    expect(group!.rows).toHaveLength(11);
    const stacks = await stackEmbeddings(chain, { threshold: within(5) });
    expect(stacks.length).toBeGreaterThan(2);
    for (const { rows } of stacks) expect(4 * (rows.at(-1)! - rows[0]!)).toBeLessThanOrEqual(10);
  });

  it('puts copies that differ from one another to the original that both are like', async () => {
    expect(await stackEmbeddings(angles([4, 0, -4, 90]), { threshold: within(5) })).toEqual([
      { center: 1, rows: [0, 1, 2], similarities: [expect.closeTo(within(4)), 1, expect.closeTo(within(4))] },
    ]);
  });

  it('puts a row to the most similar center, even one that came later', async () => {
    // 0 has most similar ones and comes first; 4.5 is nearer to 8, which does not reach 0.
    const stacks = await stackEmbeddings(angles([0, 1, -1, 4.5, 8, 8.1]), { threshold: within(5) });
    expect(stacks.map(({ rows }) => rows)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
  });

  it('gives stacks whose rows are all similar to the center, each row once, and misses no pair of rows', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 180 }), { minLength: 1, maxLength: 40 }),
        async (all) => {
          const stacks = await expectTensors(0, () =>
            stackEmbeddings(angles(all), { threshold: within(5.5) }),
          );
          const rows = stacks.flatMap((stack) => stack.rows);
          expect(new Set(rows).size).toBe(rows.length);
          for (const { center, rows: members } of stacks) {
            expect(members).toContain(center);
            expect(members).toEqual([...members].sort((a, b) => a - b));
            for (const row of members) expect(Math.abs(all[row]! - all[center]!)).toBeLessThanOrEqual(5);
          }
          // Two similar rows may only be apart where one of them is with others.
          for (const [a, first] of all.entries()) {
            if (rows.includes(a)) continue;
            for (const [b, second] of all.entries()) {
              if (a !== b && Math.abs(first - second) <= 5) expect(rows).toContain(b);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('takes 20,000 rows that are nearly all alike in memory for the rows', async () => {
    const [count, dim] = [20_000, 4];
    const noise = hashedValues('noise', count * dim);
    const data = noise.map(
      (value, i) => 0.001 * value + (Math.floor(i / dim) % 10 === 3 && i % dim === 0 ? -1 : 1),
    );
    const stacks = await stackEmbeddings({ data, shape: [count, dim] }, { threshold: 0.99 });
    expect(stacks.map(({ rows }) => rows.length)).toEqual([18_000, 2000]);
  });

  it('links equal rows at 1, leaves zeros alone, and refuses other thresholds', async () => {
    const data = Float32Array.of(0.1, 0.7, 0, 0, 0.1, 0.7, 0, 0);
    expect(await stackEmbeddings({ data, shape: [4, 2] }, { threshold: 1 })).toEqual([
      { center: 0, rows: [0, 2], similarities: [1, 1] },
    ]);
    for (const threshold of [Number.NaN, 1.1, -2]) {
      await expect(stackEmbeddings(angles([1]), { threshold })).rejects.toThrow(InvalidOptionError);
    }
  });
});
