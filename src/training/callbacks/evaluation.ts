import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import type { Trainer } from '../trainer.js';
import type { Callback, EpochRecord } from './callback.js';

/** Measures a trainer: name to value. */
export type EvaluationFunction = (
  simclr: Trainer,
  epoch: EpochRecord,
) => Record<string, number> | Promise<Record<string, number>>;

/** Options of {@link evaluation}. */
export interface EvaluationOptions {
  /** Epochs between evaluations. @defaultValue `1` */
  everyEpochs?: number;
}

/**
 * Callback that calls your evaluation, for example a kNN classifier on `simclr.embed(...)`, and puts what it
 * returns into the epoch's `metrics`.
 *
 * @throws {@link InvalidOptionError} when `evaluate` is not a function or `everyEpochs` not an integer >= 1.
 */
export function evaluation(evaluate: EvaluationFunction, options: EvaluationOptions = {}): Callback {
  checkKeys('evaluation', options, { everyEpochs: 1 });
  const { everyEpochs = 1 } = options;
  checkInteger('evaluation', 'everyEpochs', everyEpochs);
  if (typeof evaluate !== 'function') {
    throw new InvalidOptionError(
      `evaluation: evaluate must be a function. Received: evaluate=${String(evaluate)}.`,
    );
  }
  return {
    async onEpochEnd(epoch, { simclr }) {
      if (!epoch.partial && (epoch.epoch + 1) % everyEpochs === 0) {
        Object.assign(epoch.metrics, await evaluate(simclr, epoch));
      }
    },
  };
}
