import {
  adjustRecipe,
  basicRecipe,
  type Recipe,
  type RecipeChanges,
  recipeDifferences,
  recipes,
} from 'simclr-ts/recipes';
import type { Context } from '../../context.js';
import { CommandError, exitCodes } from '../../exit-codes.js';
import { counted } from '../table.js';
import { readSettings, type TrainingSettings } from './saved-settings.js';

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
  warmupEpochs?: number;
  strength?: number;
  /** `false` after --no-blur. */
  blur: boolean;
  seed?: number;
  limit?: number;
  microBatchSize?: number;
}

/** Without a recipe: the library's own description of SimCLR, in batches that fit into memory at home. */
function defaultRecipe(options: TrainingOptions): Recipe {
  const { size = 96 } = options;
  const changes: RecipeChanges = {
    encoder: { stem: size < 64 ? 'small' : 'imagenet' },
    // A tenth of the height, made odd: Chen et al. 2020, appendix A.
    augmentation: { options: { blur: { kernelSize: 2 * Math.floor(size / 20) + 1 } } },
    training: { batchSize: 64 },
  };
  return adjustRecipe(basicRecipe, changes);
}

/** Epochs of the warm-up that has to fit into the run; `undefined` where there is none. */
function warmUpOf({ optimizer }: Recipe): number | undefined {
  const { schedule } = optimizer.learningRate;
  return schedule.name === 'warmupCosine' ? schedule.warmupEpochs : undefined;
}

function withOptions(recipe: Recipe, options: TrainingOptions, context: Context): Recipe {
  const { size, architecture, width, stem, temperature, strength, batchSize, epochs } = options;
  const { learningRate, warmupEpochs } = options;
  if (warmupEpochs !== undefined && warmUpOf(recipe) === undefined) {
    throw new CommandError(
      `--warmup-epochs needs a recipe with a warm-up, and the learning rate of ${recipe.name} has none.`,
      exitCodes.usage,
    );
  }
  const changes: RecipeChanges = {
    encoder: {
      ...(size !== undefined && { inputShape: [size, size, 3] as const }),
      ...(architecture !== undefined && { name: architecture }),
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
    optimizer: {
      learningRate: {
        ...(learningRate !== undefined && { base: learningRate }),
        ...(warmupEpochs !== undefined && { schedule: { warmupEpochs } }),
      },
    },
    training: { ...(batchSize !== undefined && { batchSize }), ...(epochs !== undefined && { epochs }) },
  };
  return adjustRecipe(recipe, changes);
}

/** The settings of a new run. */
export function newSettings(options: TrainingOptions, context: Context): TrainingSettings {
  const base = options.recipe === undefined ? defaultRecipe(options) : recipes[options.recipe];
  const { seed = 0, limit = null, microBatchSize = null } = options;
  const recipe = withOptions(base, options, context);
  checkWarmUp(recipe);
  return { recipe, seed, limit, microBatchSize };
}

/** A warm-up that is longer than the run is known before any picture is read. */
function checkWarmUp(recipe: Recipe): void {
  const warmUp = warmUpOf(recipe);
  const { schedule } = recipe.optimizer.learningRate;
  const isBound = schedule.name === 'warmupCosine' && schedule.cosineEpochs === undefined;
  if (warmUp === undefined || !isBound || warmUp <= recipe.training.epochs) return;
  throw new CommandError(
    `The warm-up must not be longer than the run. Received: ${counted(warmUp, 'epoch')} of warm-up (--warmup-epochs) in ${counted(recipe.training.epochs, 'epoch')} (--epochs).`,
    exitCodes.usage,
  );
}

/**
 * The settings for this many pictures: batches that are larger than the folder are refused where they were asked for, and
 * made smaller where they are only usual; micro-batches have to divide them.
 *
 * @throws {@link CommandError} when that cannot be.
 */
export function settingsFor(
  settings: TrainingSettings,
  pictures: number,
  options: TrainingOptions & { resume?: boolean },
  context: Context,
): TrainingSettings {
  const { recipe, microBatchSize } = settings;
  const { batchSize: usual } = recipe.training;
  if (usual > pictures && (options.batchSize !== undefined || options.resume)) {
    throw new CommandError(
      `--batch-size must not be larger than the number of pictures. Received: --batch-size ${usual} with ${counted(pictures, 'picture')}.`,
      exitCodes.usage,
    );
  }
  const batchSize = Math.max(2, Math.min(usual, pictures));
  if (batchSize < usual) {
    context.warn(`Batches of ${batchSize} instead of ${usual}: there are no more pictures.`);
  }
  if (microBatchSize !== null && batchSize % microBatchSize !== 0) {
    throw new CommandError(
      `--micro-batch-size must divide --batch-size. Received: --micro-batch-size ${microBatchSize} with --batch-size ${batchSize}.`,
      exitCodes.usage,
    );
  }
  // A learning rate is planned from the number of pictures.
  const training = { ...recipe.training, batchSize, datasetSize: pictures };
  return { ...settings, recipe: { ...recipe, training } };
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
  if (options.batchSize === undefined) free.push('training.batchSize'); // a recipe's own may have been made smaller
  const flag = (name: string) => context.flagNames.of(name);
  const differences = recipeDifferences(recipe, saved.recipe)
    .filter(({ path }) => !free.includes(path))
    .map(({ path, value, other }) => `${flag(path)} ${JSON.stringify(other)} (not ${JSON.stringify(value)})`);
  for (const name of ['seed', 'limit', 'microBatchSize'] as const) {
    const value = options[name] ?? saved[name];
    if (value !== saved[name]) differences.push(`${flag(name)} ${saved[name] ?? 'none'} (not ${value})`);
  }
  if (differences.length > 0) {
    throw new CommandError(
      `The run in ${JSON.stringify(out)} has ${differences.join(', ')}. Leave those options out to continue with it, or start over with --overwrite.`,
      exitCodes.usage,
    );
  }
  const { training } = saved.recipe;
  const epochs = options.epochs ?? training.epochs;
  // Earlier versions wrote down the batch that was asked for, and took no more than there were.
  const batchSize = Math.min(training.batchSize, training.datasetSize);
  return { ...saved, recipe: { ...saved.recipe, training: { ...training, epochs, batchSize } } };
}
