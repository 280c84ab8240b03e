import type { Recipe } from '../../recipes/recipe.js';
import { type RecipeValue, recipeValues } from '../../recipes/recipe-values.js';
import { escapeHtml, plural } from './html.js';

/** Settings by path. Those of a recipe come first, under their own paths. */
export function settingValues(settings: Readonly<Record<string, unknown>> | null): Map<string, RecipeValue> {
  const { recipe, damaged: _, ...others } = settings ?? {};
  const valuesOf = (value: unknown) => recipeValues((value ?? {}) as Recipe);
  return new Map([...valuesOf(recipe), ...valuesOf(others)]);
}

/** All settings of a run, closed until someone wants to know. */
export function settingsSection(settings: Readonly<Record<string, unknown>>): string {
  const values = [...settingValues(settings)];
  if (values.length === 0) return '';
  const text = (value: RecipeValue) => escapeHtml(typeof value === 'string' ? value : JSON.stringify(value));
  const rows = values.map(
    ([path, value]) => `<tr><th scope="row">${escapeHtml(path)}</th><td>${text(value)}</td></tr>`,
  );
  return `<section><h2>Settings</h2>
<details><summary>${plural(values.length, 'setting')} of the run</summary><div class="scroll"><table class="settings"><tbody>${rows.join('')}</tbody></table></div></details></section>`;
}
