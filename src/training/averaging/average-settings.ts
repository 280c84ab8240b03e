import { checkKeys } from '../../errors/check-keys.js';
import { receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { checkDecay, type WeightAverageOptions } from './weight-average.js';

/** Option `averageWeights` of `fit`. */
export interface AverageWeightsOptions extends WeightAverageOptions {
  /**
   * Share of the run, by steps or by the clock, after which averaging begins: >= 0 and < 1.
   *
   * @defaultValue `0` with `decay`; `0.75` without, as in stochastic weight averaging
   */
  from?: number;
}

/** What settings say of averaging. */
export interface AverageWeightsSettings {
  decay: number | null;
  from: number;
}

const caller = 'SimCLR.fit';

/**
 * The option `averageWeights` with its defaults; `null` if it is left out.
 *
 * @throws {@link InvalidOptionError} when an option is unknown or outside its domain.
 */
export function averageSettings(options: AverageWeightsOptions | undefined): AverageWeightsSettings | null {
  if (options === undefined) return null;
  checkKeys(caller, options, { decay: 1, from: 1 }, 'averageWeights');
  const { decay, from = decay === undefined ? 0.75 : 0 } = options;
  checkDecay(caller, 'averageWeights.decay', decay);
  if (!(typeof from === 'number' && from >= 0 && from < 1)) {
    const expectation = 'averageWeights.from must be a number >= 0 and < 1';
    throw new InvalidOptionError(receivedMessage(caller, expectation, 'averageWeights.from', from));
  }
  return { decay: decay ?? null, from };
}
