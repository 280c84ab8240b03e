import { checkKeys } from '../../errors/check-keys.js';
import { checkPositive } from '../../errors/checks.js';
import { type Bar, formatDuration, openBar } from './bar.js';
import { isInteractive } from './output.js';
import type { ProgressOptions } from './progress.js';

/** Options of {@link progressBar}. */
export interface ProgressBarOptions extends ProgressOptions {
  /**
   * Outside of a terminal, how often to write a line, in seconds: for the log of a long run.
   *
   * @defaultValue a line per epoch
   */
  everySeconds?: number;
}

/** Argument of a training callback when training begins. */
export interface ProgressFitStart {
  /** Steps of the whole training, where their number is known. */
  totalSteps?: number;
  /** Number of passes; infinite if only the clock ends training. */
  epochs: number;
  /** Minutes after which training ends, if they are limited. */
  minutes?: number;
  /** Pictures per step. */
  batchSize: number;
}

/** Argument of a training callback after a step. */
export interface ProgressStep {
  /** The step, counted from 0 over the whole training. */
  step: number;
  /** The pass, counted from 0. */
  epoch: number;
  /** Loss in nats. */
  loss: number;
  /** Learning rate of the step. */
  learningRate: number;
  /** Duration of the step in seconds. */
  seconds: number;
  /** Pairs of views in the step. */
  pairs: number;
}

/** Argument of a training callback after an epoch. */
export interface ProgressEpoch {
  /** The pass, counted from 0. */
  epoch: number;
  /** Mean loss in nats. */
  loss: number;
  /** Duration of the epoch in seconds. */
  seconds: number;
  /** Pairs of views per second over the epoch. */
  pairsPerSecond: number;
  /** Steps of the epoch. */
  steps: number;
}

/** The training callback that {@link progressBar} makes. */
export interface ProgressBarCallback {
  /** Begins the bar. */
  onFitStart(info: ProgressFitStart): void;
  /** Moves the bar. */
  onStepEnd(step: ProgressStep): void;
  /** Writes the epoch's line. */
  onEpochEnd(epoch: ProgressEpoch): void;
  /** Ends the bar. */
  onFitEnd(): void;
}

/** Weight of the newest step in the speed that is shown. */
const smoothing = 0.1;

/**
 * Makes a training callback that shows progress: on a terminal a bar with the loss, pairs per second and the remaining
 * time, elsewhere (files, CI) one line per epoch, or one every so many seconds.
 *
 * @param options - `stream`: where to write, default `process.stderr`; `quiet`: whether to write nothing; `everySeconds`.
 * @throws `InvalidOptionError` when `everySeconds` is not a number > 0.
 * @example
 * await simclr.fit(images, { epochs: 100, callbacks: [progressBar()] });
 */
