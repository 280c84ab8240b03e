import { describeValue } from './checks.js';
import { InvalidOptionError } from './errors.js';

type KeyOf<T> = T extends unknown ? keyof T : never;

/** Every key of `T`, and no other: the compiler refuses a table that lacks a key or has one too many. */
export type KnownKeys<T> = Readonly<Record<unknown extends T ? string : KeyOf<T>, unknown>>;

/**
 * Refuses keys that nothing would read: a misspelled option would otherwise be left out without a word.
 *
 * @param known - An object whose keys are those of `T`.
 * @param argument - What the object is called in the message.
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

/** The name that was probably meant: it differs in letter case, by a few letters, or is a part of the other. */
export function nearestName(given: string, names: readonly string[]): string | undefined {
  const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');
  const from = plain(given);
  let nearest: string | undefined;
  let least = 0.4;
  for (const name of names) {
    const to = plain(name);
    const within = Math.min(from.length, to.length) > 2 && (from.includes(to) || to.includes(from));
    const distance = (within ? 1 : editDistance(from, to)) / Math.max(from.length, to.length);
    if (distance < least) [nearest, least] = [name, distance];
  }
  return nearest;
}

/** The letters to insert, delete, replace or swap with the next one (optimal string alignment). */
function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const swapped = i > 0 && j > 0 && from[i] === to[j - 1] && from[i - 1] === to[j];
      next.push(
        Math.min(
          row[j]! + (from[i] === to[j] ? 0 : 1),
          row[j + 1]! + 1,
          next[j]! + 1,
          swapped ? before[j - 1]! + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    [before, row] = [row, next];
  }
  return row[to.length]!;
}
