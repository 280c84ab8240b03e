import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger, checkPositive, checkProbability } from '../../errors/checks.js';
import type { BatchNormalizationLayerOptions } from './batch-normalization.js';

/** Options of all batch normalization layers in a network. */
export interface BatchNormalizationSettings {
  /**
   * Decay of the running statistics, in [0, 1]: running = momentum * running + (1 - momentum) * batch. PyTorch's
   * `momentum` is 1 minus this one.
   *
   * @defaultValue `0.9`
   */
  momentum?: number;
  /**
   * Added to the variance, > 0.
   *
   * @defaultValue `1e-5`
   */
  epsilon?: number;
  /**
   * In training, the batch is split into this many equal parts, each normalized by its own statistics. (The
   * Elsewhere, `groups` of a ResNet means grouped convolutions, which this library does not have.)
   *
   * @defaultValue `1`
   */
  groups?: number;
}

const ownKeys = { momentum: 1, epsilon: 1, groups: 1 } as const;

/**
 * The layer options in a network's option `batchNormalization`, checked before any layer is made.
 *
 * @param otherKeys - Further keys that the network's option has.
 * @throws {@link InvalidOptionError} when a value is outside its domain or a key is unknown.
 */
export function layerSettings<T extends BatchNormalizationSettings>(
  caller: string,
  settings: T,
  otherKeys: Readonly<Record<Exclude<keyof T, keyof BatchNormalizationSettings>, 1>>,
): Pick<BatchNormalizationLayerOptions, 'momentum' | 'epsilon' | 'groups'> {
  const argument = 'batchNormalization';
  checkKeys<object>(caller, settings, { ...ownKeys, ...otherKeys }, argument);
  const { momentum, epsilon, groups } = settings;
  if (momentum !== undefined) checkProbability(caller, `${argument}.momentum`, momentum);
  if (epsilon !== undefined) checkPositive(caller, `${argument}.epsilon`, epsilon);
  if (groups !== undefined) checkInteger(caller, `${argument}.groups`, groups);
  return {
    ...(momentum !== undefined && { momentum }),
    ...(epsilon !== undefined && { epsilon }),
    ...(groups !== undefined && { groups }),
  };
}
