import { checkKeys } from '../../errors/check-keys.js';
import { checkChoice, checkInteger, checkNonNegative, receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { fromData } from '../../errors/from-data.js';
import { type WarmupCosineByShareOptions, warmupCosineByShare } from './warmup-cosine-by-share.js';

/**
 * A learning rate as a pure function of the optimiser step, counted from 0.
 *
 * The library's own schedules carry their `config`, plain JSON from which {@link scheduleFromConfig} makes them
 * again. Any function from step to rate will do; without a `config` it cannot be saved.
 */
export interface LearningRateSchedule {
  /**
   * The rate at `step`, a number >= 0; `share` is the part of the run that is done, from 0 to 1, for schedules that follow
   * it.
   */
  (step: number, share?: number): number;
  /** What to save to have the schedule again. */
  readonly config?: ScheduleConfig;
}

/** A learning rate: one number for all steps, or a schedule. */
export type LearningRate = number | LearningRateSchedule;

/** A schedule as plain JSON. */
export type ScheduleConfig =
  | {
      /** {@link constantSchedule}. */
      type: 'constant';
      /** Its rate. */
      learningRate: number;
    }
  | {
      /** {@link scaledSchedule}. */
      type: 'scaled';
      /** Its factor. */
      factor: number;
      /** What is multiplied. */
      learningRate: number | ScheduleConfig;
    }
  | ({
      /** {@link warmupCosineSchedule}. */
      type: 'warmupCosine';
    } & {
      [Option in keyof WarmupCosineOptions]-?: Exclude<WarmupCosineOptions[Option], undefined>;
    })
  | ({
      /** A {@link warmupCosineByShare}. */
      type: 'warmupCosineByShare';
    } & Required<WarmupCosineByShareOptions>);

/** Options of {@link warmupCosineSchedule}. */
export interface WarmupCosineOptions {
  /** The peak: what the warm-up ends at and the cosine starts from. >= 0. */
  learningRate: number;
  /** Steps of linear warm-up, a whole number from 0 to `totalSteps`. */
  warmupSteps: number;
  /** Steps of the whole schedule, **the warm-up included**; a whole number >= 1. */
  totalSteps: number;
  /**
   * The rate that the cosine ends at and stays at.
   *
   * @defaultValue 0 for `rule: 'google'`, a thousandth of `learningRate` for `rule: 'lightly'`
   */
  finalRate?: number;
  /**
   * The rate that the warm-up rises from.
   *
   * @defaultValue 0
   */
  startRate?: number;
  /**
   * Whose formula. With w warm-up and T total steps, at step t:
   * - 'google': the warm-up is at `t / w` of its way (step 0 has the start rate), the cosine at `(t - w) / (T - w)`;
   * - 'lightly': the warm-up is at `(t + 1) / w` (step w - 1 has the peak), the cosine at `(t - w) / (T - w - 1)`, so
   *   that the last step has the final rate.
   *
   * @defaultValue 'google'
   */
  rule?: 'google' | 'lightly';
  /**
   * The rate changes only every so many steps, a whole number >= 1: with the steps of an epoch it is PyTorch's
   * `CosineAnnealingLR` stepped once an epoch.
   *
   * @defaultValue 1
   */
  holdSteps?: number;
}

/**
 * The same learning rate at every step.
 *
 * @param learningRate - A finite number >= 0.
 * @returns The schedule.
 * @throws {@link InvalidOptionError} when `learningRate` is no such number.
 * @example
 * constantSchedule(0.1)(1000); // 0.1
 */
export function constantSchedule(learningRate: number): LearningRateSchedule {
  checkNonNegative('constantSchedule', 'learningRate', learningRate);
  return schedule('constantSchedule', { type: 'constant', learningRate }, () => learningRate);
}

/**
 * Linear warm-up, then half a cosine down to the final rate, which it keeps for ever after.
 *
 * @param options - Peak, lengths in steps, end points and whose formula.
 * @returns The schedule.
 * @throws {@link InvalidOptionError} when a rate is not a finite number >= 0, a number of steps is no such whole number, `warmupSteps > totalSteps`, or the rule is unknown.
 * @example
 * const rate = warmupCosineSchedule({ learningRate: 0.3, warmupSteps: 10, totalSteps: 100 });
 * rate(0); // 0
 * rate(10); // 0.3
 * rate(55); // 0.15
 * rate(100); // 0
 * @see `WarmUpAndCosineDecay` of google-research/simclr (`model.py`); `CosineWarmupScheduler` of lightly.
 */
export function warmupCosineSchedule(options: WarmupCosineOptions): LearningRateSchedule {
  const caller = 'warmupCosineSchedule';
  checkKeys(caller, options, {
    learningRate: 1,
    warmupSteps: 1,
    totalSteps: 1,
    finalRate: 1,
    startRate: 1,
    rule: 1,
    holdSteps: 1,
  });
  const { learningRate, warmupSteps, totalSteps, startRate = 0, rule = 'google', holdSteps = 1 } = options;
  checkChoice(caller, 'rule', rule, ['google', 'lightly']);
  checkNonNegative(caller, 'learningRate', learningRate);
  const finalRate = options.finalRate ?? (rule === 'google' ? 0 : 0.001 * learningRate);
  checkNonNegative(caller, 'finalRate', finalRate);
  checkNonNegative(caller, 'startRate', startRate);
  checkInteger(caller, 'totalSteps', totalSteps);
  checkInteger(caller, 'warmupSteps', warmupSteps, 0);
  checkInteger(caller, 'holdSteps', holdSteps);
  if (warmupSteps > totalSteps) {
    throw new InvalidOptionError(
      `${caller}: warmupSteps must not exceed totalSteps, which includes them. ` +
        `Received: warmupSteps=${warmupSteps}, totalSteps=${totalSteps}.`,
    );
  }

  const ahead = rule === 'google' ? 0 : 1; // lightly is one step further on both ways
  const decaySteps = totalSteps - warmupSteps - ahead;
  return schedule(
    caller,
    { type: 'warmupCosine', learningRate, warmupSteps, totalSteps, finalRate, startRate, rule, holdSteps },
    (actual) => {
      const step = Math.floor(actual / holdSteps) * holdSteps;
      if (step < warmupSteps) return startRate + ((learningRate - startRate) * (step + ahead)) / warmupSteps;
      if (step - warmupSteps >= decaySteps) return finalRate;
      const cosine = Math.cos((Math.PI * (step - warmupSteps)) / decaySteps);
      return finalRate + ((learningRate - finalRate) * (1 + cosine)) / 2;
    },
  );
}

/**
 * Another rate, times a factor at every step.
 *
 * @param learningRate - A number or a schedule. One without a `config` gives one without.
 * @param factor - >= 0.
 * @returns A schedule; the factors of scaled ones are multiplied, not nested.
 * @throws {@link InvalidOptionError} when `factor` or a number given as rate is not finite or negative.
 * @example
 * optimizer.learningRate = scaledSchedule(optimizer.learningRate, 0.5);
 */
export function scaledSchedule(learningRate: LearningRate, factor: number): LearningRateSchedule {
  const caller = 'scaledSchedule';
  checkNonNegative(caller, 'factor', factor);
  if (typeof learningRate !== 'function') {
    checkNonNegative(caller, 'learningRate', learningRate);
    return schedule(caller, { type: 'scaled', factor, learningRate }, () => factor * learningRate);
  }
  const { config } = learningRate;
  if (config?.type === 'scaled') {
    return scaledSchedule(fromSaved(config.learningRate), factor * config.factor);
  }
  const rate = (step: number, share?: number) => factor * learningRate(step, share);
  return config ? schedule(caller, { type: 'scaled', factor, learningRate: config }, rate) : rate;
}

function fromSaved(learningRate: number | ScheduleConfig): LearningRate {
  return typeof learningRate === 'object' ? scheduleFromConfig(learningRate) : learningRate;
}

/**
 * Makes a schedule from its saved `config`.
 *
 * @param config - What the schedule's `config` was.
 * @returns A schedule with the same rate at every step.
 * @throws {@link InvalidOptionError} when `config` is of an unknown type or holds what the schedule refuses.
 * @example
 * const again = scheduleFromConfig(JSON.parse(JSON.stringify(schedule.config)));
 */
export function scheduleFromConfig(config: ScheduleConfig): LearningRateSchedule {
  return fromData('scheduleFromConfig', 'config', config, () => make(config));
}

function make(config: ScheduleConfig): LearningRateSchedule {
  const caller = 'scheduleFromConfig';
  const type = config?.type;
  if (type === 'constant') {
    checkKeys(caller, config, { type: 1, learningRate: 1 }, 'config');
    return constantSchedule(config.learningRate);
  }
  if (type === 'warmupCosine') {
    const { type: _, ...options } = config;
    return warmupCosineSchedule(options);
  }
  if (type === 'warmupCosineByShare') {
    const { type: _, ...options } = config;
    return warmupCosineByShare(options);
  }
  if (type === 'scaled') {
    checkKeys(caller, config, { type: 1, factor: 1, learningRate: 1 }, 'config');
    const { learningRate, factor } = config;
    // Never made here, and in a file made for harm without end.
    const nested = typeof learningRate === 'object' && learningRate?.type === 'scaled';
    if (!nested) return scaledSchedule(fromSaved(learningRate), factor);
  }
  throw new InvalidOptionError(
    receivedMessage(
      'scheduleFromConfig',
      'config.type must be "constant", "warmupCosine", "warmupCosineByShare" or "scaled" (not of "scaled")',
      'config.type',
      type,
    ),
  );
}

function schedule(
  caller: string,
  config: ScheduleConfig,
  rate: (step: number, share?: number) => number,
): LearningRateSchedule {
  const checked = (step: number, share?: number) => {
    checkNonNegative(caller, 'step', step);
    return rate(step, share);
  };
  return Object.assign(checked, { config });
}
