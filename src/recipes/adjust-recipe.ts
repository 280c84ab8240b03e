import { checkKeys } from '../errors/check-keys.js';
import { InvalidOptionError } from '../errors/errors.js';
import type { Recipe, RecipeEncoder } from './recipe.js';

/** Changes to a recipe: values that are left out stay. Lists are replaced as a whole. */
export type RecipeChanges<T = Recipe> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [Key in keyof T]?: RecipeChanges<T[Key]> }
    : T;

/** Parts that take different options under another `name`. Some encoders have options in common: see below. */
const alternatives = new Set(['optimizer', 'optimizer.learningRate.schedule']);

const changed = 'changed by adjustRecipe';

/** Options that only one family of encoders has. */
const ownPaths = {
  ResNet: ['encoder.width', 'encoder.zeroInitResidual', 'encoder.projectionShortcut'],
  MobileNetV2: ['encoder.widthMultiplier'],
};

/**
 * Returns a copy of a recipe with some values changed. Neither argument is altered.
 *
 * An optimizer or schedule of another kind takes the old one's place as a whole. An encoder of another family keeps what
 * both have, such as `inputShape`, and begins with the defaults of the rest. The changed values' sources say that they
 * were changed.
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
  const base = { ...recipe, encoder: withFamilyOf(changes.encoder?.name, recipe.encoder, sources) };
  const merged = merge(base, changes, '', sources) as Recipe;
  return { ...merged, sources: changes.sources === undefined ? sources : merged.sources };
}

/** The encoder that the changes begin with: of the family that is asked for. */
function withFamilyOf(
  name: RecipeEncoder['name'] | undefined,
  encoder: RecipeEncoder,
  sources: Record<string, string>,
): RecipeEncoder {
  const isMobileNet = name === 'mobileNetV2';
  if (name === undefined || isMobileNet === (encoder.name === 'mobileNetV2')) return encoder;
  const { inputShape, stem, initializer, batchNormalization } = encoder;
  const common = { inputShape, initializer, batchNormalization };
  const [before, after] = isMobileNet
    ? [ownPaths.ResNet, ownPaths.MobileNetV2]
    : [ownPaths.MobileNetV2, ownPaths.ResNet];
  for (const path of before) delete sources[path];
  for (const path of after) sources[path] = changed;
  if (isMobileNet) {
    return { ...common, name, stem: typeof stem === 'string' ? stem : 'imagenet', widthMultiplier: 1 };
  }
  return { ...common, name, stem, width: 64, zeroInitResidual: false, projectionShortcut: 'whenNeeded' };
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
  sources[path] = changed;
  return change;
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
