import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type FitOptions, type History, SimCLR } from 'simclr-ts';
import { initializeFromImages, type ReadoutStage } from 'simclr-ts/features';
import { runDirectory } from 'simclr-ts/node';
import { adjustRecipe, type Recipe } from 'simclr-ts/recipes';
import { isInputError } from '../../../errors/is-error.js';
import type { CountsBefore } from '../../../training/callbacks/counts-before.js';
import type { Context } from '../../context.js';
import { counted } from '../table.js';
import type { TrainingPictures } from './pictures/training-pictures.js';
import { settingsText, type TrainingSettings } from './saved-settings.js';
import { trainerOptions } from './training-settings.js';

/** A recipe that trains the whole encoder from the first step on. */
function withoutEarlyStages(recipe: Recipe): Recipe {
  const { initialization } = recipe;
  return {
    ...recipe,
    earlyStages: null,
    initialization: initialization && { ...initialization, blocksAfter: null },
  };
}

/** Epochs of the early stages, of all epochs; none in a run of one. Of a run that has trained them, those that it took. */
export function earlyEpochsOf({ recipe: { earlyStages, training }, early }: TrainingSettings): number {
  if (early !== undefined || earlyStages === null) return early?.epoch ?? 0;
  return Math.min(training.epochs - 1, Math.max(1, Math.round(earlyStages.share * training.epochs)));
}

/**
 * Makes the trainer of a new run. It trains early stages first, where the recipe does and the run is long enough.
 *
 * @returns The trainer, and the settings that it has: without early stages, if the encoder does not have them.
 */
export function newTrainer(settings: TrainingSettings, context: Context): [SimCLR, TrainingSettings] {
  const { recipe } = settings;
  const plain = { ...settings, recipe: withoutEarlyStages(recipe) };
  const { earlyStages } = recipe;
  if (earlyStages !== null && settings.from === undefined && earlyEpochsOf(settings) > 0) {
    try {
      const { projectFrom, learningRateFactor } = earlyStages;
      const base = learningRateFactor * recipe.optimizer.learningRate.base;
      const early = adjustRecipe(recipe, { optimizer: { learningRate: { base } } });
      return [new SimCLR({ ...trainerOptions({ ...settings, recipe: early }), projectFrom }), settings];
    } catch (error) {
      if (!isInputError(error)) throw error;
      context.warn(`The whole encoder is trained from the first step on. ${error.message}`);
    }
  }
  return [new SimCLR(trainerOptions(plain)), plain];
}

/** Leaves the layers as they are from now on, up to the last stage that was trained. */
function holdLayers({ layers }: LayersModel, stages: readonly ReadoutStage[]): void {
  const last = Math.max(...stages.map(({ layer }) => layers.findIndex(({ name }) => name === layer)));
  for (const layer of layers.slice(0, last + 1)) layer.trainable = false;
}

/** What ends a part of a run: epochs, and the clock where minutes are given. */
type Limits = Pick<FitOptions, 'epochs' | 'minutes'>;

/** What ends this call: the epochs of the whole run, and minutes from now on. */
export interface RunLimits {
  epochs: number;
  minutes: number | undefined;
}

/** What ends the part of the run that a trainer is in, with these minutes from now on. */
function limits({ progress }: SimCLR, epochs: number, minutes: number | undefined): Limits {
  // --minutes are those of this call, and fit's those of the run.
  return { epochs, ...(minutes !== undefined && { minutes: minutes + progress.seconds / 60 }) };
}

/** Steps and epochs of a trainer; a partial epoch counts. */
function countsOf({ progress: { step, epoch, batch } }: SimCLR): CountsBefore {
  return { step, epoch: epoch + (batch > 0 ? 1 : 0) };
}

/** A history whose steps and epochs follow those before. */
function numberedFrom(before: CountsBefore, { steps, epochs, ...ended }: History): History {
  const epochOf = (epoch: number) => before.epoch + epoch;
  return {
    ...ended,
    steps: steps.map((each) => ({ ...each, step: before.step + each.step, epoch: epochOf(each.epoch) })),
    epochs: epochs.map((each) => ({ ...each, epoch: epochOf(each.epoch) })),
  };
}

/** What {@link trainInParts} needs. */
export interface PartsOfRun {
  settings: TrainingSettings;
  pictures: TrainingPictures;
  out: string;
  context: Context;
  /** Trains a trainer until the limits, which are a share of the run. Its steps and epochs follow those before. */
  train(trainer: SimCLR, limits: Limits, before: CountsBefore, share: number): Promise<History>;
  limits: RunLimits;
}

/**
 * Trains: the early stages and then the whole encoder, or, where the trainer projects from h, the whole encoder alone.
 *
 * @returns The trainer that trained last, the history of this call, whose steps and epochs are those of the run, how many
 *   of its steps trained the early stages, and the steps of the run so far. The early stages' trainer owns the encoder:
 *   keep it as long.
 */
export async function trainInParts(
  trainer: SimCLR,
  { settings, pictures, out, context, train, limits: { epochs, minutes } }: PartsOfRun,
): Promise<{ trainer: SimCLR; history: History; earlySteps: number; step: number }> {
  const { recipe, seed } = settings;
  if (trainer.projectFrom === null) {
    const before = settings.early ?? { step: 0, epoch: 0 };
    const share = settings.early ? 1 - recipe.earlyStages!.share : 1;
    const trained = await train(trainer, limits(trainer, epochs - before.epoch, minutes), before, share);
    const step = before.step + trainer.progress.step;
    return { trainer, history: numberedFrom(before, trained), earlySteps: 0, step };
  }
  const share = recipe.earlyStages!.share;
  const layers = trainer.projectFrom.map(({ layer }) => layer).join(', ');
  const later = recipe.earlyStages!.hold ? 'the layers behind it' : 'the whole encoder';
  context.note(`Training the encoder as far as ${layers}, and ${later} afterwards.`);
  const first = await train(
    trainer,
    limits(trainer, earlyEpochsOf(settings), minutes === undefined ? undefined : share * minutes),
    { step: 0, epoch: 0 },
    share,
  );
  const early = countsOf(trainer);
  // The clock stops this part, too: only an interrupted run ends here.
  const earlySteps = first.steps.length;
  if (first.outcome === 'aborted') return { trainer, history: first, earlySteps, step: early.step };

  if (earlySteps > 0) {
    context.note(`Trained ${layers} for ${counted(early.step, 'step')}. Now ${later}.`);
  }
  // The blocks behind the early stages begin with what these have learned to see.
  const { encoder, normalization } = trainer;
  if (recipe.initialization !== null) {
    await initializeFromImages({ encoder, normalization }, pictures.resized ?? pictures.dataset, {
      ...recipe.initialization,
      filters: 'kept',
      scale: false,
      seed: seed + 1,
    });
  }
  if (recipe.earlyStages!.hold) holdLayers(encoder, trainer.projectFrom);
  const whole = new SimCLR({ ...trainerOptions(settings), encoder });
  try {
    const run = runDirectory(out);
    await run.begin(settingsText({ ...settings, early }), (target) => whole.save(target), {
      keepLosses: true,
    });
    const rest = minutes === undefined ? undefined : (1 - share) * minutes;
    const limitsOfRest = limits(whole, epochs - early.epoch, rest);
    const second = numberedFrom(early, await train(whole, limitsOfRest, early, 1 - share));
    const history = {
      ...second,
      steps: [...first.steps, ...second.steps],
      epochs: [...first.epochs, ...second.epochs],
    };
    return { trainer: whole, history, earlySteps, step: early.step + whole.progress.step };
  } catch (error) {
    whole.dispose();
    throw error;
  }
}
