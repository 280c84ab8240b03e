import { asBackendError } from './backend-failure.js';
import { describeValue, isPlain, receivedMessage, shorten } from './checks.js';
import { InvalidOptionError } from './errors.js';
import { isError, messageOf } from './is-error.js';

/**
 * Refuses null anywhere in data. JSON turns NaN and infinite numbers into null, and such a value must
 * not count as omitted.
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

/**
 * Builds an object from plain data, which may come from a file. A failure that the checks in `make` did not foresee
 * is reported with the name of the data and the reason.
 *
 * @throws {@link BackendError} when the backend fails meanwhile; {@link InvalidOptionError} when there is a null in the
 * data, or `make` fails with anything but an error of this library.
 */
export function fromData<T>(caller: string, argument: string, data: unknown, make: () => T): T {
  try {
    refuseNull(caller, argument, data);
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
