export { adjustRecipe, type RecipeChanges } from './adjust-recipe.js';
export { describeRecipe, type RecipeDifference, recipeDifferences } from './describe-recipe.js';
export { basicRecipe } from './known/basic.js';
export { googleCIFAR10 } from './known/google-cifar10.js';
export { lightlyCIFAR10, lightlyImagenette } from './known/lightly.js';
export { minutesRecipe } from './known/minutes.js';
export { paperImageNet } from './known/paper-imagenet.js';
export { soloCIFAR10 } from './known/solo-cifar10.js';
export { spijkervetSTL10, sthallesSTL10 } from './known/stl10.js';
export type {
  Recipe,
  RecipeAugmentation,
  RecipeEarlyStages,
  RecipeEncoder,
  RecipeInitialization,
  RecipeLearningRate,
  RecipeMobileNetV2,
  RecipeOptimizer,
  RecipePictures,
  RecipeProjectionHead,
  RecipeResNet,
  ReportedAccuracy,
  WithEveryChoice,
  WithoutRate,
} from './recipe.js';
export { type RecipeValue, sourceOf } from './recipe-values.js';
export { type RecipeName, recipes } from './recipes.js';
export { upgradeRecipe } from './upgrade-recipe.js';
