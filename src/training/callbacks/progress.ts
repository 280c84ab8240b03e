import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import type { Callback, FitStart, StepRecord } from './callback.js';

/** A line's worth of progress. */
export interface ProgressReport {
  /** The step that just ended. */
  step: StepRecord;
  /** Share of the steps of this `fit` that are done, 0 to 1; `undefined` when the total is not known. */
  fraction: number | undefined;
  /** Estimated seconds to the end; `undefined` when the total is not known. */
  etaSeconds: number | undefined;
  /** Pictures per second since the start of `fit`. */
  pairsPerSecond: number;
  /** The report as a readable line. */
  text: string;
}

/** Options of {@link progress}. */
export interface ProgressOptions {
  /** Steps between reports; the last step is reported too, where the total is known. @defaultValue `10` */
  everySteps?: number;
  /** Receives the reports. @defaultValue prints `report.text` with `console.log` */
  report?: (report: ProgressReport) => void;
}

/**
 * Callback that reports loss, speed and estimated time to the end, wherever JavaScript runs. For a bar in a
 * terminal see `progressBar` of `simclr-ts/node`.
 *
 * @throws {@link InvalidOptionError} when `everySteps` is not an integer >= 1.
 */
export function progress(options: ProgressOptions = {}): Callback {
  checkKeys('progress', options, { everySteps: 1, report: 1 });
  const { everySteps = 10, report = ({ text }) => console.log(text) } = options;
  checkInteger('progress', 'everySteps', everySteps);
  let start: FitStart = { epochs: 1, batchSize: 1 };
  let steps = 0;
  let seconds = 0;
  let pairs = 0;
  return {
    onFitStart(info) {
      start = info;
      steps = 0;
      seconds = 0;
      pairs = 0;
    },
    onStepEnd(step) {
      steps++;
      seconds += step.seconds;
      pairs += step.pairs;
      const { totalSteps } = start;
      if (steps % everySteps !== 0 && steps !== totalSteps) return;
      const etaSeconds = totalSteps === undefined ? undefined : (seconds / steps) * (totalSteps - steps);
      const pairsPerSecond = pairs / seconds;
      const text = [
        `step ${steps}${totalSteps === undefined ? '' : `/${totalSteps}`}`,
        `epoch ${step.epoch}`,
        `loss ${step.loss.toFixed(4)}`,
        `${pairsPerSecond.toFixed(1)} pairs/s`,
        ...(etaSeconds === undefined ? [] : [`${Math.round(etaSeconds)} s to go`]),
      ].join('  ');
      report({
        step,
        fraction: totalSteps === undefined ? undefined : steps / totalSteps,
        etaSeconds,
        pairsPerSecond,
        text,
      });
    },
  };
}
