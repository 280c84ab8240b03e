import { datasetSize, type ImageDataset } from '../../data/index.js';
import { InvalidOptionError } from '../../errors/errors.js';
import type { Metadata } from './format.js';

/** What a call of `fit` decides about the steps that follow, besides the trainer's own parts. */
export interface FitRecipe {
  /** Pictures a step. */
  batchSize: number;
  /** Pictures at a time, where a batch is taken in parts; groups of batch normalisation. `null` = whole. */
  microBatchSize: number | null;
  /** Whether pictures in memory come in a random order. */
  shuffle: boolean;
  /** Pictures of the data set; `null` where it does not say. */
  datasetSize: number | null;
}

/** What a saved trainer says of its own part of the recipe. */
export type TrainerRecipe = Pick<
  Metadata,
  'viewBatching' | 'seed' | 'normalization' | 'augmentation' | 'views' | 'customLoss' | 'loss'
> & {
  optimizer: object;
  extraState: string[];
};

/** The recipe of a call of `fit`. */
export function fitRecipe(
  dataset: ImageDataset,
  options: { batchSize?: number; microBatchSize?: number; shuffle?: boolean },
): FitRecipe {
  const { batchSize = 64, microBatchSize = null, shuffle = true } = options;
  return { batchSize, microBatchSize, shuffle, datasetSize: datasetSize(dataset) ?? null };
}

/** The part of the recipe that is in a checkpoint's description of the trainer. */
export function trainerRecipe(metadata: Omit<Metadata, 'progress' | 'fit' | 'byteOrder'>): TrainerRecipe {
  const { viewBatching, seed, normalization, augmentation, customLoss, views, loss } = metadata;
  const { className, config } = metadata.optimizer;
  return {
    viewBatching,
    seed,
    normalization,
    augmentation,
    customLoss,
    loss,
    // Left out by the first version of files; then it is not compared.
    ...(views === undefined ? {} : { views }),
    optimizer: { ...config, className },
    extraState: Object.keys(metadata.extraState).sort(),
  };
}

/** A recipe as a list of values: `'optimizer.momentum'` to `0.9`. */
function flatten(value: unknown, path: string, into: Map<string, string>): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value))
      flatten(inner, path === '' ? key : `${path}.${key}`, into);
  } else if (value !== undefined) into.set(path, JSON.stringify(value));
}

/** One option of a recipe that is not what it was. */
export interface RecipeChange {
  /** Its name, as in `'batchSize'` or `'optimizer.momentum'`. */
  name: string;
  /** The text `before -> now`. */
  text: string;
}

/** Differences between two recipes, in the order of the first. What it does not have at all is not compared. */
export function recipeChanges(saved: object, current: object): RecipeChange[] {
  const known = Object.fromEntries(Object.entries(current).filter(([name]) => Object.hasOwn(saved, name)));
  const [before, now] = [saved, known].map((recipe) => {
    const values = new Map<string, string>();
    flatten(JSON.parse(JSON.stringify(recipe)), '', values); // typed arrays and the like as a file has them
    return values;
  }) as [Map<string, string>, Map<string, string>];
  return [...new Set([...before.keys(), ...now.keys()])]
    .filter((name) => before.get(name) !== now.get(name))
    .map((name) => ({ name, text: `${before.get(name) ?? 'nothing'} -> ${now.get(name) ?? 'nothing'}` }));
}

/**
 * @param allowed - `true`, or the names of the options that may change; `'optimizer'` stands for all within.
 * @throws {@link InvalidOptionError} with all differences, when one is not allowed.
 */
export function checkRecipe(changes: RecipeChange[], allowed: boolean | readonly string[]): void {
  if (allowed === true) return;
  const names = allowed === false ? [] : allowed;
  const refused = changes.filter(
    ({ name }) => !names.some((prefix) => name === prefix || name.startsWith(`${prefix}.`)),
  );
  if (refused.length === 0) return;
  const [list, texts] = [
    refused.map(({ name }) => JSON.stringify(name)).join(', '),
    refused.map(({ name, text }) => `${name}: ${text}`).join('; '),
  ];
  throw new InvalidOptionError(
    `SimCLR.fit: resume must go on with the recipe that the run began with; another one is taken with { allowChanges: [${list}] }. Received: ${texts}.`,
  );
}
