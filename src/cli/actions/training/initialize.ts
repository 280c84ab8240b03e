import type { SimCLR } from 'simclr-ts';
import { initializeFromImages } from 'simclr-ts/features';
import { isInputError } from '../../../errors/is-error.js';
import type { Context } from '../../context.js';
import type { TrainingPictures } from './pictures/training-pictures.js';
import type { TrainingSettings } from './saved-settings.js';

/** Begins a new encoder from the pictures where the recipe does. It keeps its random weights where they do not allow that. */
export async function initialize(
  simclr: SimCLR,
  { recipe, seed }: TrainingSettings,
  { dataset, resized = dataset }: Pick<TrainingPictures, 'dataset' | 'resized'>,
  context: Context,
): Promise<void> {
  if (recipe.initialization === null) return;
  try {
    const { layer, filters } = await initializeFromImages(simclr, resized, {
      ...recipe.initialization,
      seed,
    });
    context.note(`${filters} filters of ${layer} come from the pictures.`);
  } catch (error) {
    if (!isInputError(error)) throw error;
    context.warn(`The encoder begins with random weights. ${error.message}`);
  }
}
