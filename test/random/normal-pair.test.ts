import { expect, it } from 'vitest';
import { randomGenerator } from '../../src/random/index.js';
import { normalPair } from '../../src/random/normal-pair.js';

it('gives the float32 numbers of Math.cos and Math.sin, in every octant', () => {
  const words = randomGenerator(3).words(200_000);
  const octants = new Set<number>();
  let different = 0;
  for (let i = 0; i < words.length; i += 2) {
    const [first, turn] = [(words[i]! >>> 8) / 2 ** 24, (words[i + 1]! >>> 8) / 2 ** 24];
    const radius = Math.sqrt(-2 * Math.log(1 - first));
    octants.add(Math.floor(8 * turn));
    const [x, y] = normalPair(words[i]!, words[i + 1]!);
    if (Math.fround(x) !== Math.fround(radius * Math.cos(2 * Math.PI * turn))) different++;
    if (Math.fround(y) !== Math.fround(radius * Math.sin(2 * Math.PI * turn))) different++;
  }
  expect(different).toBe(0);
  expect(octants.size).toBe(8);
});

it('is exact on the axes and the diagonals', () => {
  const radius = Math.sqrt(-2 * Math.log(1 - 2 ** -2));
  for (let eighth = 0; eighth < 8; eighth++) {
    const [x, y] = normalPair(2 ** 30, eighth * 2 ** 29);
    expect(x).toBeCloseTo(radius * Math.cos((eighth * Math.PI) / 4), 15);
    expect(y).toBeCloseTo(radius * Math.sin((eighth * Math.PI) / 4), 15);
  }
});
