import type { Recipe } from './recipe.js';
import { type RecipeValue, recipeValues, sourceOf } from './recipe-values.js';

/** A value in which two recipes differ; `undefined` if a recipe lacks it. */
export interface RecipeDifference {
  /** Such as `'optimizer.momentum'`. */
  path: string;
  /** Value of the first recipe. */
  value: RecipeValue | undefined;
  /** Value of the other recipe. */
  other: RecipeValue | undefined;
}

/**
 * The values in which two recipes differ, in the order of the first. Values that only the other has come last.
 *
 * @example
 * recipeDifferences(lightlyCIFAR10, soloCIFAR10)[0]; // { path: 'projectionHead.hidden', value: [512], other: [2048] }
 */
export function recipeDifferences(recipe: Recipe, other: Recipe): RecipeDifference[] {
  const [own, others] = [recipeValues(recipe), recipeValues(other)];
  return [...new Set([...own.keys(), ...others.keys()])]
    .map((path) => ({ path, value: own.get(path), other: others.get(path) }))
    .filter((difference) => JSON.stringify(difference.value) !== JSON.stringify(difference.other));
}

/**
 * Describes a recipe in readable lines: every value with its source or, given another recipe, the differences.
 *
 * @param recipe - The recipe to describe.
 * @param other - A recipe to compare it with.
 * @returns Lines, joined by line breaks.
 * @example
 * console.log(describeRecipe(lightlyCIFAR10, googleCIFAR10));
 */
export function describeRecipe(recipe: Recipe, other?: Recipe): string {
  return (other ? comparison(recipe, other) : listing(recipe)).join('\n');
}

function comparison(recipe: Recipe, other: Recipe): string[] {
  const differences = recipeDifferences(recipe, other);
  if (differences.length === 0) return [`${recipe.name} has the same values as ${other.name}.`];
  const rows = differences.map(({ path, value, other: theirs }) => [path, show(value), show(theirs)]);
  return table([['', recipe.name, other.name], ...rows]);
}

function listing(recipe: Recipe): string[] {
  const rows = [...recipeValues(recipe)].map(([path, value]) => [
    path,
    show(value),
    sourceOf(recipe, path) ?? 'no source given',
  ]);
  return [
    `${recipe.name}: ${recipe.title}`,
    '',
    ...table(rows),
    ...section('Differs from the original:', recipe.deviations),
    ...section(
      'Reported:',
      recipe.reported.map(({ measure, accuracy, source }) => `${measure}: ${accuracy} (${source})`),
    ),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `- ${line}`)];
}

function table(rows: string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}

function show(value: RecipeValue | undefined): string {
  if (value === undefined) return '-';
  if (typeof value === 'number') return shortNumber(value);
  if (Array.isArray(value)) return `[${value.map((item) => show(item)).join(', ')}]`;
  return String(value);
}

/** Rounds numbers such as two thirds. */
function shortNumber(value: number): string {
  return String(Number(value.toPrecision(7)));
}
