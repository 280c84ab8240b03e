import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  adjustRecipe,
  type Recipe,
  type RecipeChanges,
  recipeDifferences,
  recipes,
  seedRecipe,
} from 'simclr-ts/recipes';
import type { Context } from '../context.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { writeWhole } from './write-file.js';

/** Options of `train` that say what is trained, each `undefined` where it was not given. */
export interface TrainingOptions {
  recipe?: keyof typeof recipes;
  epochs?: number;
  batchSize?: number;
  size?: number;
  architecture?: 'resnet18' | 'resnet34' | 'resnet50';
  width?: number;
  stem?: 'imagenet' | 'small';
  temperature?: number;
  learningRate?: number;
  strength?: number;
  /** `false` after --no-blur. */
  blur: boolean;
  seed?: number;
  limit?: number;
  microBatchSize?: number;
}

/** What a run is, as the file beside its model says. */
export interface TrainingSettings {
  recipe: Recipe;
  seed: number;
  limit: number | null;
  microBatchSize: number | null;
  /** Of the files that `recipe.training.datasetSize` counts, those that turned out to be no whole picture. */
  damaged?: number;
}

const fileName = 'training.json';

/** Without a recipe: the library's own description of SimCLR, in batches that fit into memory at home. */
function defaultRecipe(options: TrainingOptions): Recipe {
  const { size = 96 } = options;
  const changes: RecipeChanges = {
    encoder: { stem: size < 64 ? 'small' : 'imagenet' },
    // A tenth of the height, made odd: Chen et al. 2020, appendix A.
    augmentation: { options: { blur: { kernelSize: 2 * Math.floor(size / 20) + 1 } } },
    training: { batchSize: 64 },
  };
  return adjustRecipe(seedRecipe, changes);
}

function withOptions(recipe: Recipe, options: TrainingOptions, context: Context): Recipe {
  const { size, architecture, width, stem, temperature, learningRate, strength, batchSize, epochs } = options;
  const changes: RecipeChanges = {
    encoder: {
      ...(size !== undefined && { inputShape: [size, size, 3] as const }),
      ...(architecture !== undefined && { architecture }),
      ...(width !== undefined && { width }),
      ...(stem !== undefined && { stem }),
    },
    augmentation: {
      options: {
        ...(strength !== undefined && { strength }),
        ...(context.isGiven('blur') && !options.blur && { blur: false as const }),
      },
    },
    ...(temperature !== undefined && { temperature }),
    ...(learningRate !== undefined && { optimizer: { learningRate: { base: learningRate } } }),
    training: { ...(batchSize !== undefined && { batchSize }), ...(epochs !== undefined && { epochs }) },
  };
  return adjustRecipe(recipe, changes);
}

/** What a new run shall be. */
export function newSettings(options: TrainingOptions, context: Context): TrainingSettings {
  const base = options.recipe === undefined ? defaultRecipe(options) : recipes[options.recipe];
  const { seed = 0, limit = null, microBatchSize = null } = options;
  return { recipe: withOptions(base, options, context), seed, limit, microBatchSize };
}

/** What `training.json` holds. */
export function settingsText(settings: TrainingSettings): string {
  return `${JSON.stringify(settings, null, 2)}\n`;
}

/** Writes down what a run is that goes on. */
export async function saveSettings(out: string, settings: TrainingSettings): Promise<void> {
  await writeWhole(join(out, fileName), settingsText(settings));
}

async function readSettings(out: string): Promise<TrainingSettings> {
  const path = join(out, fileName);
  try {
    const settings = JSON.parse(await readFile(path, 'utf8')) as TrainingSettings;
    if (typeof settings.recipe?.training?.batchSize !== 'number') throw new Error('it has no recipe');
    return settings;
  } catch (error) {
    throw new CommandError(
      `--resume needs ${JSON.stringify(path)}, which says how the model was trained. ${(error as Error).message}.`,
      exitCodes.model,
      { cause: error },
    );
  }
}

/**
 * What the run in `out` was, with more epochs where they are given.
 *
 * @throws {@link CommandError} when there is none, or an option differs from the run's: half a run of one kind and half of
 * another is neither.
 */
export async function resumedSettings(
  out: string,
  options: TrainingOptions,
  context: Context,
): Promise<TrainingSettings> {
  const saved = await readSettings(out);
  const base = options.recipe === undefined ? saved.recipe : recipes[options.recipe];
  const recipe = withOptions(base, options, context);
  const free = ['training.epochs', 'training.datasetSize'];
  const differences = recipeDifferences(recipe, saved.recipe)
    .filter(({ path }) => !free.includes(path))
    .map(({ path, value, other }) => `${path} ${JSON.stringify(other)} (not ${JSON.stringify(value)})`);
  for (const name of ['seed', 'limit', 'microBatchSize'] as const) {
    const value = options[name] ?? saved[name];
    if (value !== saved[name]) differences.push(`${name} ${saved[name] ?? 'none'} (not ${value})`);
  }
  if (differences.length > 0) {
    throw new CommandError(
      `The run in ${JSON.stringify(out)} has ${differences.join(', ')}. Leave those options out to go on with it, or begin anew with --overwrite.`,
      exitCodes.usage,
    );
  }
  const { training } = saved.recipe;
  const epochs = options.epochs ?? training.epochs;
  return { ...saved, recipe: { ...saved.recipe, training: { ...training, epochs } } };
}
