import { asBackendError } from './backend-failure.js';
import { describeValue, shorten } from './checks.js';
import { InvalidOptionError } from './errors.js';
import { isError, messageOf } from './is-error.js';

/**
 * Makes something from plain data, which may have come from a file: what the maker's own checks let through and the rest
 * fails by is reported by the name of the data, with the reason.
 *
 * @throws {@link BackendError} when the backend fails meanwhile; {@link InvalidOptionError} when `make` fails by anything
 * else than an error of this library.
 */
export function fromData<T>(caller: string, argument: string, data: unknown, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    const error = asBackendError(cause);
    if (isError(error, 'SimCLRError')) throw error;
    const reason = messageOf(error);
    throw new InvalidOptionError(
      `${caller}: ${argument} could not be made from its data. Received: ${argument}=${describeValue(data)} (${shorten(reason)}).`,
      { cause },
    );
  }
}
