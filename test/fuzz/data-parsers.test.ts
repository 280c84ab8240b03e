import { describe, expect, it } from 'vitest';
import { randomGenerator } from '../../src/random/index.js';
import { mutate } from './data-mutations.js';
import { dataParsers } from './data-parsers.js';
import { FuzzFailure, fuzz } from './fuzz.js';

describe('parsers of picture files under mutated input', () => {
  it.each(Object.entries(dataParsers))('%s throws named errors only', async (name, parser) => {
    const { inputs, accepted, refused } = await fuzz(name, parser, 50 * parser.weight + 200, 7);
    expect(accepted + refused).toBe(inputs);
    // Inputs that are all refused at the first byte would test nothing.
    expect(accepted).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(inputs / 5);
  });
});

describe('fuzz', () => {
  it('finds an error that is not one of ours, and says how to reproduce it', async () => {
    const broken = {
      weight: 1,
      run(random: ReturnType<typeof randomGenerator>) {
        if (mutate(new Uint8Array(8), random).length > 8) throw new RangeError('offset is out of bounds');
      },
    };
    const failure = await fuzz('broken', broken, 1000, 3).catch((error) => error);
    expect(failure).toBeInstanceOf(FuzzFailure);
    expect(failure.message).toMatch(/^broken, seed 3, input \d+: RangeError: offset is out of bounds$/);
  });

  it('mutates a copy, as a function of the generator', () => {
    const seed = new Uint8Array(100);
    const one = mutate(seed, randomGenerator(4));
    expect(mutate(seed, randomGenerator(4))).toEqual(one);
    expect(one).not.toEqual(seed);
    expect(seed).toEqual(new Uint8Array(100));
  });
});
