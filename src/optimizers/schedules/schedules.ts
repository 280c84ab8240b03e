import { checkKeys } from '../../errors/check-keys.js';
import {
  checkChoice,
  checkInteger,
  checkNonNegative,
  isObject,
  receivedMessage,
} from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { fromData } from '../../errors/from-data.js';
import { renameFields } from '../../errors/rename-fields.js';
import type {
  LearningRate,
  LearningRateSchedule,
  ScheduleConfig,
  WarmupCosineOptions,
} from './schedule-types.js';
import { warmupCosineByShare } from './warmup-cosine-by-share.js';

export type {
  LearningRate,
  LearningRateSchedule,
  ScheduleConfig,
  WarmupCosineOptions,
} from './schedule-types.js';

/**
 * The same learning rate at every step.
 *
 * @param learningRate - A finite number >= 0.
 * @returns The schedule.
 * @throws {@link InvalidOptionError} when `learningRate` is not a finite number >= 0.
 * @example
 * constantSchedule(0.1)(1000); // 0.1
 */
export function constantSchedule(learningRate: number): LearningRateSchedule {
  checkNonNegative('constantSchedule', 'learningRate', learningRate);
  return schedule('constantSchedule', { name: 'constant', learningRate }, () => learningRate);
}

/**
 * Linear warm-up, then half a cosine down to `end`, where the rate stays.
 *
 * @param options - See {@link WarmupCosineOptions}.
 * @returns The schedule.
 * @throws {@link InvalidOptionError} when a rate is not a finite number >= 0, a number of steps is not an integer in its
 * range, `warmupSteps > totalSteps`, or the convention is unknown.
 * @example
 * const rate = warmupCosineSchedule({ peak: 0.3, warmupSteps: 10, totalSteps: 100 });
 * rate(0); // 0
 * rate(10); // 0.3
 * rate(55); // 0.15
 * rate(100); // 0
 * @see `WarmUpAndCosineDecay` of google-research/simclr (`model.py`); `CosineWarmupScheduler` of lightly.
 */
export function warmupCosineSchedule(options: WarmupCosineOptions): LearningRateSchedule {
  const caller = 'warmupCosineSchedule';
  checkKeys(caller, options, {
    peak: 1,
    warmupSteps: 1,
    totalSteps: 1,
    start: 1,
    end: 1,
    convention: 1,
    everySteps: 1,
  });
  const { peak, warmupSteps, totalSteps, start = 0, convention = 'google', everySteps = 1 } = options;
  checkChoice(caller, 'convention', convention, ['google', 'lightly']);
  checkNonNegative(caller, 'peak', peak);
  const end = options.end ?? (convention === 'google' ? 0 : 0.001 * peak);
  checkNonNegative(caller, 'end', end);
  checkNonNegative(caller, 'start', start);
  checkInteger(caller, 'totalSteps', totalSteps);
  checkInteger(caller, 'warmupSteps', warmupSteps, 0);
  checkInteger(caller, 'everySteps', everySteps);
  if (warmupSteps > totalSteps) {
    throw new InvalidOptionError(
      `${caller}: warmupSteps must not exceed totalSteps, which includes them. ` +
        `Received: warmupSteps=${warmupSteps}, totalSteps=${totalSteps}.`,
    );
  }

  const ahead = convention === 'google' ? 0 : 1; // lightly is one step further, in warm-up and cosine alike
  const decaySteps = totalSteps - warmupSteps - ahead;
  return schedule(
    caller,
    { name: 'warmupCosine', peak, warmupSteps, totalSteps, start, end, convention, everySteps },
    (actual) => {
      const step = Math.floor(actual / everySteps) * everySteps;
      if (step < warmupSteps) return start + ((peak - start) * (step + ahead)) / warmupSteps;
      if (step - warmupSteps >= decaySteps) return end;
      const cosine = Math.cos((Math.PI * (step - warmupSteps)) / decaySteps);
      return end + ((peak - end) * (1 + cosine)) / 2;
    },
  );
}

