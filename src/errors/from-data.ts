import { describeValue, shorten } from './checks.js';
import { InvalidOptionError } from './errors.js';
import { isError, messageOf } from './is-error.js';

/**
 * Makes something from plain data, which may have come from a file: what the maker's own checks let through and the rest
 * fails by is the fault of the data too, and said by name.
 *
 * @throws {@link InvalidOptionError} when `make` fails by anything but an error of this library.
 */
export function fromData<T>(caller: string, argument: string, data: unknown, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (isError(error, 'SimCLRError')) throw error;
    const reason = messageOf(error);
    throw new InvalidOptionError(
      `${caller}: ${argument} must be data that it can be made from. Received: ${argument}=${describeValue(data)} (${shorten(reason)}).`,
      { cause: error },
    );
  }
}
