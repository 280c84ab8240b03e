import type { serialization } from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '../errors/errors.js';
import { renameFields } from '../errors/rename-fields.js';
import {
  type LearningRate,
  type ScheduleConfig,
  scheduleFromConfig,
  upgradeScheduleConfig,
} from './schedules/schedules.js';
import type { VariableSelection } from './variable-selection.js';

/** Options that were functions, which an optimizer's config cannot hold. */
export interface OptimizerFunctions {
  /** Replaces the saved learning rate. Needed if that was a schedule without a `config`. */
  learningRate?: LearningRate;
  /** Replaces the saved selection. Needed if that was a predicate. */
  excludeFromWeightDecay?: VariableSelection;
  /** Replaces the saved selection of LARS. Needed if that was a predicate. */
  excludeFromAdaptation?: VariableSelection;
}

/** How a learning rate is saved: as a number, as the schedule's config, or as 'custom'. */
export function learningRateToConfig(learningRate: LearningRate): number | 'custom' | ScheduleConfig {
  if (typeof learningRate !== 'function') return learningRate;
  return learningRate.config === undefined ? 'custom' : { ...learningRate.config };
}

/** How a selection is saved: as its name, or as 'custom'. */
export function selectionToConfig(selection: VariableSelection): string {
  return typeof selection === 'function' ? 'custom' : selection;
}

/** The `name` of an optimizer in data, by the class name that earlier versions wrote instead. */
const namesOfClasses: Readonly<Record<string, string>> = { SGD: 'sgd', AdamW: 'adamW', LARS: 'lars' };

/** A saved config with the names of this version. */
export function upgradeOptimizerConfig(config: serialization.ConfigDict): serialization.ConfigDict {
  const named = renameFields(config, { className: 'name', rule: 'convention' });
  if (Object.hasOwn(namesOfClasses, String(named.name))) named.name = namesOfClasses[named.name as string];
  if ('learningRate' in named) named.learningRate = upgradeScheduleConfig(named.learningRate);
  return named as serialization.ConfigDict;
}

/** The constructor options in a saved config. */
export function optionsFromConfig(
  config: serialization.ConfigDict,
  functions: OptimizerFunctions = {},
): Record<string, unknown> {
  const { name: _, ...options }: Record<string, unknown> = upgradeOptimizerConfig(config);
  const { learningRate } = options;
  if (typeof learningRate === 'object' && learningRate !== null) {
    options.learningRate = scheduleFromConfig(learningRate as ScheduleConfig);
  }
  for (const [name, value] of Object.entries(functions)) {
    if (value !== undefined && name in options) options[name] = value;
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === 'custom') {
      throw new InvalidOptionError(
        `optimizerFromConfig: ${name} was a function, which cannot be saved: give it again. ` +
          `Received: ${name}="custom".`,
      );
    }
  }
  return options;
}