/**
 * Multiplies another rate by a factor at every step.
 *
 * @param learningRate - A number or a schedule. If the schedule has no `config`, the result has none either.
 * @param factor - >= 0.
 * @returns A schedule. Scaling a scaled schedule multiplies the factors instead of nesting.
 * @throws {@link InvalidOptionError} when `factor`, or a number given as rate, is negative or not finite.
 * @example
 * optimizer.learningRate = scaledSchedule(optimizer.learningRate, 0.5);
 */
export function scaledSchedule(learningRate: LearningRate, factor: number): LearningRateSchedule {
  const caller = 'scaledSchedule';
  checkNonNegative(caller, 'factor', factor);
  if (typeof learningRate !== 'function') {
    checkNonNegative(caller, 'learningRate', learningRate);
    return schedule(caller, { name: 'scaled', factor, learningRate }, () => factor * learningRate);
  }
  const { config } = learningRate;
  if (config?.name === 'scaled') {
    return scaledSchedule(fromSaved(config.learningRate), factor * config.factor);
  }
  const rate = (step: number, share?: number) => factor * learningRate(step, share);
  return config ? schedule(caller, { name: 'scaled', factor, learningRate: config }, rate) : rate;
}

function fromSaved(learningRate: number | ScheduleConfig): LearningRate {
  return typeof learningRate === 'object' ? scheduleFromConfig(learningRate) : learningRate;
}

/** The present names of the fields that earlier versions wrote in a {@link ScheduleConfig}. */
const earlierNames = { type: 'name' };
const earlierWarmupNames = {
  learningRate: 'peak',
  startRate: 'start',
  finalRate: 'end',
  rule: 'convention',
  holdSteps: 'everySteps',
};

/** A saved schedule, with fields renamed as in this version. */
export function upgradeScheduleConfig(config: unknown): unknown {
  if (!isObject(config)) return config;
  const named = renameFields(config, earlierNames);
  if (named.name === 'warmupCosine') return renameFields(named, earlierWarmupNames);
  const { learningRate } = named;
  // Scaled schedules do not nest, except in a hostile file.
  if (
    named.name === 'scaled' &&
    isObject(learningRate) &&
    (learningRate.name ?? learningRate.type) !== 'scaled'
  ) {
    return { ...named, learningRate: upgradeScheduleConfig(learningRate) };
  }
  return named;
}

/**
 * Rebuilds a schedule from its saved `config`, also that of an earlier version.
 *
 * @param config - The saved `config`.
 * @returns A schedule with the same rate at every step.
 * @throws {@link InvalidOptionError} when `config` has an unknown name or holds what the schedule refuses.
 * @example
 * const again = scheduleFromConfig(JSON.parse(JSON.stringify(schedule.config)));
 */
export function scheduleFromConfig(config: ScheduleConfig): LearningRateSchedule {
  return fromData('scheduleFromConfig', 'config', config, () =>
    make(upgradeScheduleConfig(config) as ScheduleConfig),
  );
}

function make(config: ScheduleConfig): LearningRateSchedule {
  const caller = 'scheduleFromConfig';
  const name = config?.name;
  if (name === 'constant') {
    checkKeys(caller, config, { name: 1, learningRate: 1 }, 'config');
    return constantSchedule(config.learningRate);
  }
  if (name === 'warmupCosine') {
    const { name: _, ...options } = config;
    return warmupCosineSchedule(options);
  }
  if (name === 'warmupCosineByShare') {
    const { name: _, ...options } = config;
    return warmupCosineByShare(options);
  }
  if (name === 'scaled') {
    checkKeys(caller, config, { name: 1, factor: 1, learningRate: 1 }, 'config');
    const { learningRate, factor } = config;
    // This library never writes nested ones. A hostile file could nest them without end.
    const nested = typeof learningRate === 'object' && learningRate?.name === 'scaled';
    if (!nested) return scaledSchedule(fromSaved(learningRate), factor);
  }
  throw new InvalidOptionError(
    receivedMessage(
      caller,
      'config.name must be "constant", "warmupCosine", "warmupCosineByShare" or "scaled" (not of "scaled")',
      'config.name',
      name,
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
