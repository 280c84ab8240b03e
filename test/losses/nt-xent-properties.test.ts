import { tensor2d } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ntXentLoss } from '../../src/losses/index.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { toRows } from './nt-xent-oracle.js';

type Rows = number[][];

const lossOf = async (rows1: Rows, rows2: Rows, temperature: number): Promise<number> => {
  const [view1, view2] = [tensor2d(rows1), tensor2d(rows2)];
  const loss = ntXentLoss(view1, view2, { temperature });
  const value = (await loss.data())[0]!;
  for (const tensor of [view1, view2, loss]) tensor.dispose();
  return value;
};

/** Two views of 2 to 6 images in 2 to 5 dimensions, and a temperature. */
const cases = fc
  .tuple(
    fc.integer({ min: 2, max: 6 }),
    fc.integer({ min: 2, max: 5 }),
    fc.nat(),
    fc.constantFrom(0.07, 0.1, 0.5, 1),
  )
  .map(([count, dim, name, temperature]) => ({
    count,
    dim,
    temperature,
    rows1: toRows(hashedValues(`property/${name}/1`, count * dim), dim),
    rows2: toRows(hashedValues(`property/${name}/2`, count * dim), dim),
    factors: Array.from(hashedValues(`property/${name}/factors`, 2 * count), (value) => Math.exp(3 * value)),
    order: Array.from(hashedValues(`property/${name}/order`, count).entries())
      .sort(([, a], [, b]) => a - b)
      .map(([i]) => i),
    angle: 3 * hashedValues(`property/${name}/angle`, 1)[0]!,
  }));

type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

const check = (property: (sample: Case) => Promise<void>) =>
  fc.assert(fc.asyncProperty(cases, property), { numRuns: 60, seed: 1 });
const tolerance = (temperature: number) => 2e-6 / temperature;
const expectEqualLoss = (actual: number, expected: number, temperature: number) =>
  expect(Math.abs(actual - expected)).toBeLessThan(tolerance(temperature) * (1 + Math.abs(expected)));

describe('ntXentLoss for any embeddings', () => {
  it('is symmetric in the views', async () => {
    await check(async ({ rows1, rows2, temperature }) => {
      expectEqualLoss(
        await lossOf(rows2, rows1, temperature),
        await lossOf(rows1, rows2, temperature),
        temperature,
      );
    });
  });

  it('does not depend on the order of the images', async () => {
    await check(async ({ rows1, rows2, order, temperature }) => {
      const shuffled = await lossOf(
        order.map((i) => rows1[i]!),
        order.map((i) => rows2[i]!),
        temperature,
      );
      expectEqualLoss(shuffled, await lossOf(rows1, rows2, temperature), temperature);
    });
  });

  it('does depend on who is paired with whom', async () => {
    await check(async ({ rows1, temperature }) => {
      const rotated = [...rows1.slice(1), rows1[0]!];
      expect(await lossOf(rows1, rotated, temperature)).toBeGreaterThan(
        await lossOf(rows1, rows1, temperature),
      );
    });
  });

  it('does not change when rows are multiplied by positive numbers', async () => {
    await check(async ({ rows1, rows2, factors, count, temperature }) => {
      const scaled = (rows: Rows, offset: number) =>
        rows.map((row, i) => row.map((v) => v * factors[offset + i]!));
      const loss = await lossOf(scaled(rows1, 0), scaled(rows2, count), temperature);
      expectEqualLoss(loss, await lossOf(rows1, rows2, temperature), temperature);
    });
  });

  it('does not change when all embeddings are rotated', async () => {
    await check(async ({ rows1, rows2, angle, temperature }) => {
      const rotate = (rows: Rows) =>
        rows.map(([x, y, ...rest]) => [
          x! * Math.cos(angle) - y! * Math.sin(angle),
          x! * Math.sin(angle) + y! * Math.cos(angle),
          ...rest,
        ]);
      expectEqualLoss(
        await lossOf(rotate(rows1), rotate(rows2), temperature),
        await lossOf(rows1, rows2, temperature),
        temperature,
      );
    });
  });

  it('lies between 0 and log(2N - 1) + 2 / temperature', async () => {
    await check(async ({ rows1, rows2, count, temperature }) => {
      const loss = await lossOf(rows1, rows2, temperature);
      expect(loss).toBeGreaterThan(-tolerance(temperature));
      expect(loss).toBeLessThan(Math.log(2 * count - 1) + 2 / temperature);
    });
  });

  it('is log(2N - 1) when all embeddings are equal', async () => {
    await check(async ({ rows1, count, temperature }) => {
      const equal = rows1.map(() => rows1[0]!);
      expectEqualLoss(await lossOf(equal, equal, temperature), Math.log(2 * count - 1), temperature);
    });
  });

  it('falls when a positive pair moves together and nothing else moves', async () => {
    await check(async ({ rows1, rows2, dim, temperature }) => {
      // In a dimension of their own the first pair's angle is free of all others.
      const pad = (rows: Rows) => rows.map((row, i) => (i === 0 ? new Array(dim).fill(0) : row));
      const at = (angle: number) => [
        pad(rows1).map((row, i) => [...row, ...(i === 0 ? [1, 0] : [0, 0])]),
        pad(rows2).map((row, i) => [...row, ...(i === 0 ? [Math.cos(angle), Math.sin(angle)] : [0, 0])]),
      ];
      const [far, near] = [at(2), at(1)];
      expect(await lossOf(near[0]!, near[1]!, temperature)).toBeLessThan(
        await lossOf(far[0]!, far[1]!, temperature),
      );
    });
  });
});
