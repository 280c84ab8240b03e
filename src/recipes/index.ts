export { adjustRecipe, type RecipeChanges } from './adjust-recipe.js';
export { describeRecipe, type RecipeDifference, recipeDifferences } from './describe-recipe.js';
export { googleCIFAR10 } from './google-cifar10.js';
export { lightlyCIFAR10, lightlyImagenette } from './lightly.js';
export { paperImageNet } from './paper-imagenet.js';
export type {
  Recipe,
  RecipeAugmentation,
  RecipeEncoder,
  RecipeLearningRate,
  RecipeOptimizer,
  RecipeProjectionHead,
  ReportedAccuracy,
  WithoutRate,
} from './recipe.js';
export { type RecipeValue, sourceOf } from './recipe-values.js';
export { type RecipeName, recipes } from './recipes.js';
export { seedRecipe } from './seed.js';
export { soloCIFAR10 } from './solo-cifar10.js';
export { spijkervetSTL10, sthallesSTL10 } from './stl10.js';
