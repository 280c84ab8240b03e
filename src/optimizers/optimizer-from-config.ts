import type { serialization } from '@tensorflow/tfjs-core';
import { checkKeys } from '../errors/check-keys.js';
import { receivedMessage } from '../errors/checks.js';
import { InvalidOptionError } from '../errors/errors.js';
import { fromData } from '../errors/from-data.js';
import { AdamW, type AdamWOptions } from './adamw.js';
import { type OptimizerFunctions, optionsFromConfig, upgradeOptimizerConfig } from './config.js';
import { LARS, type LARSOptions } from './lars.js';
import type { NamedOptimizer } from './named-optimizer.js';
import { SGD, type SGDOptions } from './sgd.js';

/**
 * Builds an optimizer from the result of its `getConfig`, also that of an earlier version. The config does not hold the
 * optimizer's state: see `state` and `restore`.
 *
 * @param config - Options as plain JSON, with the `name` 'adamW', 'lars' or 'sgd'.
 * @param functions - Options that were functions when they were saved (recorded as 'custom'). They replace
 * saved values too.
 * @returns A new optimizer at step 0.
 * @throws {@link InvalidOptionError} when the name is unknown, an option is recorded as 'custom' and not given again, or
 * an option is outside its domain.
 * @example
 * const again = optimizerFromConfig(JSON.parse(JSON.stringify(optimizer.getConfig())));
 */
export function optimizerFromConfig(
  config: serialization.ConfigDict,
  functions: OptimizerFunctions = {},
): NamedOptimizer {
  return fromData('optimizerFromConfig', 'config', config, () => make(config, functions));
}

function make(config: serialization.ConfigDict, functions: OptimizerFunctions): NamedOptimizer {
  const known = { learningRate: 1, excludeFromWeightDecay: 1, excludeFromAdaptation: 1 };
  checkKeys('optimizerFromConfig', functions, known, 'functions');
  const { name } = upgradeOptimizerConfig(config);
  const options: unknown = optionsFromConfig(config, functions);
  switch (name) {
    case 'adamW':
      return new AdamW(options as AdamWOptions);
    case 'lars':
      return new LARS(options as LARSOptions);
    case 'sgd':
      return new SGD(options as SGDOptions);
    default:
      throw new InvalidOptionError(
        receivedMessage(
          'optimizerFromConfig',
          'config.name must be "adamW", "lars" or "sgd"',
          'config.name',
          name,
        ),
      );
  }
}
