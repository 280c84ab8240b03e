import { checkKeys } from '../../errors/check-keys.js';
import { checkNonNegative, receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import type { LearningRate, LearningRateSchedule, WarmupCosineByShareOptions } from './schedule-types.js';

/**
 * Linear warm-up, then half a cosine, over the completed share of the run instead of its steps: for a run that ends by
 * the clock, whose number of steps is not known in advance. `fit` tells the optimizer the share before each step. In a
 * custom loop, set `optimizer.runShare`.
 *
 * @param options - Peak, end points, and share of the warm-up.
 * @returns The schedule, a function of the step and the share; the step does not matter.
 * @throws {@link InvalidOptionError} when a rate is not a finite number >= 0, or `warmupShare` is not >= 0 and < 1.
 * @example
 * const rate = warmupCosineByShare({ peak: 0.3, warmupShare: 0.1 });
 * rate(0, 0.05); // 0.15
 * rate(0, 0.55); // 0.15
 * rate(0, 1); // 0
 */
export function warmupCosineByShare(options: WarmupCosineByShareOptions): LearningRateSchedule {
  const caller = 'warmupCosineByShare';
  checkKeys(caller, options, { peak: 1, warmupShare: 1, start: 1, end: 1 });
  const { peak, warmupShare = 0.05, start = 0, end = 0 } = options;
  for (const [name, rate] of Object.entries({ peak, start, end })) checkNonNegative(caller, name, rate);
  checkShare(caller, warmupShare);
  const rate = (_step: number, share = 0) => {
    const done = Math.min(Math.max(share, 0), 1);
    if (done < warmupShare) return start + ((peak - start) * done) / warmupShare;
    const cosine = Math.cos((Math.PI * (done - warmupShare)) / (1 - warmupShare));
    return end + ((peak - end) * (1 + cosine)) / 2;
  };
  return Object.assign(rate, {
    config: { name: 'warmupCosineByShare', peak, warmupShare, start, end } as const,
  });
}

/** @throws {@link InvalidOptionError} unless `value` is >= 0 and < 1. */
function checkShare(caller: string, value: number, argument = 'warmupShare'): void {
  if (value >= 0 && value < 1) return;
  throw new InvalidOptionError(
    receivedMessage(caller, `${argument} must be a number >= 0 and < 1`, argument, value),
  );
}

/** Whether a learning rate depends on the share of the run that is done. */
export function followsShare(learningRate: LearningRate): boolean {
  if (typeof learningRate !== 'function') return false;
  const { config } = learningRate;
  const inner = config?.name === 'scaled' ? config.learningRate : config;
  return typeof inner === 'object' && inner.name === 'warmupCosineByShare';
}
