import { describe, expect, it } from 'vitest';
import { type Recipe, recipes, soloCIFAR10, upgradeRecipe } from '../../src/recipes/index.js';

type Fields = Record<string, unknown>;

const earlierNames: [present: string, earlier: string][] = [
  ['encoder.name', 'encoder.architecture'],
  ['optimizer.name', 'optimizer.className'],
  ['optimizer.convention', 'optimizer.rule'],
  ['augmentation.options.convention', 'augmentation.options.semantics'],
  ['optimizer.learningRate.schedule.name', 'optimizer.learningRate.schedule.type'],
  ['optimizer.learningRate.schedule.start', 'optimizer.learningRate.schedule.startRate'],
  ['optimizer.learningRate.schedule.end', 'optimizer.learningRate.schedule.finalRate'],
  ['optimizer.learningRate.schedule.convention', 'optimizer.learningRate.schedule.rule'],
  ['projectionHead.batchNormalization.hidden', 'projectionHead.batchNorm'],
  ['projectionHead.batchNormalization.output', 'projectionHead.finalBatchNorm'],
  ...['encoder', 'projectionHead'].flatMap((network): [string, string][] => [
    [`${network}.batchNormalization.momentum`, `${network}.batchNormalizationMomentum`],
    [`${network}.batchNormalization.epsilon`, `${network}.batchNormalizationEpsilon`],
  ]),
];

/** The recipe as the version before wrote it. */
function earlier(recipe: Recipe): Fields {
  const result = structuredClone(recipe) as unknown as Fields;
  const ownerOf = (path: string) =>
    path
      .split('.')
      .slice(0, -1)
      .reduce<Fields>((owner, key) => owner[key] as Fields, result);
  const last = (path: string) => path.slice(path.lastIndexOf('.') + 1);
  for (const [present, name] of earlierNames) {
    const owner = ownerOf(present);
    if (!(last(present) in owner)) continue;
    ownerOf(name)[last(name)] = owner[last(present)];
    delete owner[last(present)];
  }
  for (const network of ['encoder', 'projectionHead']) delete (result[network] as Fields).batchNormalization;
  const optimizer = result.optimizer as Fields;
  optimizer.className = { sgd: 'SGD', adamW: 'AdamW', lars: 'LARS' }[recipe.optimizer.name];
  const pathNames = new Map(earlierNames);
  result.sources = Object.fromEntries(
    Object.entries(recipe.sources).map(([path, source]) => [pathNames.get(path) ?? path, source]),
  );
  if (result.name === 'basic') result.name = 'seed';
  return result;
}

describe('upgradeRecipe', () => {
  it.each(Object.values(recipes).map((recipe) => [recipe.name, recipe] as const))(
    'reads %s as the version before wrote it, and leaves a present one as it is',
    (_, recipe) => {
      const old = earlier(recipe);
      for (const field of ['architecture', 'className', 'type', 'semantics', 'batchNorm']) {
        expect(JSON.stringify(old)).toContain(`"${field}":`);
      }
      const before = structuredClone(old);
      expect(upgradeRecipe(old)).toEqual(recipe);
      expect(old).toEqual(before);
      expect(upgradeRecipe(recipe as unknown as Fields)).toEqual(recipe);
    },
  );

  it('takes groups along, and leaves what no version knows', () => {
    const old = earlier(soloCIFAR10);
    const { encoder } = upgradeRecipe({
      ...old,
      encoder: { ...(old.encoder as Fields), groups: 2, widht: 1 },
    });
    expect(encoder.batchNormalization).toEqual({ momentum: 0.9, epsilon: 1e-5, groups: 2 });
    expect(encoder).toMatchObject({ name: 'resnet18', widht: 1 });
  });
});
