import { describeValue } from './checks.js';
import { InvalidOptionError } from './errors.js';

type KeyOf<T> = T extends unknown ? keyof T : never;

/** Every key of `T`, and no other: the compiler rejects a table with a missing or an extra key. */
export type KnownKeys<T> = Readonly<Record<unknown extends T ? string : KeyOf<T>, unknown>>;

/**
 * Refuses unknown keys, because a misspelled option would otherwise be ignored silently.
 *
 * @param known - An object whose keys are those of `T`.
 * @param argument - The name of the object in the message.
 * @throws {@link InvalidOptionError} unless `value` is an object with no other keys than those of `known`.
 */
export function checkKeys<T>(
  caller: string,
  value: T,
  known: KnownKeys<NoInfer<T>>,
  argument = 'options',
): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidOptionError(
      `${caller}: ${argument} must be an object. Received: ${argument}=${describeValue(value)}.`,
    );
  }
  const unknown = Object.keys(value).find((key) => !Object.hasOwn(known, key));
  if (unknown === undefined) return;
  const names = Object.keys(known);
  const near = nearestName(unknown, names);
  throw new InvalidOptionError(
    `${caller}: ${argument} must have no other fields than ${names.join(', ')}${near === undefined ? '.' : `; did you mean ${near}?`} Received: ${argument}.${unknown}.`,
  );
}

/** The name that was probably meant: it differs by case or a few letters, or one contains the other. */
export function nearestName(given: string, names: readonly string[]): string | undefined {
  const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');
  const from = plain(given);
  let nearest: string | undefined;
  let least = 0.41;
  for (const name of names) {
    const to = plain(name);
    const within = Math.min(from.length, to.length) > 2 && (from.includes(to) || to.includes(from));
    // A part of a name is nearer than equally many wrong letters, and the longer the nearer.
    const distance = ((within ? 0.3 : 1) * lettersApart(from, to)) / Math.max(from.length, to.length);
    if (distance < least) [nearest, least] = [name, distance];
  }
  return nearest;
}

/** Letters between a common beginning and end: few after one typo, many if names have little in common. */
function lettersApart(a: string, b: string): number {
  const [shorter, longer] = [Math.min(a.length, b.length), Math.max(a.length, b.length)];
  let start = 0;
  while (start < shorter && a[start] === b[start]) start++;
  let end = 0;
  while (end < shorter - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  return longer - start - end;
}
