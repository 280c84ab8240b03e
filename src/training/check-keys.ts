import { describeValue } from '../errors/checks.js';
import { InvalidOptionError } from '../errors/errors.js';

/**
 * Refuses fields that nothing would read: in data from a file a misspelt one would be left out without a word.
 *
 * @throws {@link InvalidOptionError} unless `value` is an object with no other fields than `known`.
 */
export function checkKeys(
  caller: string,
  argument: string,
  value: unknown,
  known: Readonly<Record<string, unknown>>,
): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidOptionError(
      `${caller}: ${argument} must be an object. Received: ${argument}=${describeValue(value)}.`,
    );
  }
  const unknown = Object.keys(value).find((key) => !Object.hasOwn(known, key));
  if (unknown === undefined) return;
  throw new InvalidOptionError(
    `${caller}: ${argument} must have no other fields than ${Object.keys(known).join(', ')}. Received: ${argument}.${unknown}.`,
  );
}
