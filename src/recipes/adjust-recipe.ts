import { checkKeys } from '../errors/check-keys.js';
import { InvalidOptionError } from '../errors/errors.js';
import type { Recipe } from './recipe.js';

/** Changes to a recipe: values that are left out stay. Lists are replaced as a whole. */
export type RecipeChanges<T = Recipe> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [Key in keyof T]?: RecipeChanges<T[Key]> }
    : T;

/** Parts whose options depend on their `name`; an encoder's are the same under every name. */
const alternatives = new Set(['optimizer', 'optimizer.learningRate.schedule']);

/**
 * Returns a copy of a recipe with some values changed. Neither argument is altered.
 *
 * An optimizer or schedule of another kind replaces the old one as a whole. The sources of changed values say that
 * they were changed.
 *
 * @param recipe - The recipe to start from.
 * @param changes - The values to change.
 * @returns A new recipe.
 * @throws `InvalidOptionError` when a part of the recipe, such as `encoder`, is changed to something that is not an
 * object, or a field of the recipe itself is unknown. Other values are checked by `new SimCLR`.
 * @example
 * const mine = adjustRecipe(lightlyCIFAR10, { training: { epochs: 20, datasetSize: 10_000 } });
 */
export function adjustRecipe(recipe: Recipe, changes: RecipeChanges): Recipe {
  const sources: Record<string, string> = { ...recipe.sources };
  checkKeys<RecipeChanges>('adjustRecipe', changes, recipe, 'changes');
  const merged = merge(recipe, changes, '', sources) as Recipe;
  return { ...merged, sources: changes.sources === undefined ? sources : merged.sources };
}

function merge(old: unknown, change: unknown, path: string, sources: Record<string, string>): unknown {
  if (change === undefined) return old;
  if (
    isGroup(old) &&
    isGroup(change) &&
    !(alternatives.has(path) && 'name' in change && change.name !== old.name)
  ) {
    const result: Record<string, unknown> = { ...old };
    for (const [key, value] of Object.entries(change)) {
      result[key] = merge(old[key], value, path === '' ? key : `${path}.${key}`, sources);
    }
    return result;
  }
  const isWhole = path.includes('.') || !isGroup(old) || old === null || isGroup(change);
  if (!isWhole) {
    throw new InvalidOptionError(
      `adjustRecipe: ${path} must be an object. Received: ${path}=${String(change)}.`,
    );
  }
  for (const known of Object.keys(sources)) if (known.startsWith(`${path}.`)) delete sources[known];
  sources[path] = 'changed by adjustRecipe';
  return change;
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
