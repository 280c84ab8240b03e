import type { serialization } from '@tensorflow/tfjs-core';
import { checkKeys } from '../errors/check-keys.js';
import { receivedMessage } from '../errors/checks.js';
import { InvalidOptionError } from '../errors/errors.js';
import { fromData } from '../errors/from-data.js';
import { AdamW, type AdamWOptions } from './adamw.js';
import { type OptimizerFunctions, optionsFromConfig } from './config.js';
import { LARS, type LARSOptions } from './lars.js';
import type { NamedOptimizer } from './named-optimizer.js';
import { SGD, type SGDOptions } from './sgd.js';

/**
 * Makes an optimiser from what its `getConfig` gave. Its state is not part of that: see `state` and `restore`.
 *
 * @param config - Options as plain JSON, with `className`.
 * @param functions - Options that were functions when saved (recorded as 'custom'), given again. Where given, they
 * replace the saved ones in any case.
 * @returns A new optimiser at step 0.
 * @throws {@link InvalidOptionError} when the class is unknown, an option is recorded as 'custom' and not given
 * again, or an option is outside its domain.
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
  const options: unknown = optionsFromConfig(config, functions);
  switch (config.className) {
    case 'AdamW':
      return new AdamW(options as AdamWOptions);
    case 'LARS':
      return new LARS(options as LARSOptions);
    case 'SGD':
      return new SGD(options as SGDOptions);
    default:
      throw new InvalidOptionError(
        receivedMessage(
          'optimizerFromConfig',
          'config.className must be "AdamW", "LARS" or "SGD"',
          'config.className',
          config.className,
        ),
      );
  }
}
