import { checkKeys } from '../../errors/check-keys.js';
import { checkChoice, checkInteger, checkNonNegative } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import type { Callback } from './callback.js';

/** Options of {@link earlyStopping}. */
export interface EarlyStoppingOptions {
  /** `'loss'`, or the name of a metric that another callback, placed before this one, measures. @defaultValue `'loss'` */
  monitor?: string;
  /** Whether smaller or larger is better. @defaultValue `'min'` for the loss, `'max'` for a metric */
  mode?: 'min' | 'max';
  /** Epochs without improvement before training stops. @defaultValue `10` */
  patience?: number;
  /** Smallest change that counts as one. @defaultValue `0` */
  minDelta?: number;
}

/**
 * Callback that stops training when a value has not improved for some epochs. Epochs in which the metric was not
 * measured do not count.
 *
 * @throws {@link InvalidOptionError} on options outside their domain.
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  checkKeys('earlyStopping', options, { monitor: 1, mode: 1, patience: 1, minDelta: 1 });
  const { monitor = 'loss', patience = 10, minDelta = 0 } = options;
  const { mode = monitor === 'loss' ? 'min' : 'max' } = options;
  if (typeof monitor !== 'string' || monitor === '') {
    throw new InvalidOptionError(
      `earlyStopping: monitor must be a metric's name. Received: monitor=${monitor}.`,
    );
  }
  checkChoice('earlyStopping', 'mode', mode, ['min', 'max']);
  checkInteger('earlyStopping', 'patience', patience, 0);
  checkNonNegative('earlyStopping', 'minDelta', minDelta);
  const sign = mode === 'min' ? -1 : 1;
  let best = Number.NEGATIVE_INFINITY;
  let waited = 0;
  return {
    onFitStart() {
      best = Number.NEGATIVE_INFINITY;
      waited = 0;
    },
    onEpochEnd(epoch, context) {
      const value = monitor === 'loss' ? epoch.loss : epoch.metrics[monitor];
      if (value === undefined || epoch.partial) return;
      if (sign * value > best + minDelta) {
        best = sign * value;
        waited = 0;
      } else if (++waited >= patience) {
        context.stop(`${monitor} has not improved for ${waited} epochs`);
      }
    },
  };
}
