import { describeValue, receivedMessage, shorten } from './checks.js';
import { InvalidOptionError, SimCLRError } from './errors.js';

/**
 * Refuses null anywhere in data that has no use for it: JSON makes null of NaN and infinite numbers, and it must not be
 * taken for a value that was left out.
 *
 * @throws {@link InvalidOptionError} naming the first.
 */
export function refuseNull(caller: string, argument: string, value: unknown): void {
  if (value === null) {
    const expectation = `${argument} must not be null, which JSON makes of NaN and infinite numbers; leave it out for its default`;
    throw new InvalidOptionError(receivedMessage(caller, expectation, argument, value));
  }
  // Plain data only: a model or a tensor has a prototype of its own.
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) refuseNull(caller, `${argument}[${i}]`, item);
  } else if (Object.prototype.toString.call(value) === '[object Object]' && isPlain(value as object)) {
    for (const [key, item] of Object.entries(value as object)) refuseNull(caller, `${argument}.${key}`, item);
  }
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * Makes something from plain data, which may have come from a file: what the maker's own checks let through and the rest
 * fails by is the fault of the data too, and said by name.
 *
 * @throws {@link InvalidOptionError} when there is a null in the data, or `make` fails by anything but an error of this
 *   library.
 */
export function fromData<T>(caller: string, argument: string, data: unknown, make: () => T): T {
  try {
    refuseNull(caller, argument, data);
    return make();
  } catch (error) {
    if (error instanceof SimCLRError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidOptionError(
      `${caller}: ${argument} must be data that it can be made from. Received: ${argument}=${describeValue(data)} (${shorten(reason)}).`,
      { cause: error },
    );
  }
}
