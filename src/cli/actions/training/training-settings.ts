import type { LearningRatePlan, NormalizeOptions, ResNetOptions } from 'simclr-ts';
import type { LossName } from 'simclr-ts/losses';
import {
  adjustRecipe,
  basicRecipe,
  type Recipe,
  type RecipeChanges,
  recipeDifferences,
  recipes,
} from 'simclr-ts/recipes';
import { hasTemperature } from '../../../losses/loss-from-config.js';
import type { Context } from '../../context.js';
import { CommandError, exitCodes } from '../../exit-codes.js';
import { counted } from '../table.js';
import { readSettings, type TrainingSettings } from './saved-settings.js';

/** Options of `train` that say what to train; `undefined` if not given. */
export interface TrainingOptions {
  recipe?: keyof typeof recipes;
  epochs?: number;
  batchSize?: number;
  size?: number;
  architecture?: 'resnet18' | 'resnet34' | 'resnet50' | 'mobileNetV2';
  width?: number;
  stem?: ResNetOptions['stem'];
  loss?: LossName;
  temperature?: number;
  optimizer?: 'adamW' | 'sgd' | 'lars';
  schedule?: 'constant' | 'cosine';
  learningRate?: number;
  warmupEpochs?: number;
  strength?: number;
  /** Area of the smallest crop, as a share of the picture. */
  cropFrom?: number;
  /** `false` after --no-flip. */
  flip: boolean;
  /** `false` after --no-blur. */
  blur: boolean;
  seed?: number;
  limit?: number;
  microBatchSize?: number;
  /** Weights to start from. */
  from?: string;
  /** How the pictures of those weights were normalized, if that is known. */
  normalization?: NormalizeOptions | null;
}

/** Without a recipe: the basic one, in batches that fit into the memory of a laptop. */
function defaultRecipe(options: TrainingOptions, ownSize = 96): Recipe {
  const { size = ownSize } = options;
  const changes: RecipeChanges = {
    encoder: { inputShape: [size, size, 3], stem: size < 64 ? 'small' : 'imagenet' },
    // A tenth of the height, made odd: Chen et al. 2020, appendix A.
    augmentation: { options: { blur: { kernelSize: 2 * Math.floor(size / 20) + 1 } } },
    training: { batchSize: 64 },
  };
  return adjustRecipe(basicRecipe, changes);
}

/** Epochs of the warm-up; `undefined` without a warm-up in epochs. */
function warmUpOf({ optimizer }: Recipe): number | undefined {
  const { schedule } = optimizer.learningRate;
  return schedule.name === 'warmupCosine' ? schedule.warmupEpochs : undefined;
}

/** The recipe that supplies another optimizer than the base recipe's, because its values belong together. */
const optimizersOf = { adamW: basicRecipe, sgd: recipes['lightly-cifar10'], lars: recipes['paper-imagenet'] };

/** A recipe with the requested optimizer and schedule. */
function withOptimizer(recipe: Recipe, { optimizer, schedule, warmupEpochs }: TrainingOptions): Recipe {
  const changed =
    optimizer === undefined || optimizer === recipe.optimizer.name
      ? recipe
      : adjustRecipe(recipe, { optimizer: optimizersOf[optimizer].optimizer });
  if (schedule === undefined) return changed;
  const plans: Record<typeof schedule, LearningRatePlan> = {
    constant: { name: 'constant' },
    // A share of the run also suits a run that the clock ends.
    cosine:
      warmupEpochs === undefined
        ? { name: 'warmupCosineByShare', warmupShare: 0.05, start: 0, end: 0 }
        : { name: 'warmupCosine', warmupEpochs, start: 0, end: 0, convention: 'google', interval: 'step' },
  };
  return adjustRecipe(changed, { optimizer: { learningRate: { schedule: plans[schedule] } } });
}

