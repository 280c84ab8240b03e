import type { SimCLR } from 'simclr-ts';
import { initializeFromImages } from 'simclr-ts/features';
import { isError } from '../../../errors/is-error.js';
import type { Context } from '../../context.js';
import type { TrainingPictures } from './pictures/training-pictures.js';
import type { TrainingSettings } from './saved-settings.js';

const cannotBeginSo = ['InvalidOptionError', 'ShapeError', 'ValueRangeError'] as const;

/** Begins a new encoder from the pictures where the recipe does. It keeps its random weights where they do not allow that. */
export async function initialize(
  simclr: SimCLR,
  { recipe, seed }: TrainingSettings,
  { dataset }: TrainingPictures,
  context: Context,
): Promise<void> {
  if (recipe.initialization === null) return;
  try {
    const { layer, filters } = await initializeFromImages(simclr, dataset, {
      ...recipe.initialization,
      seed,
    });
    context.note(`${filters} filters of ${layer} come from the pictures.`);
  } catch (error) {
    if (!cannotBeginSo.some((name) => isError(error, name))) throw error;
    context.warn(`The encoder begins with random weights. ${(error as Error).message}`);
  }
}
