import { checkKeys, type KnownKeys } from '../../errors/check-keys.js';
import { describeValue, isObject } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import type { Callback } from './callback.js';

const hooks = {
  onFitStart: 1,
  onStepEnd: 1,
  onStepSkipped: 1,
  onEpochEnd: 1,
  onFitEnd: 1,
} as const satisfies KnownKeys<Callback>;

/**
 * Refuses hooks that nothing calls. Other properties of a callback are its own.
 *
 * @throws {@link InvalidOptionError} unless `callbacks` is an array of objects whose `on...` properties are those of {@link Callback}.
 */
export function checkCallbacks(caller: string, callbacks: readonly Callback[]): void {
  if (!Array.isArray(callbacks)) {
    throw new InvalidOptionError(
      `${caller}: callbacks must be a list. Received: callbacks=${describeValue(callbacks)}.`,
    );
  }
  for (const [index, callback] of (callbacks as readonly Callback[]).entries()) {
    const own = isObject(callback)
      ? Object.fromEntries(Object.entries(callback).filter(([key]) => /^on[A-Z]/.test(key)))
      : callback;
    checkKeys<unknown>(caller, own, hooks, `callbacks[${index}]`);
  }
}
