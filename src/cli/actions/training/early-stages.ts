import { type FitOptions, type History, SimCLR } from 'simclr-ts';
import { initializeFromImages } from 'simclr-ts/features';
import { runDirectory } from 'simclr-ts/node';
import type { Recipe } from 'simclr-ts/recipes';
import { isInputError } from '../../../errors/is-error.js';
import type { Context } from '../../context.js';
import { counted } from '../table.js';
import type { TrainingPictures } from './pictures/training-pictures.js';
import { settingsText, type TrainingSettings } from './saved-settings.js';

/** A recipe that trains the whole encoder from the first step on. */
function withoutEarlyStages(recipe: Recipe): Recipe {
  const { initialization } = recipe;
  return {
    ...recipe,
    earlyStages: null,
    initialization: initialization && { ...initialization, blocksAfter: null },
  };
}

/** Epochs of the early stages, of all epochs; none in a run of one. A run that has trained them keeps to that number. */
export function earlyEpochsOf({ recipe: { earlyStages, training }, earlyEpochs }: TrainingSettings): number {
  if (earlyEpochs !== undefined || earlyStages === null) return earlyEpochs ?? 0;
  return Math.min(training.epochs - 1, Math.max(1, Math.round(earlyStages.share * training.epochs)));
}

/**
 * Makes the trainer of a new run. It trains early stages first, where the recipe does and the run is long enough.
 *
 * @returns The trainer, and the settings that it has: without early stages, if the encoder does not have them.
 */
export function newTrainer(settings: TrainingSettings, context: Context): [SimCLR, TrainingSettings] {
  const { recipe, seed } = settings;
  const plain = { ...settings, recipe: withoutEarlyStages(recipe) };
  const { earlyStages } = recipe;
  if (earlyStages !== null && settings.from === undefined && earlyEpochsOf(settings) > 0) {
    try {
      return [new SimCLR({ ...recipe, projectFrom: earlyStages.projectFrom, seed }), settings];
    } catch (error) {
      if (!isInputError(error)) throw error;
      context.warn(`The whole encoder is trained from the first step on. ${error.message}`);
    }
  }
  return [new SimCLR({ ...plain.recipe, seed }), plain];
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

/** What {@link trainInParts} needs. */
export interface PartsOfRun {
  settings: TrainingSettings;
  pictures: TrainingPictures;
  out: string;
  context: Context;
  /** Trains a trainer until the limits. */
  train(trainer: SimCLR, limits: Limits): Promise<History>;
  limits: RunLimits;
}

/**
 * Trains: the early stages and then the whole encoder, or, where the trainer projects from h, the whole encoder alone.
 *
 * @returns The trainer that trained last, and what it did. The early stages' trainer owns the encoder: keep it as long.
 */
export async function trainInParts(
  trainer: SimCLR,
  { settings, pictures, out, context, train, limits: { epochs, minutes } }: PartsOfRun,
): Promise<{ trainer: SimCLR; history: History }> {
  const { recipe, seed } = settings;
  const early = earlyEpochsOf(settings);
  if (trainer.projectFrom === null) {
    return { trainer, history: await train(trainer, limits(trainer, epochs - early, minutes)) };
  }
  const share = recipe.earlyStages!.share;
  const layers = trainer.projectFrom.map(({ layer }) => layer).join(', ');
  context.note(`Training the encoder as far as ${layers}, and all of it afterwards.`);
  const before = trainer.progress.step;
  const first = await train(
    trainer,
    limits(trainer, early, minutes === undefined ? undefined : share * minutes),
  );
  // The clock stops this part, too: only an interrupted run ends here.
  if (first.outcome === 'aborted') return { trainer, history: first };

  const { step } = trainer.progress;
  if (step > before) {
    context.note(`Trained ${layers} for ${counted(step, 'step')}. Now the whole encoder.`);
  }
  // The blocks behind the early stages begin with what these have learned to see.
  const { encoder, normalization } = trainer;
  if (recipe.initialization !== null) {
    await initializeFromImages({ encoder, normalization }, pictures.dataset, {
      ...recipe.initialization,
      filters: 'kept',
      scale: false,
      seed: seed + 1,
    });
  }
  const whole = new SimCLR({ ...recipe, encoder, seed });
  try {
    await runDirectory(out).begin(settingsText({ ...settings, earlyEpochs: early }), (target) =>
      whole.save(target),
    );
    const rest = minutes === undefined ? undefined : (1 - share) * minutes;
    return { trainer: whole, history: await train(whole, limits(whole, epochs - early, rest)) };
  } catch (error) {
    whole.dispose();
    throw error;
  }
}
