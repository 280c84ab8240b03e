import { isObject } from '../errors/checks.js';
import { renameFields } from '../errors/rename-fields.js';
import type { Recipe } from './recipe.js';

type Fields = Record<string, unknown>;

const networkNames = { architecture: 'name' };
const optimizerNames = { className: 'name', rule: 'convention' };
const scheduleNames = { type: 'name', startRate: 'start', finalRate: 'end', rule: 'convention' };
const normalizationNames: Readonly<Record<string, string>> = {
  batchNorm: 'hidden',
  finalBatchNorm: 'output',
  batchNormalizationMomentum: 'momentum',
  batchNormalizationEpsilon: 'epsilon',
  groups: 'groups',
};
const optimizers: Readonly<Record<string, string>> = { SGD: 'sgd', AdamW: 'adamW', LARS: 'lars' };

/** Paths of sources that end in an earlier name, in the order in which they are tried. */
const pathEnds: readonly (readonly [end: string, present: string])[] = [
  ['encoder.architecture', 'encoder.name'],
  ['optimizer.className', 'optimizer.name'],
  ['optimizer.rule', 'optimizer.convention'],
  ['augmentation.options.semantics', 'augmentation.options.convention'],
  ...Object.entries(scheduleNames).map(
    ([earlier, present]) => [`learningRate.schedule.${earlier}`, `learningRate.schedule.${present}`] as const,
  ),
  ...Object.entries(normalizationNames).map(
    ([earlier, present]) => [`.${earlier}`, `.batchNormalization.${present}`] as const,
  ),
];

/**
 * Renames the fields of a recipe that an earlier version of this library wrote as JSON. A recipe with present names is
 * returned as an equal copy, and fields that no version knows stay: `new SimCLR` refuses them.
 *
 * @param saved - The saved recipe, parsed from JSON.
 * @returns A recipe for `new SimCLR`, {@link adjustRecipe} and {@link describeRecipe}.
 * @example
 * const simclr = new SimCLR(upgradeRecipe(JSON.parse(text)));
 */
export function upgradeRecipe(saved: Readonly<Record<string, unknown>>): Recipe {
  const { name, encoder, projectionHead, augmentation, optimizer, sources } = saved;
  const upgraded: Fields = {
    initialization: null, // earlier versions had none
    earlyStages: null,
    ...saved,
    ...(name === 'seed' && { name: 'basic' }),
    ...(isObject(encoder) && { encoder: withNormalization(renameFields(encoder, networkNames)) }),
    ...(isObject(projectionHead) && { projectionHead: withNormalization(projectionHead) }),
    ...(isObject(optimizer) && { optimizer: upgradeOptimizer(optimizer) }),
  };
  if (isObject(upgraded.initialization)) {
    upgraded.initialization = { blocks: 'random', blocksAfter: null, ...upgraded.initialization }; // earlier versions began them so
  }
  if (isObject(upgraded.earlyStages)) {
    upgraded.earlyStages = { learningRateFactor: 1, hold: false, ...upgraded.earlyStages };
  }
  if (isObject(augmentation) && isObject(augmentation.options)) {
    const options = renameFields(augmentation.options, { semantics: 'convention' });
    upgraded.augmentation = { ...augmentation, options };
  }
  if (isObject(sources)) {
    const named = Object.entries(sources).map(([path, source]) => [upgradePath(path), source]);
    upgraded.sources = Object.fromEntries(named);
  }
  return upgraded as unknown as Recipe;
}

function upgradeOptimizer(saved: Fields): Fields {
  const optimizer = renameFields(saved, optimizerNames);
  const { name, learningRate } = optimizer;
  if (Object.hasOwn(optimizers, String(name))) optimizer.name = optimizers[String(name)];
  if (isObject(learningRate) && isObject(learningRate.schedule)) {
    optimizer.learningRate = {
      ...learningRate,
      schedule: renameFields(learningRate.schedule, scheduleNames),
    };
  }
  return optimizer;
}

/** Earlier versions had the options of batch normalization as fields of the network. */
function withNormalization(network: Fields): Fields {
  const entries = Object.entries(network);
  const moved = entries.filter(([field]) => Object.hasOwn(normalizationNames, field));
  if (moved.length === 0) return network;
  const rest = entries.filter(([field]) => !Object.hasOwn(normalizationNames, field));
  const batchNormalization = Object.fromEntries(
    moved.map(([field, value]) => [normalizationNames[field]!, value]),
  );
  return { ...Object.fromEntries(rest), batchNormalization };
}

function upgradePath(path: string): string {
  const found = pathEnds.find(([end]) => path.endsWith(end));
  return found ? path.slice(0, -found[0].length) + found[1] : path;
}
