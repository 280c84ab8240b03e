import { memory } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { configurationParsers } from './configuration-parsers.js';
import { fuzz } from './fuzz.js';

it.each(Object.entries(configurationParsers))('%s: read or refused by name', async (name, parser) => {
  const before = memory().numTensors;
  const inputs = name === 'recipe' ? 100 : 500;
  const { accepted, refused } = await fuzz(name, parser, inputs, 1);
  expect(accepted).toBeGreaterThan(0);
  expect(refused).toBeGreaterThan(inputs / 20);
  // Networks that fail in their making keep what they had made: tfjs gives no way to it.
  if (name !== 'recipe') expect(memory().numTensors).toBe(before);
});
