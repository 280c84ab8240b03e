import type { io } from '@tensorflow/tfjs-core';
import { checkInteger } from '../../errors/checks.js';
import type { Callback, FitContext } from './callback.js';

/** Options of {@link checkpoint}. */
export interface CheckpointOptions {
  /** Steps between checkpoints; 0 = none within an epoch. @defaultValue `0` */
  everySteps?: number;
  /** Epochs between checkpoints; 0 = none at the ends of epochs. @defaultValue `1` */
  everyEpochs?: number;
}

/**
 * Callback that saves the trainer as it goes: at the start, so that a full disk or a wrong path is known before
 * any work is done; at the given intervals; and at the end, also after an abort or a stop. `SimCLR.load` and
 * `fit(..., { resume: true })` go on from there.
 *
 * @param target - Where to save: any tfjs IO handler or URL string (`'indexeddb://my-model'`), or a function that
 * gives one for a step. `directory(path)` of `simclr-ts/node` writes atomically.
 * @throws {@link InvalidOptionError} when an interval is no whole number >= 0.
 */
export function checkpoint(
  target: io.IOHandler | string | ((step: number) => io.IOHandler | string),
  options: CheckpointOptions = {},
): Callback {
  const { everySteps = 0, everyEpochs = 1 } = options;
  checkInteger('checkpoint', 'everySteps', everySteps, 0);
  checkInteger('checkpoint', 'everyEpochs', everyEpochs, 0);
  let savedAt = -1;
  const save = async ({ simclr }: FitContext) => {
    const { step } = simclr.progress;
    if (step === savedAt) return;
    await simclr.save(typeof target === 'function' ? target(step) : target);
    savedAt = step;
  };
  return {
    async onFitStart(_, context) {
      savedAt = -1; // the file may be another trainer's by now
      await save(context);
    },
    async onStepEnd(step, context) {
      if (everySteps > 0 && (step.step + 1) % everySteps === 0) await save(context);
    },
    async onEpochEnd(epoch, context) {
      if (!epoch.partial && everyEpochs > 0 && (epoch.epoch + 1) % everyEpochs === 0) {
        await save(context);
      }
    },
    async onFitEnd(outcome, context) {
      // After a failure the weights may be what made it fail: the last good checkpoint stays.
      if (outcome !== 'failed') await save(context);
    },
  };
}
