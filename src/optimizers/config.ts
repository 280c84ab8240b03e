import type { serialization } from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '../errors/errors.js';
import { type LearningRate, type ScheduleConfig, scheduleFromConfig } from './schedules/schedules.js';
import type { VariableSelection } from './variable-selection.js';

/** The options that may be functions, and so cannot be saved in an optimiser's config. */
export interface OptimizerFunctions {
  /** Replaces the saved learning rate. Needed where that was a schedule without a `config`. */
  learningRate?: LearningRate;
  /** Replaces the saved selection. Needed where that was a predicate. */
  excludeFromWeightDecay?: VariableSelection;
  /** Replaces the saved selection of LARS. Needed where that was a predicate. */
  excludeFromAdaptation?: VariableSelection;
}

/** How a learning rate is saved: as a number, as the schedule's config, or as 'custom'. */
export function learningRateToConfig(learningRate: LearningRate): number | 'custom' | ScheduleConfig {
  if (typeof learningRate !== 'function') return learningRate;
  return learningRate.config === undefined ? 'custom' : { ...learningRate.config };
}

/** How a selection is saved: as its word, or as 'custom'. */
export function selectionToConfig(selection: VariableSelection): string {
  return typeof selection === 'function' ? 'custom' : selection;
}

/** The constructor options that a saved config means. */
export function optionsFromConfig(
  { className, ...config }: serialization.ConfigDict,
  functions: OptimizerFunctions = {},
): Record<string, unknown> {
  const options: Record<string, unknown> = { ...config };
  if (typeof config.learningRate === 'object' && config.learningRate !== null) {
    options.learningRate = scheduleFromConfig(config.learningRate as ScheduleConfig);
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
