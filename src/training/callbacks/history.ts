import type { Callback, EpochRecord, FitOutcome, StepRecord } from './callback.js';

/** What happened in a `fit`; plain data, ready for JSON. */
export interface History {
  /** Every epoch, a partial last one included. */
  epochs: EpochRecord[];
  /** Every optimizer step. */
  steps: StepRecord[];
  /** How it ended. */
  outcome: FitOutcome;
  /** Why it ended early, where it did. */
  reason?: string;
}

/** An empty history. */
export function emptyHistory(): History {
  return { epochs: [], steps: [], outcome: 'completed' };
}

/**
 * Callback that fills a {@link History} while training runs, for live plots. `fit` returns one at its end
 * without being asked.
 *
 * @param target - The history to append to; several calls of `fit` may share one.
 */
export function history(target: History): Callback {
  return {
    onStepEnd(step) {
      target.steps.push(step);
    },
    onEpochEnd(epoch) {
      target.epochs.push(epoch);
    },
    onFitEnd(outcome) {
      target.outcome = outcome;
    },
  };
}