function withOptions(given: Recipe, options: TrainingOptions, context: Context): Recipe {
  const { size, architecture, width, stem, temperature, strength, batchSize, epochs } = options;
  const { learningRate, warmupEpochs, cropFrom } = options;
  const recipe = withOptimizer(given, options);
  if (width !== undefined && (architecture ?? recipe.encoder.name) === 'mobileNetV2') {
    throw new CommandError('--width is for ResNets: a MobileNetV2 has none.', exitCodes.usage);
  }
  if (warmupEpochs !== undefined && warmUpOf(recipe) === undefined) {
    throw new CommandError(
      `--warmup-epochs needs a learning rate with a warm-up, and that of ${recipe.name} has none. Add --schedule cosine.`,
      exitCodes.usage,
    );
  }
  const changes: RecipeChanges = {
    encoder: {
      ...(size !== undefined && { inputShape: [size, size, 3] as const }),
      ...(architecture !== undefined && { name: architecture }),
      ...(width !== undefined && { width }),
      ...(stem !== undefined && { stem }),
    } as NonNullable<RecipeChanges['encoder']>,
    augmentation: {
      options: {
        ...(strength !== undefined && { strength }),
        ...(cropFrom !== undefined && { scale: [cropFrom, recipe.augmentation.options.scale[1]] as const }),
        ...(context.isGiven('flip') && !options.flip && { flipProbability: 0 }),
        ...(context.isGiven('blur') && !options.blur && { blur: false as const }),
      },
    },
    ...(options.normalization !== undefined && { normalization: options.normalization }),
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

/**
 * The settings of a new run.
 *
 * @param ownSize - Side of the pictures in pixels, if they all have one.
 */
export function newSettings(options: TrainingOptions, context: Context, ownSize?: number): TrainingSettings {
  const base = options.recipe === undefined ? defaultRecipe(options, ownSize) : recipes[options.recipe];
  const { seed = 0, limit = null, microBatchSize = null, from, loss = 'ntXent', temperature } = options;
  const recipe = withOptions(base, options, context);
  checkWarmUp(recipe);
  if (temperature !== undefined && !hasTemperature(loss)) {
    throw new CommandError(
      `--temperature is for losses that have one, and --loss ${loss} has none.`,
      exitCodes.usage,
    );
  }
  return {
    recipe,
    seed,
    limit,
    microBatchSize,
    ...(loss !== 'ntXent' && { loss }),
    ...(from !== undefined && { from }),
  };
}

/** What `new SimCLR` takes of the settings of a run. */
export function trainerOptions({ recipe, seed, loss }: TrainingSettings) {
  if (loss === undefined) return { ...recipe, seed };
  const { temperature, ...rest } = recipe;
  return { ...rest, ...(hasTemperature(loss) && { temperature }), loss, seed };
}

/** Checks the warm-up before any picture is read. */
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
 * The settings for this many pictures. A default batch size larger than their number is reduced. One that was given is
 * refused, and so are micro-batches that do not divide the batch.
 *
 * @throws {@link CommandError} when batches or micro-batches do not fit.
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
    context.warn(`Using batches of ${batchSize} instead of ${usual}, because there are no more pictures.`);
  }
  if (microBatchSize !== null && batchSize % microBatchSize !== 0) {
    throw new CommandError(
      `--micro-batch-size must divide --batch-size. Received: --micro-batch-size ${microBatchSize} with --batch-size ${batchSize}.`,
      exitCodes.usage,
    );
  }
  // The plan of the learning rate needs the number of pictures.
  const training = { ...recipe.training, batchSize, datasetSize: pictures };
  return { ...settings, recipe: { ...recipe, training } };
}

/**
 * Settings of the run in `out`, with the given number of epochs.
 *
 * @throws {@link CommandError} when there is no run, or an option differs from the run's.
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
  // The run may have begun without early stages, because its encoder does not have them.
  if (saved.recipe.earlyStages === null) free.push('earlyStages', 'initialization.blocksAfter');
  if (options.batchSize === undefined) free.push('training.batchSize'); // the recipe's may have been reduced
  const flag = (name: string) => context.flagNames.of(name);
  const differences = recipeDifferences(recipe, saved.recipe)
    .filter(({ path }) => !free.includes(path))
    .map(({ path, value, other }) => `${flag(path)} ${JSON.stringify(other)} (not ${JSON.stringify(value)})`);
  const run = { loss: 'ntXent', ...saved };
  for (const name of ['seed', 'limit', 'microBatchSize', 'loss'] as const) {
    const value = options[name] ?? run[name];
    if (value !== run[name]) differences.push(`${flag(name)} ${run[name] ?? 'none'} (not ${value})`);
  }
  if (differences.length > 0) {
    throw new CommandError(
      `The run in ${JSON.stringify(out)} has ${differences.join(', ')}. Leave those options out to continue with it, or start over with --overwrite.`,
      exitCodes.usage,
    );
  }
  const { training } = saved.recipe;
  const epochs = options.epochs ?? training.epochs;
  // Earlier versions saved the requested batch size even if there were fewer pictures.
  const batchSize = Math.min(training.batchSize, training.datasetSize);
  return { ...saved, recipe: { ...saved.recipe, training: { ...training, epochs, batchSize } } };
}