export function progressBar(options: ProgressBarOptions = {}): ProgressBarCallback {
  checkKeys('progressBar', options, { stream: 1, quiet: 1, everySeconds: 1 });
  const { stream = process.stderr, quiet = false, everySeconds } = options;
  if (everySeconds !== undefined) checkPositive('progressBar', 'everySeconds', everySeconds);
  let bar: Bar | undefined;
  /** The content of the bar; none if lines are written instead. */
  let format: string | undefined;
  let epochs = 0;
  let totalSteps = 0;
  /** Seconds after which the clock ends training; infinite without a limit. */
  let limit = Number.POSITIVE_INFINITY;
  let began = 0;
  /** The unit of the bar: steps, or seconds if the clock may end training. */
  let total = 0;
  /** Steps of this `fit`, and the epoch that it began with: earlier ones are not counted. */
  let done = 0;
  let firstEpoch: number | undefined;
  let pairsPerSecond = 0;
  /** What the next line sums up, with `everySeconds`. */
  let since = { time: 0, loss: 0, pairs: 0, steps: 0 };

  /** Seconds of the limit that are over. More of them if the epochs end first. */
  const secondsDone = () => {
    const byClock = (performance.now() - began) / 1000;
    return Math.min(limit, totalSteps > 0 ? Math.max(byClock, (limit * done) / totalSteps) : byClock);
  };

  /** Writes a line about the steps since the line before. */
  const writeSince = (epoch: number) => {
    const now = performance.now();
    const value = Number.isFinite(limit) ? secondsDone() : done;
    const left = total > 0 ? formatDuration(((now - began) / 1000) * (total / value - 1)) : undefined;
    const parts = [
      `epoch ${epoch}${ofEpochs(epochs)}`,
      `step ${done}${totalSteps > 0 && total === totalSteps ? `/${total}` : ''}`,
      `loss ${(since.loss / since.steps).toFixed(4)}`,
      `${formatSpeed((1000 * since.pairs) / (now - since.time))} pairs/s`,
      ...(left === undefined ? [] : [`${left} left`]),
    ];
    stream.write(`${formatDuration((now - began) / 1000)}: ${parts.join(', ')}\n`);
    since = { time: now, loss: 0, pairs: 0, steps: 0 };
  };

  return {
    onFitStart(info) {
      epochs = info.epochs;
      totalSteps = info.totalSteps ?? 0;
      limit = 60 * (info.minutes ?? Number.POSITIVE_INFINITY);
      total = Number.isFinite(limit) ? limit : totalSteps;
      began = performance.now();
      done = 0;
      firstEpoch = undefined;
      pairsPerSecond = 0;
      bar = undefined;
      format = undefined;
      since = { time: began, loss: 0, pairs: 0, steps: 0 };
      if (quiet || !isInteractive(stream)) return;
      const steps = totalSteps > 0 && total === totalSteps ? 'step {step}/{total}' : 'step {step}';
      const place = total > 0 ? `{bar} {percentage}% | ${steps} | {left} left` : steps;
      format = `epoch {epoch}${ofEpochs(epochs)} ${place} | loss {loss} | {speed} pairs/s`;
    },
    onStepEnd({ epoch, loss, seconds, pairs }) {
      firstEpoch ??= epoch;
      if (format === undefined) {
        done++;
        if (quiet || everySeconds === undefined) return;
        const { time } = since;
        since = { time, loss: since.loss + loss, pairs: since.pairs + pairs, steps: since.steps + 1 };
        if (performance.now() >= time + 1000 * everySeconds) writeSince(epoch - firstEpoch + 1);
        return;
      }
      const speed = seconds > 0 ? pairs / seconds : 0;
      pairsPerSecond = done > 0 ? pairsPerSecond + smoothing * (speed - pairsPerSecond) : speed;
      done++;
      const fields = {
        epoch: epoch - firstEpoch + 1,
        step: done,
        loss: loss.toFixed(4),
        speed: formatSpeed(pairsPerSecond),
      };
      const value = Number.isFinite(limit) ? secondsDone() : done;
      // Opened here and with this step, so that the time before it does not count into the remaining time.
      if (bar) bar.update(value, fields);
      else bar = openBar(stream, { format, total, value, fields });
    },
    onEpochEnd({ epoch, loss, seconds, pairsPerSecond: speed, steps }) {
      if (quiet || format !== undefined || everySeconds !== undefined) return;
      stream.write(
        `epoch ${epoch - (firstEpoch ?? epoch) + 1}${ofEpochs(epochs)}: loss ${loss.toFixed(4)}, ${steps} steps in ${seconds.toFixed(1)} s, ${formatSpeed(speed)} pairs/s\n`,
      );
    },
    onFitEnd() {
      bar?.stop();
      bar = undefined;
    },
  };
}

function formatSpeed(pairsPerSecond: number): string {
  return pairsPerSecond.toFixed(pairsPerSecond < 10 ? 2 : 0);
}

/** Without a number where only the clock ends training. */
function ofEpochs(epochs: number): string {
  return Number.isFinite(epochs) ? `/${epochs}` : '';
}
