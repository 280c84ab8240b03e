import type { Recipe } from './recipe.js';

/** What a recipe's leaves hold. */
export type RecipeValue = string | number | boolean | null | readonly (string | number)[];

const text = new Set(['name', 'title', 'sources', 'deviations', 'reported']);

/**
 * The values of a recipe by their paths, in its order: `optimizer.momentum` and so on. Lists are one value; names,
 * sources and other words about the recipe are none.
 */
export function recipeValues(recipe: Recipe): Map<string, RecipeValue> {
  const values = new Map<string, RecipeValue>();
  const walk = (value: unknown, path: string) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      if (value !== undefined) values.set(path, value as RecipeValue);
      return;
    }
    for (const [key, below] of Object.entries(value)) walk(below, `${path}.${key}`);
  };
  for (const [key, value] of Object.entries(recipe)) if (!text.has(key)) walk(value, key);
  return values;
}

/**
 * Where a value of a recipe comes from: what is said of its path, or else of the nearest path above it.
 *
 * @param recipe - The recipe.
 * @param path - Such as `'optimizer.learningRate.base'`.
 * @returns The source, or `undefined` where nothing is said.
 * @example
 * sourceOf(lightlyCIFAR10, 'temperature');
 */
export function sourceOf(recipe: Pick<Recipe, 'sources'>, path: string): string | undefined {
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
    if (Object.hasOwn(recipe.sources, at)) return recipe.sources[at];
  }
  return undefined;
}
