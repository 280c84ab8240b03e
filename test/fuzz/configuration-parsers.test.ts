import { memory } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { transformFromConfig } from '../../src/augmentations/index.js';
import { lossFromConfig } from '../../src/losses/index.js';
import { optimizerFromConfig, scheduleFromConfig } from '../../src/optimizers/index.js';
import { SimCLR } from '../../src/training/index.js';
import { augmentations, configurationParsers, losses, optimizers, recipe } from './configuration-parsers.js';
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

/** Copies of `value` with null in place of each of its values, one after the other, by the path to it. */
function* withNull(value: unknown, path: string[] = []): Generator<[path: string, copy: unknown]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const put = (replacement: unknown) =>
      Object.assign(Array.isArray(value) ? [...value] : { ...value }, { [key]: replacement });
    yield [[...path, key].join('.'), put(null)];
    for (const [place, copy] of withNull(inner, [...path, key])) yield [place, put(copy)];
  }
}

it.each([
  ['loss', losses, (config: never) => lossFromConfig(config, { dim: 4 })],
  ['optimizer', optimizers, (config: never) => optimizerFromConfig(config)],
  [
    'schedule',
    optimizers.map(({ learningRate }) => learningRate),
    (config: never) => scheduleFromConfig(config),
  ],
  ['augmentation', augmentations, (config: never) => transformFromConfig(config)],
  ['recipe', [recipe], (config: never) => new SimCLR(config)],
])('null in a %s is refused, and never means the default', (_, configs, make) => {
  const before = memory().numTensors;
  // Words about a recipe, which nothing is made from, and the parts for which null is a value: none, or any size.
  const words =
    /^(name|title|deviations|reported|training|earlyStages)\b|^(normalization|initialization|encoder\.inputShape\.[01])$/;
  let places = 0;
  for (const config of configs) {
    for (const [path, copy] of withNull(JSON.parse(JSON.stringify(config)))) {
      if (words.test(path) && config === recipe) continue;
      places++;
      expect(() => make(copy as never), path).toThrow(
        expect.objectContaining({ name: expect.stringMatching(/^(InvalidOption|Shape)Error$/) }),
      );
    }
  }
  expect(places).toBeGreaterThan(5);
  if (configs.length > 1) expect(memory().numTensors).toBe(before);
});
