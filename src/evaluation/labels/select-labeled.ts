import { checkKeys } from '../../errors/check-keys.js';
import { checkFraction, checkInteger, describeValue } from '../../errors/checks.js';
import { InvalidOptionError, ValueRangeError } from '../../errors/errors.js';
import { checkLabels, type Labels } from './labels.js';
import { drawStratified } from './stratified-selection.js';

/** How many rows {@link selectLabeled} takes per class: a number or a share. */
export type LabeledSelection =
  | {
      /** Rows per class, an integer >= 1. */
      perClass: number;
      /** Not together with `perClass`. */
      share?: never;
    }
  | {
      /** Share of each class's rows, above 0 and at most 1. Rounded to at least one row; 0.01 and 0.1 are usual. */
      share: number;
      /** Not together with `share`. */
      perClass?: never;
    };

/**
 * Chooses the few rows that keep their labels: the same number or the same share of every class.
 *
 * The choice depends on labels and seed only. With the same seed a larger selection contains every smaller one, so that a
 * curve of accuracy over labels does not jump because of other pictures.
 *
 * @param labels - One class number per row.
 * @param selection - `{ perClass: 10 }` or `{ share: 0.01 }`.
 * @param seed - Integer >= 0. Default 0.
 * @returns Row numbers in ascending order, for `selectImages` or for rows of embeddings.
 * @throws {@link ShapeError} when `labels` is empty or not an array.
 * @throws {@link InvalidOptionError} when the selection is outside its domain or `seed` is not an integer >= 0.
 * @throws {@link ValueRangeError} when a class has fewer rows than `perClass`, or a label is not an integer >= 0.
 * @example
 * selectLabeled(Uint8Array.of(0, 0, 0, 1, 1, 1), { perClass: 1 }, 1).length; // 2: one row of each class
 * @see Chen et al. 2020, arXiv:2002.05709, section 6 (1 % and 10 % of the labels, class-balanced).
 */
export function selectLabeled(labels: Labels, selection: LabeledSelection, seed = 0): Uint32Array {
  const caller = 'selectLabeled';
  checkLabels(caller, 'labels', labels, undefined, undefined);
  checkInteger(caller, 'seed', seed, 0);
  checkKeys(caller, selection, { perClass: 1, share: 1 }, 'selection');
  const { perClass, share } = selection;
  if ((perClass === undefined) === (share === undefined)) {
    throw new InvalidOptionError(
      `${caller}: selection must have one of perClass and share. Received: perClass=${describeValue(perClass)}, share=${describeValue(share)}.`,
    );
  }
  if (perClass !== undefined) {
    checkInteger(caller, 'perClass', perClass);
    return drawStratified(labels, seed, (members, label) => {
      if (members >= perClass) return perClass;
      throw new ValueRangeError(
        `${caller}: labels must have at least perClass=${perClass} rows of each class. Received: ${members} of class ${label}.`,
      );
    });
  }
  checkFraction(caller, 'share', share!);
  return drawStratified(labels, seed, (members) => Math.max(1, Math.round(share! * members)));
}
