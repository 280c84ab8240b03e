import { receivedMessage } from '../errors/checks.js';
import { InvalidOptionError } from '../errors/errors.js';

/** Whether an option applies to the variable of this name. */
export type VariablePredicate = (variableName: string) => boolean;

/**
 * Which variables an option applies to: none, those of {@link isBiasOrNormalization}, or those that a predicate picks.
 * An optimizer's config can hold the two names, but not a predicate.
 */
export type VariableSelection = 'none' | 'biasAndNormalization' | VariablePredicate;

/**
 * Whether a variable is a bias or the scale or offset of a normalization, by the names that tfjs-layers and this
 * library give: `bias`, `gamma` or `beta` as the last part, with or without the `_1` that makes names unique.
 *
 * @param variableName - Name of a tfjs variable.
 * @returns True for a bias, gamma or beta.
 * @example
 * isBiasOrNormalization('batch_normalization_BatchNormalization1/gamma_2'); // true
 * isBiasOrNormalization('conv2d_Conv2D1/kernel'); // false
 * @see google-research/simclr, `model.py`: its LARS excludes `batch_normalization` and `bias`.
 */
export function isBiasOrNormalization(variableName: string): boolean {
  return /(^|[^a-z0-9])(bias|gamma|beta)(_\d+)?$/i.test(variableName);
}

/** @throws {@link InvalidOptionError} unless `selection` is a {@link VariableSelection}. */
export function checkSelection(caller: string, argument: string, selection: VariableSelection): void {
  if (selection === 'none' || selection === 'biasAndNormalization' || typeof selection === 'function') return;
  throw new InvalidOptionError(
    receivedMessage(
      caller,
      `${argument} must be "none", "biasAndNormalization" or a function of the variable's name`,
      argument,
      selection,
    ),
  );
}

/** Whether `selection` includes the variable. */
export function selects(selection: VariableSelection, variableName: string): boolean {
  if (typeof selection === 'function') return selection(variableName);
  return selection === 'biasAndNormalization' && isBiasOrNormalization(variableName);
}
