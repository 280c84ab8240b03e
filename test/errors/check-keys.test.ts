import { InvalidOptionError } from 'simclr-ts/errors';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { checkKeys, type KnownKeys, nearestName } from '../../src/errors/check-keys.js';

interface Options {
  batchSize?: number;
  epochs?: number;
}
const known = { batchSize: 1, epochs: 1 };

describe('checkKeys', () => {
  it('takes what is known, undefined too, and refuses all else by name', () => {
    checkKeys<Options>('fit', {}, known);
    checkKeys<Options>('fit', { batchSize: 2, epochs: undefined as never }, known);
    expect(() => checkKeys<Options>('fit', { batchsize: 2 } as Options, known)).toThrow(
      new InvalidOptionError(
        'fit: options must have no other fields than batchSize, epochs; did you mean batchSize? Received: options.batchsize.',
      ),
    );
    expect(() => checkKeys<Options>('fit', { colour: undefined } as Options, known, 'training')).toThrow(
      /^fit: training must have no other fields than batchSize, epochs\. Received: training\.colour\.$/,
    );
  });

  it.each([null, undefined, 5, 'text', []])('refuses %o', (value) => {
    expect(() => checkKeys('fit', value as unknown, known)).toThrow(/options must be an object/);
  });

  it('is not deceived by names that every object has', () => {
    expect(() => checkKeys('fit', JSON.parse('{ "toString": 1 }') as unknown, known)).toThrow(
      /options\.toString/,
    );
    expect(() => checkKeys('fit', JSON.parse('{ "__proto__": {} }') as unknown, known)).toThrow(
      /options\.__proto__/,
    );
  });

  it('has a table that the compiler keeps complete', () => {
    expectTypeOf<KnownKeys<Options>>().toEqualTypeOf<Readonly<Record<'batchSize' | 'epochs', unknown>>>();
    // @ts-expect-error a key is missing
    checkKeys<Options>('fit', {}, { batchSize: 1 });
    // @ts-expect-error a key is unknown
    checkKeys<Options>('fit', {}, { batchSize: 1, epochs: 1, seed: 1 });
  });
});

describe('nearestName', () => {
  const names = ['batchSize', 'learningRate', 'weightDecay', 'width', 'temperature', 'seed'];
  it.each([
    ['batchsize', 'batchSize'],
    ['batch_size', 'batchSize'],
    ['batch', 'batchSize'],
    ['widht', 'width'],
    ['temprature', 'temperature'],
    ['decay', 'weightDecay'],
    ['learning-rate', 'learningRate'],
    ['cj_prob', undefined],
    ['lr', undefined],
    ['', undefined],
    ['hue', undefined],
  ])('of %o is %o', (given, expected) => {
    expect(nearestName(given, names)).toBe(expected);
  });
});
