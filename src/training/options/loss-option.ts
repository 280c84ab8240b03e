import { checkPositive, describeValue } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import type { LossConfig, ViewLoss } from '../../losses/index.js';
import { hasTemperature } from '../../losses/loss-from-config.js';
import type { SimCLROptions } from './simclr-options.js';

const caller = 'SimCLR';

/** Whether the option `loss` is data to make a loss from, beyond a name alone. */
export function isLossConfig(loss: SimCLROptions['loss']): loss is LossConfig {
  const { name, compute } = (loss ?? {}) as Partial<ViewLoss>;
  return typeof loss === 'object' && typeof name === 'string' && compute === undefined;
}

/** The temperature of a loss; `undefined` where it has none or does not say. */
export function temperatureOf(loss: Pick<ViewLoss, 'config'>): number | undefined {
  return (loss.config as { temperature?: number } | undefined)?.temperature;
}

/**
 * The option `loss`, with the option `temperature` put where it belongs: into the loss.
 *
 * @throws {@link InvalidOptionError} when `temperature` is not a finite number > 0, contradicts the loss's own, or the
 * loss has none.
 */
export function lossOption({
  loss = 'ntXent',
  temperature,
}: Pick<SimCLROptions, 'loss' | 'temperature'>): NonNullable<SimCLROptions['loss']> {
  if (temperature === undefined) return loss;
  checkPositive(caller, 'temperature', temperature);
  const config = typeof loss === 'string' ? ({ name: loss } as LossConfig) : loss;
  const isData = isLossConfig(config);
  const own = temperatureOf({ config: isData ? config : ((config as ViewLoss).config as LossConfig) });
  if (own !== undefined && own !== temperature) {
    throw new InvalidOptionError(
      `${caller}: temperature must be given once, here or in loss. Received: temperature=${temperature}, loss.temperature=${describeValue(own)}.`,
    );
  }
  if (own !== undefined) return loss;
  if (isData && hasTemperature(config.name)) return { ...config, temperature } as LossConfig;
  throw new InvalidOptionError(
    `${caller}: temperature must be left out where the loss has none. Received: temperature=${temperature}, loss=${describeValue(isData ? config.name : loss)}.`,
  );
}
