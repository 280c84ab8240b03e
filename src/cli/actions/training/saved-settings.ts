import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LossName } from 'simclr-ts/losses';
import { adjustRecipe, basicRecipe, type Recipe, recipes, upgradeRecipe } from 'simclr-ts/recipes';
import { nearestName } from '../../../errors/check-keys.js';
import { isObject } from '../../../errors/checks.js';
import type { CountsBefore } from '../../../training/callbacks/counts-before.js';
import { CommandError, exitCodes } from '../../exit-codes.js';
import { writeWhole } from '../write-file.js';

/** Settings of a run, as saved next to its model. */
export interface TrainingSettings {
  recipe: Recipe;
  seed: number;
  limit: number | null;
  microBatchSize: number | null;
  /** The loss, where it is not NT-Xent. */
  loss?: LossName;
  /** Files that turned out to be damaged, of those that `recipe.training.datasetSize` counts. */
  damaged?: number;
  /** Where the weights came from that the run started with. */
  from?: string;
  /** Steps and epochs of the early stages, once they are trained. */
  early?: CountsBefore;
}

const fileName = 'training.json';

/** Contents of `training.json`. */
export function settingsText(settings: TrainingSettings): string {
  return `${JSON.stringify(settings, null, 2)}\n`;
}

/** Saves the settings of a run. */
export async function saveSettings(out: string, settings: TrainingSettings): Promise<void> {
  await writeWhole(join(out, fileName), settingsText(settings));
}

/** The path of every value in `value` and of the objects that hold them. A recipe's sources are left out. */
function pathsOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || path === 'recipe.sources')
    return [];
  return Object.entries(value).flatMap(([name, below]) => {
    const place = path === '' ? name : `${path}.${name}`;
    return [place, ...pathsOf(below, place)];
  });
}

/** Settings that an earlier version may have written. */
function upgraded(settings: TrainingSettings): TrainingSettings {
  const recipe: unknown = settings?.recipe;
  return isObject(recipe) ? { ...settings, recipe: upgradeRecipe(recipe) } : settings;
}

/** @throws unless these are settings that `train` wrote, without unknown names. */
function checkSettings(settings: TrainingSettings): void {
  const { batchSize, epochs, datasetSize } = settings?.recipe?.training ?? {};
  for (const [name, value] of Object.entries({ batchSize, epochs, datasetSize })) {
    if (Number.isSafeInteger(value) && value! >= 1) continue;
    throw new Error(`recipe.training.${name} must be an integer >= 1 (received ${JSON.stringify(value)})`);
  }
  const own = {
    seed: 1,
    limit: 1,
    microBatchSize: 1,
    loss: 1,
    damaged: 1,
    from: 1,
    early: { step: 1, epoch: 1 },
  };
  const mobile = adjustRecipe(basicRecipe, { encoder: { name: 'mobileNetV2' } });
  const known = [mobile, ...Object.values(recipes)].flatMap((recipe) => pathsOf({ recipe, ...own }));
  const unknown = pathsOf(settings).find((path) => !known.includes(path));
  if (unknown === undefined) return;
  const nearest = nearestName(unknown, known);
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  throw new Error(`it has an unknown setting, ${unknown}${hint}`);
}

/**
 * Settings of the run in `out`.
 *
 * @throws {@link CommandError} when there is no run, or its settings have an unknown name.
 */
export async function readSettings(out: string): Promise<TrainingSettings> {
  const path = join(out, fileName);
  try {
    const settings = upgraded(JSON.parse(await readFile(path, 'utf8')));
    checkSettings(settings);
    return settings;
  } catch (error) {
    throw new CommandError(
      `--resume needs ${JSON.stringify(path)}, which holds the settings of the run. ${(error as Error).message}.`,
      exitCodes.model,
      { cause: error },
    );
  }
}
