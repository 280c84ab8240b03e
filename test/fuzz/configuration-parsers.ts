import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  colorJitter,
  compose,
  randomApply,
  simclrAugmentation,
  transformFromConfig,
} from '../../src/augmentations/index.js';
import { trainCommand } from '../../src/cli/commands/train.js';
import { applyConfig } from '../../src/cli/config-file.js';
import { lossFromConfig } from '../../src/losses/index.js';
import {
  AdamW,
  LARS,
  optimizerFromConfig,
  SGD,
  scaledSchedule,
  scheduleFromConfig,
  warmupCosineSchedule,
} from '../../src/optimizers/index.js';
import type { RandomGenerator } from '../../src/random/index.js';
import { adjustRecipe, lightlyCIFAR10 } from '../../src/recipes/index.js';
import { SimCLR } from '../../src/training/index.js';
import type { FuzzedParser } from './fuzz.js';
import { mutateText, mutateValue } from './json-mutations.js';
import { pick } from './mutations.js';

const schedule = warmupCosineSchedule({ peak: 0.1, warmupSteps: 1, totalSteps: 9 });

export const losses = [
  'ntXent',
  'ntXentQueue',
  'dcl',
  'dclw',
  'supervisedContrastive',
  'vicReg',
  'barlowTwins',
].map((name) => lossFromConfig(name as 'ntXent', { dim: 4 }).config!);
export const optimizers = [
  new SGD({ learningRate: schedule, momentum: 0.9, weightDecay: 1e-4 }),
  new AdamW({ learningRate: 0.001, weightDecay: 1e-2 }),
  new LARS({ learningRate: scaledSchedule(schedule, 0.5) }),
].map((optimizer) => optimizer.getConfig());
export const augmentations = [
  simclrAugmentation({ size: 8 }),
  compose([randomApply(colorJitter({ brightness: 0.4 }), { probability: 0.8 })]),
].map(({ config }) => config);
/** Small, for every input makes a network. */
export const { sources: _, ...recipe } = adjustRecipe(lightlyCIFAR10, {
  encoder: { width: 2, inputShape: [8, 8, 3] },
  projectionHead: { hidden: [4], outputDim: 4 },
  training: { datasetSize: 256 },
});

/** A copy, as it would come out of a file, with one or three changes. */
function mutated<T>(value: T, random: RandomGenerator): T {
  const copy = { value: JSON.parse(JSON.stringify(value)) as T };
  for (let edits = random.bernoulli(0.7) ? 1 : 3; edits > 0; edits--) mutateValue(copy, random);
  return copy.value ?? (null as T);
}

const configFile = JSON.stringify(
  { batchSize: 32, epochs: 3, temperature: '0.2', seed: 1, json: true, train: { size: 32, resume: false } },
  null,
  2,
);

/** Readers of configurations, which may have come from anywhere. A backend must be active. */
export const configurationParsers: Record<string, FuzzedParser> = {
  'loss configuration': {
    weight: 1,
    run: (random) => lossFromConfig(mutated(pick(random, losses), random), { dim: 4 }).dispose?.(),
  },
  'optimizer configuration': {
    weight: 5,
    run: (random) => optimizerFromConfig(mutated(pick(random, optimizers), random)).dispose(),
  },
  'schedule configuration': {
    weight: 10,
    run(random) {
      const rate = scheduleFromConfig(mutated(scaledSchedule(schedule, 0.5).config!, random));
      rate(0);
    },
  },
  'augmentation configuration': {
    weight: 5,
    run: (random) => transformFromConfig(mutated(pick(random, augmentations), random)),
  },
  recipe: {
    weight: 0.1,
    run: (random) => new SimCLR(mutated(recipe, random) as never).dispose(),
  },
  'configuration file': {
    weight: 0.5,
    async run(random) {
      const folder = mkdtempSync(join(tmpdir(), 'simclr-fuzz-'));
      try {
        const path = join(folder, 'simclr.json');
        writeFileSync(
          path,
          random.bernoulli(0.5)
            ? mutateText(configFile, random)
            : JSON.stringify(mutated(JSON.parse(configFile), random)),
        );
        await applyConfig(
          trainCommand(() => async () => {}),
          path,
        );
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  },
};
