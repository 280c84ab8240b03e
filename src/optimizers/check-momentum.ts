import { receivedMessage } from '../errors/checks.js';
import { InvalidOptionError } from '../errors/errors.js';

/** @throws {@link InvalidOptionError} unless `value` is from 0 to below 1. */
export function checkDecayRate(caller: string, argument: string, value: number): void {
  if (!(typeof value === 'number' && value >= 0 && value < 1)) {
    throw new InvalidOptionError(
      receivedMessage(caller, `${argument} must be a number from 0 to below 1`, argument, value),
    );
  }
}

/** @throws {@link InvalidOptionError} unless `momentum` is from 0 to below 1, and above 0 with `nesterov`. */
export function checkMomentum(caller: string, momentum: number, nesterov: boolean): void {
  checkDecayRate(caller, 'momentum', momentum);
  if (nesterov && momentum === 0) {
    throw new InvalidOptionError(
      receivedMessage(caller, 'nesterov needs a momentum above 0', 'momentum', momentum),
    );
  }
}
