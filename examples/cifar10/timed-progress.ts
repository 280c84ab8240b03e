import type { Callback } from 'simclr-ts';
import { type Progress, progress } from 'simclr-ts/node';

/**
 * Progress of training that a clock ends: a bar over its seconds, so that the remaining time is true; where there is
 * no terminal, a line an epoch.
 */
export function timedProgress(minutes: number): Callback {
  const total = Math.round(minutes * 60);
  let bar: Progress | undefined;
  let began = 0;
  let pairs = 0;
  return {
    onFitStart() {
      bar = progress(total, 'Training, seconds');
      began = performance.now();
      pairs = 0;
    },
    onStepEnd(step) {
      pairs += step.pairs;
      const seconds = (performance.now() - began) / 1000;
      const speed = (pairs / seconds).toFixed(0);
      const note = `| epoch ${step.epoch + 1} | loss ${step.loss.toFixed(4)} | ${speed} pairs/s`;
      bar?.update(Math.min(Math.round(seconds), total), note);
    },
    onEpochEnd({ epoch, loss, steps, pairsPerSecond }) {
      if (process.stderr.isTTY) return;
      const text = `loss ${loss.toFixed(4)}, ${steps} steps, ${pairsPerSecond.toFixed(0)} pairs/s`;
      console.error(`epoch ${epoch + 1}: ${text}`);
    },
    onFitEnd() {
      bar?.stop();
    },
  };
}
