import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import type { TrainingProgress } from '../trainer.js';

/** Steps and epochs that an earlier trainer of the same run made. */
export interface CountsBefore {
  /** Steps. Integer >= 0. */
  step: number;
  /** Epochs. Integer >= 0. */
  epoch: number;
}

const none: CountsBefore = { step: 0, epoch: 0 };

/**
 * Checks the option `before` of a callback that numbers the steps of a run of several trainers.
 *
 * @param before - The `progress` of the earlier trainer, or its counts alone.
 * @throws `InvalidOptionError` unless it holds counts.
 */
export function countsBefore(caller: string, before: CountsBefore = none): CountsBefore {
  const known: Record<keyof TrainingProgress, 1> = { step: 1, epoch: 1, batch: 1, seconds: 1 };
  checkKeys(caller, before as Partial<TrainingProgress>, known, 'before');
  const { step, epoch } = before;
  checkInteger(caller, 'before.step', step, 0);
  checkInteger(caller, 'before.epoch', epoch, 0);
  return { step, epoch };
}
