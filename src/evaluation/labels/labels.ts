import { checkInteger, checkLabelValues } from '../../errors/checks.js';
import { ShapeError, ValueRangeError } from '../../errors/errors.js';

/** Class numbers, one per row or picture: integers from 0, in an array or a typed array. */
export type Labels = ArrayLike<number>;

/**
 * Checks class numbers.
 *
 * @param rows - How many there must be. Left out, any number from 1.
 * @param classes - The number of classes. Left out, the largest label + 1.
 * @returns The number of classes.
 * @throws {@link ShapeError} when `labels` is not an array or has another length than `rows`.
 * @throws {@link ValueRangeError} when a label is not an integer from 0 to `classes - 1`.
 */
export function checkLabels(
  caller: string,
  argument: string,
  labels: Labels,
  rows?: number,
  classes?: number,
): number {
  if (classes !== undefined) checkInteger(caller, 'classes', classes, 2);
  checkLabelValues(caller, argument, labels, 0, classes === undefined ? undefined : classes - 1);
  if (rows !== undefined && labels.length !== rows) {
    throw new ShapeError(
      `${caller}: ${argument} must hold one class number per row. Received: ${labels.length} labels for ${rows} rows.`,
    );
  }
  if (labels.length === 0) {
    throw new ShapeError(`${caller}: ${argument} must not be empty. Received: ${argument}=[].`);
  }
  if (classes !== undefined) return classes;
  let largest = 0;
  for (let row = 0; row < labels.length; row++) largest = Math.max(largest, labels[row]!);
  return largest + 1;
}

/**
 * Checks the class numbers that a classifier is fitted to: there must be at least two classes.
 *
 * @returns The number of classes.
 * @throws {@link ValueRangeError} when all labels are the same; and what {@link checkLabels} throws.
 */
export function checkTrainingLabels(
  caller: string,
  labels: Labels,
  rows: number | undefined,
  classes: number | undefined,
): number {
  const count = checkLabels(caller, 'labels', labels, rows, classes);
  const first = labels[0]!;
  for (let row = 1; row < labels.length; row++) if (labels[row] !== first) return count;
  throw new ValueRangeError(
    `${caller}: labels must hold at least two classes. Received: class ${first} in every row.`,
  );
}
