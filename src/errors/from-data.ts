import { describeValue, shorten } from './checks.js';
import { InvalidOptionError, SimCLRError } from './errors.js';

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
    if (error instanceof SimCLRError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidOptionError(
      `${caller}: ${argument} must be data that it can be made from. Received: ${argument}=${describeValue(data)} (${shorten(reason)}).`,
      { cause: error },
    );
  }
}
