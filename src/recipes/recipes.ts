import { googleCIFAR10 } from './google-cifar10.js';
import { lightlyCIFAR10, lightlyImagenette } from './lightly.js';
import { paperImageNet } from './paper-imagenet.js';
import type { Recipe } from './recipe.js';
import { seedRecipe } from './seed.js';
import { soloCIFAR10 } from './solo-cifar10.js';
import { spijkervetSTL10, sthallesSTL10 } from './stl10.js';

/** Names of the recipes. */
export type RecipeName =
  | 'seed'
  | 'paper-imagenet'
  | 'google-cifar10'
  | 'lightly-cifar10'
  | 'lightly-imagenette'
  | 'solo-cifar10'
  | 'spijkervet-stl10'
  | 'sthalles-stl10';

/**
 * All recipes by name. Whoever imports one of them by its own name gets that one alone.
 *
 * @example
 * Object.keys(recipes); // ['seed', 'paper-imagenet', 'google-cifar10', ...]
 */
export const recipes: Readonly<Record<RecipeName, Recipe>> = {
  seed: seedRecipe,
  'paper-imagenet': paperImageNet,
  'google-cifar10': googleCIFAR10,
  'lightly-cifar10': lightlyCIFAR10,
  'lightly-imagenette': lightlyImagenette,
  'solo-cifar10': soloCIFAR10,
  'spijkervet-stl10': spijkervetSTL10,
  'sthalles-stl10': sthallesSTL10,
};
