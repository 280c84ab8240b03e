import { isPlain, receivedMessage } from '../errors/checks.js';
import { InvalidOptionError } from '../errors/errors.js';

/**
 * Refuses what a message between threads cannot hold, or would silently hold without its class: functions, tensors,
 * models.
 *
 * @param advice - Where such a value belongs instead.
 * @throws {@link InvalidOptionError} naming the first.
 */
export function checkPlain(caller: string, argument: string, value: unknown, advice: string): void {
  if (typeof value === 'function' || typeof value === 'symbol' || (isBare(value) && !isPlain(value))) {
    const expectation = `${argument} must be plain data, because it goes from one thread to another; ${advice}`;
    throw new InvalidOptionError(receivedMessage(caller, expectation, argument, value));
  }
  // Typed arrays, files and the like are no lists of values to look at.
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) checkPlain(caller, `${argument}[${i}]`, item, advice);
  } else if (isBare(value)) {
    for (const [key, item] of Object.entries(value)) checkPlain(caller, `${argument}.${key}`, item, advice);
  }
}

function isBare(value: unknown): value is object {
  return Object.prototype.toString.call(value) === '[object Object]';
}
