import type { Recipe } from './recipe.js';

/** A single value of a recipe. */
export type RecipeValue = string | number | boolean | null | readonly (string | number)[];

const text = new Set(['name', 'title', 'sources', 'deviations', 'reported']);

/**
 * The values of a recipe by their paths, in order: `optimizer.momentum` and so on. A list is one value; names,
 * sources, and other text about the recipe are left out.
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
 * The source of a value of a recipe: that of its path, or else of the nearest path above it.
 *
 * @param recipe - The recipe.
 * @param path - Such as `'optimizer.learningRate.base'`.
 * @returns The source, or `undefined` if there is none.
 * @example
 * sourceOf(lightlyCIFAR10, 'temperature');
 */
export function sourceOf(recipe: Pick<Recipe, 'sources'>, path: string): string | undefined {
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
    if (Object.hasOwn(recipe.sources, at)) return recipe.sources[at];
  }
  return undefined;
}
