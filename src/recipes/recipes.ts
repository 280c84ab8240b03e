import { basicRecipe } from './known/basic.js';
import { googleCIFAR10 } from './known/google-cifar10.js';
import { lightlyCIFAR10, lightlyImagenette } from './known/lightly.js';
import { minutesRecipe } from './known/minutes.js';
import { paperImageNet } from './known/paper-imagenet.js';
import { soloCIFAR10 } from './known/solo-cifar10.js';
import { spijkervetSTL10, sthallesSTL10 } from './known/stl10.js';
import type { Recipe } from './recipe.js';

/** Names of the recipes. */
export type RecipeName =
  | 'basic'
  | 'minutes'
  | 'paper-imagenet'
  | 'google-cifar10'
  | 'lightly-cifar10'
  | 'lightly-imagenette'
  | 'solo-cifar10'
  | 'spijkervet-stl10'
  | 'sthalles-stl10';

/**
 * All recipes by name. To bundle only one, import it by its own name.
 *
 * @example
 * Object.keys(recipes); // ['basic', 'minutes', 'paper-imagenet', ...]
 */
export const recipes: Readonly<Record<RecipeName, Recipe>> = {
  basic: basicRecipe,
  minutes: minutesRecipe,
  'paper-imagenet': paperImageNet,
  'google-cifar10': googleCIFAR10,
  'lightly-cifar10': lightlyCIFAR10,
  'lightly-imagenette': lightlyImagenette,
  'solo-cifar10': soloCIFAR10,
  'spijkervet-stl10': spijkervetSTL10,
  'sthalles-stl10': sthallesSTL10,
};
