import { checkKeys } from '../../errors/check-keys.js';
import { checkChoice, checkInteger, checkNonNegative } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { type LearningRate, warmupCosineByShare, warmupCosineSchedule } from '../../optimizers/index.js';
import type { LearningRateConfig, LearningRatePlan, TrainingPlan } from './part-configs.js';

const caller = 'plannedLearningRate';

/**
 * The learning rate that a plan in epochs means for a batch size, a number of epochs and a size of the data set: what
 * `fit` gives an optimizer whose learning rate is a plan. A last batch that is not full is left out, as in `fit`.
 *
 * @param config - Base rate, how it follows the batch, and the schedule in epochs.
 * @param training - Batch size, epochs and size of the data set.
 * @returns A number, or a schedule that can be saved.
 * @throws {@link InvalidOptionError} when a value is outside its domain, or the warm-up is longer than the run.
 * @example
 * const learningRate = plannedLearningRate(
 *   { base: 0.3, scaling: 'linear', schedule: { name: 'warmupCosine', warmupEpochs: 10 } },
 *   { batchSize: 512, epochs: 100, datasetSize: 50_000 },
 * );
 * const optimizer = new LARS({ learningRate });
 */
export function plannedLearningRate(config: LearningRateConfig, training: TrainingPlan): LearningRate {
  checkPlan(caller, config);
  checkTraining(caller, training);
  const { batchSize, epochs, datasetSize } = training;
  if (!countsInEpochs(config)) return rateOfAnyLength(config, batchSize);

  const { warmupEpochs, cosineEpochs, start, end, convention, interval = 'step' } = config.schedule;
  if (cosineEpochs === undefined && warmupEpochs > epochs) {
    throw new InvalidOptionError(
      `${caller}: the warm-up must not be longer than the run. Received: schedule.warmupEpochs=${warmupEpochs}, epochs=${epochs}.`,
    );
  }
  const stepsPerEpoch = Math.floor(datasetSize / batchSize);
  return warmupCosineSchedule({
    peak: scaledRate(config, batchSize),
    warmupSteps: Math.round(warmupEpochs * stepsPerEpoch),
    totalSteps: Math.max(
      1,
      Math.round((cosineEpochs === undefined ? epochs : warmupEpochs + cosineEpochs) * stepsPerEpoch),
    ),
    everySteps: interval === 'epoch' ? stepsPerEpoch : 1,
    ...(start !== undefined && { start }),
    ...(end !== undefined && { end }),
    ...(convention !== undefined && { convention }),
  });
}

/** A plan that counts in epochs. */
type PlanInEpochs = LearningRateConfig & { schedule: Extract<LearningRatePlan, { name: 'warmupCosine' }> };

/** Whether a plan counts in epochs, so that it needs to know how long a run is. */
export function countsInEpochs(config: LearningRateConfig): config is PlanInEpochs {
  return config.schedule?.name === 'warmupCosine';
}

/** The learning rate of a plan that does not count in epochs. */
export function rateOfAnyLength(config: LearningRateConfig, batchSize: number): LearningRate {
  const peak = scaledRate(config, batchSize);
  const { schedule } = config;
  if (schedule?.name !== 'warmupCosineByShare') return peak;
  const { name: _, ...options } = schedule;
  return warmupCosineByShare({ peak, ...options });
}

/** The base rate, scaled to the batch. */
function scaledRate({ base, scaling = 'none', ...config }: LearningRateConfig, batchSize: number): number {
  const { referenceBatchSize = scaling === 'sqrt' ? 1 : 256 } = config;
  const ratio = batchSize / referenceBatchSize;
  return base * { none: 1, linear: ratio, sqrt: Math.sqrt(ratio) }[scaling];
}

/** @throws {@link InvalidOptionError} unless every field of a plan is known and in its domain. */
export function checkPlan(caller: string, config: LearningRateConfig): void {
  checkKeys(caller, config, { base: 1, scaling: 1, referenceBatchSize: 1, schedule: 1 }, 'config');
  const { base, scaling = 'none', referenceBatchSize = 1, schedule = { name: 'constant' } } = config;
  checkNonNegative(caller, 'base', base);
  checkInteger(caller, 'referenceBatchSize', referenceBatchSize);
  checkChoice(caller, 'scaling', scaling, ['none', 'linear', 'sqrt']);
  checkChoice(caller, 'schedule.name', schedule.name, ['constant', 'warmupCosine', 'warmupCosineByShare']);
  if (schedule.name === 'constant') {
    checkKeys(caller, schedule, { name: 1 }, 'schedule');
    return;
  }
  if (schedule.name === 'warmupCosineByShare') {
    checkKeys(caller, schedule, { name: 1, warmupShare: 1, start: 1, end: 1 }, 'schedule');
    const { name: _, ...options } = schedule;
    warmupCosineByShare({ peak: base, ...options });
    return;
  }
  const keys = {
    name: 1,
    warmupEpochs: 1,
    cosineEpochs: 1,
    start: 1,
    end: 1,
    convention: 1,
    interval: 1,
  };
  checkKeys(caller, schedule, keys, 'schedule');
  const { warmupEpochs, cosineEpochs, start, end, convention = 'google', interval = 'step' } = schedule;
  checkNonNegative(caller, 'schedule.warmupEpochs', warmupEpochs);
  for (const [name, value] of Object.entries({ cosineEpochs, start, end })) {
    if (value !== undefined) checkNonNegative(caller, `schedule.${name}`, value);
  }
  checkChoice(caller, 'schedule.convention', convention, ['google', 'lightly']);
  checkChoice(caller, 'schedule.interval', interval, ['step', 'epoch']);
}

/** @throws {@link InvalidOptionError} unless every field of `training` is known and in its domain. */
function checkTraining(caller: string, training: TrainingPlan): void {
  checkKeys(caller, training, { batchSize: 1, epochs: 1, datasetSize: 1 }, 'training');
  const { batchSize, epochs, datasetSize } = training;
  checkInteger(caller, 'batchSize', batchSize);
  checkInteger(caller, 'epochs', epochs);
  checkInteger(caller, 'datasetSize', datasetSize);
  if (datasetSize < batchSize) {
    throw new InvalidOptionError(
      `${caller}: the data set must fill at least one batch. Received: datasetSize=${datasetSize}, batchSize=${batchSize}.`,
    );
  }
}
