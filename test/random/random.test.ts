import { describe, expect, it } from 'vitest';
import { InvalidOptionError } from '../../src/errors/index.js';
import { batchRandom, type RandomGenerator, randomGenerator } from '../../src/random/index.js';
import { threefry2x32 } from '../../src/random/threefry.js';

describe('threefry2x32', () => {
  // Known answers of the Random123 distribution (kat_vectors, threefry2x32 with 20 rounds).
  it.each([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      [0xc4923a9c, 0x483df7a0],
    ],
  ])('key %j, counter %j', (key, counter, expected) => {
    expect(threefry2x32(key[0]!, key[1]!, counter[0]!, counter[1]!)).toEqual(expected);
  });
});

describe('randomGenerator', () => {
  it('repeats for a seed and differs between seeds, children and rows', () => {
    const draws = (random: ReturnType<typeof randomGenerator>) =>
      Array.from({ length: 8 }, () => random.uint32());
    expect(draws(randomGenerator(7))).toEqual(draws(randomGenerator(7)));
    const streams = [
      randomGenerator(7),
      randomGenerator(8),
      randomGenerator(7).fold(0),
      randomGenerator(7).fold(1),
      randomGenerator(7 + 2 ** 32),
    ];
    const all = streams.flatMap(draws);
    expect(new Set(all).size).toBe(all.length);
  });

  it('gives children that do not depend on the draws taken', () => {
    const random = randomGenerator(3);
    const before = random.fold(5).uint32();
    random.uint32();
    expect(random.fold(5).uint32()).toBe(before);
  });

  it('draws uniform, normal and integers with the right moments', () => {
    const random = randomGenerator(1);
    const count = 20_000;
    const uniform = Array.from({ length: count }, () => random.uniform(-1, 3));
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(-1);
    expect(Math.max(...uniform)).toBeLessThan(3);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    // Standard errors: 1.155 / sqrt(20000) = 0.008, 1 / sqrt(20000) = 0.007; five of them.
    expect(Math.abs(mean(uniform) - 1)).toBeLessThan(0.041);
    const normal = Array.from({ length: count }, () => random.normal());
    expect(Math.abs(mean(normal))).toBeLessThan(0.036);
    expect(Math.abs(mean(normal.map((value) => value * value)) - 1)).toBeLessThan(0.05);
    const counts = new Array(7).fill(0);
    for (let i = 0; i < count; i++) counts[random.integer(7)]++;
    for (const value of counts) expect(Math.abs(value - count / 7)).toBeLessThan(250);
  });

  it('permutes every position evenly', () => {
    const random = randomGenerator(11);
    const counts = Array.from({ length: 4 }, () => new Array(4).fill(0));
    for (let i = 0; i < 4000; i++)
      for (const [position, value] of random.permutation(4).entries()) counts[position]![value]++;
    for (const row of counts) for (const value of row) expect(Math.abs(value - 1000)).toBeLessThan(140);
  });

  it.each([
    [0, 5],
    [1, 5],
    [1, 8],
    [3, 1],
    [2, 0],
  ])('gives the same words at once as one by one, after %i of them %i', (before, count) => {
    const [one, other] = [randomGenerator(5), randomGenerator(5)];
    for (let i = 0; i < before; i++) expect(one.uint32()).toBe(other.uint32());
    expect([...one.words(count)]).toEqual(Array.from({ length: count }, () => other.uint32()));
    expect(one.uint32()).toBe(other.uint32());
  });

  it('carries into the upper word of its counter, at once as one by one', () => {
    const start = () =>
      Object.assign(randomGenerator(5) as object, { low: -2 }) as unknown as RandomGenerator;
    const [one, other] = [start(), start()];
    expect([...one.words(9)]).toEqual(Array.from({ length: 9 }, () => other.uint32()));
    expect(one).toMatchObject({ high: 1 });
    expect(one).toEqual(other);
  });

  it.each([-1, 1.5, Number.NaN])('refuses the seed %s', (seed) => {
    expect(() => randomGenerator(seed)).toThrow(InvalidOptionError);
  });
});

describe('batchRandom', () => {
  it('follows the picture, not its place in the batch', () => {
    const options = { seed: 9, epoch: 2, view: 1 };
    const one = batchRandom({ ...options, indices: [4, 8, 15] }).fold(3);
    const other = batchRandom({ ...options, indices: [15, 4] }).fold(3);
    expect(one.row(2).uint32()).toBe(other.row(0).uint32());
    expect(one.row(0).uint32()).toBe(other.row(1).uint32());
  });

  it('changes with seed, epoch, picture, view and part', () => {
    const draw = (seed: number, epoch: number, index: number, view: number, part: number) =>
      batchRandom({ seed, epoch, indices: [index], view })
        .fold(part)
        .row(0)
        .uint32();
    const draws = [
      draw(0, 0, 0, 0, 0),
      draw(1, 0, 0, 0, 0),
      draw(0, 1, 0, 0, 0),
      draw(0, 0, 1, 0, 0),
      draw(0, 0, 0, 1, 0),
      draw(0, 0, 0, 0, 1),
    ];
    expect(new Set(draws).size).toBe(draws.length);
  });
});
