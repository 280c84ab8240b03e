import type { io } from '@tensorflow/tfjs-core';
import { yieldToEventLoop } from '../../backend/yield-to-event-loop.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger, receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { CheckpointLog } from '../checkpoints/log.js';
import { type CheckpointStore, isCheckpointStore } from '../checkpoints/store.js';
import type { Callback, EpochRecord, FitContext, StepRecord } from './callback.js';

/** What a checkpoint is judged by: smaller is better. `undefined` leaves the checkpoint out of the comparison. */
export type CheckpointMeasure = (record: {
  /** The steps since the checkpoint before, the last one last. */
  steps: readonly StepRecord[];
  /** The epoch that ended at the checkpoint, where one did. */
  epoch: EpochRecord | undefined;
}) => number | undefined;

/** Options of {@link checkpoint}. */
export interface CheckpointOptions {
  /** Steps between checkpoints; 0 = none within an epoch. @defaultValue `0` */
  everySteps?: number;
  /** Epochs between checkpoints; 0 = none at the ends of epochs. @defaultValue `1` */
  everyEpochs?: number;
  /** With a store: how many of the newest checkpoints are kept. Integer >= 1. @defaultValue `3` */
  keep?: number;
  /**
   * With a store: keeps the best checkpoint too, whatever its age. `'loss'`: by the mean loss since the one before; a
   * function, placed after what it reads: by what it returns, smaller is better. Where the data set does not tell its
   * length, the function is asked again when the epoch turns out to have ended at a checkpoint of steps.
   *
   * @defaultValue none is kept for its quality
   */
  best?: 'loss' | CheckpointMeasure;
  /** With a store: whether a trainer at step 0 may replace the checkpoints of a longer run. @defaultValue `false` */
  overwrite?: boolean;
  /**
   * Called when a checkpoint cannot be written (a full disk, for example); training then continues. Without it, training
   * ends with the error. What was written before is good in any case. Errors at the start are always thrown.
   */
  onError?: (error: unknown) => void;
  /** Called when a checkpoint has been written, with the number of steps behind it. */
  onSaved?: (step: number) => void;
}

/** What a checkpoint is written to. */
export type CheckpointTarget =
  | CheckpointStore
  | io.IOHandler
  | string
  | ((step: number) => io.IOHandler | string);

/**
 * Callback that saves the trainer as it goes: at the start, so that a full disk or a wrong path is known before
 * any work is done; at the given intervals; and at the end, also after an abort or a stop. `SimCLR.load` and
 * `fit(..., { epochs, resume: true })` continue from there.
 *
 * Within training a checkpoint is the state of its moment, and is written while the steps continue. One write is under
 * way at a time: a step that is to be saved waits for the one before. On a backend whose values come late (WebGPU) it
 * may hold one step more, and is written only once that step's loss is known to be finite.
 *
 * @param target - A store, which keeps several (`checkpointDirectory(path)` of `simclr-ts/node`), or where to save
 * the only one: any tfjs IO handler or URL string (`'indexeddb://my-model'`), or a function that gives one for a step.
 * `directory(path)` of `simclr-ts/node` writes atomically.
 * @throws {@link InvalidOptionError} when an interval is not an integer >= 0, or an option of stores is given without
 * one.
 */
export function checkpoint(target: CheckpointTarget, options: CheckpointOptions = {}): Callback {
  checkOptions(target, options);
  const { everySteps = 0, everyEpochs = 1, best, onError, onSaved } = options;
  const log = isCheckpointStore(target) ? new CheckpointLog(target, options) : undefined;
  let savedAt = -1;
  let steps: StepRecord[] = [];
  let stepsBefore: StepRecord[] = [];
  let stepsPerEpoch: number | undefined;
  let isDue = false;
  let writing: Promise<void> | undefined;
  let failure: { error: unknown } | undefined;

  const measure = (measured: readonly StepRecord[], epoch: EpochRecord | undefined): number | undefined => {
    if (best === undefined || (measured.length === 0 && !epoch)) return undefined;
    if (best !== 'loss') return best({ steps: measured, epoch });
    const pairs = measured.reduce((sum, step) => sum + step.pairs, 0);
    return measured.reduce((sum, step) => sum + step.loss * step.pairs, 0) / pairs;
  };
  const write = async ({ simclr }: FitContext, step: number, value: number | undefined) => {
    if (log) await log.save(simclr, value);
    else await simclr.save(typeof target === 'function' ? target(step) : (target as io.IOHandler | string));
    onSaved?.(step);
  };
  /** Waits for the write under way, and ends training if it failed and there is no `onError`. */
  const settle = async () => {
    await writing;
    writing = undefined;
    if (!failure) return;
    const { error } = failure;
    failure = undefined;
    if (!onError) throw error;
    onError(error);
  };
  const save = async (context: FitContext, epoch?: EpochRecord) => {
    const { step } = context.simclr.progress;
    if (step === savedAt && !epoch) return;
    await settle();
    if (step !== savedAt) {
      stepsBefore = steps;
      steps = [];
    }
    const value = measure(stepsBefore, epoch);
    savedAt = step;
    writing = write(context, step, value).catch((error: unknown) => {
      failure = { error };
    });
    await yieldToEventLoop(); // lets the snapshot finish what it reads by promises
  };
  return {
    async onFitStart(start, context) {
      ({ stepsPerEpoch } = start);
      isDue = false;
      steps = [];
      stepsBefore = [];
      failure = undefined;
      savedAt = context.simclr.progress.step; // the file may be another trainer's by now: saved in any case
      await log?.open(context.simclr);
      await write(context, savedAt, undefined);
    },
    async onStepEnd(step, context) {
      if (best !== undefined) steps.push(step);
      if (failure) await settle();
      if (everySteps === 0 || (step.step + 1) % everySteps !== 0) return;
      // At the end of the epoch, which comes next, more is known, and the position is that of the next epoch.
      isDue = context.simclr.progress.batch === stepsPerEpoch;
      if (!isDue) await save(context);
    },
    async onEpochEnd(epoch, context) {
      if (epoch.partial) return;
      // Where the length was not known, update the checkpoint of the last step to the end of the epoch.
      const isWanted = isDue || context.simclr.progress.step === savedAt;
      isDue = false;
      if (isWanted || (everyEpochs > 0 && (epoch.epoch + 1) % everyEpochs === 0)) await save(context, epoch);
    },
    async onFitEnd(outcome, context) {
      // After a failure the weights may be what made it fail: the last good checkpoint stays.
      if (outcome !== 'failed') await save(context);
      await settle();
    },
  };
}

function checkOptions(target: CheckpointTarget, options: CheckpointOptions): void {
  checkKeys('checkpoint', options, {
    everySteps: 1,
    everyEpochs: 1,
    keep: 1,
    best: 1,
    overwrite: 1,
    onError: 1,
    onSaved: 1,
  });
  const { everySteps = 0, everyEpochs = 1, keep = 3, best } = options;
  checkInteger('checkpoint', 'everySteps', everySteps, 0);
  checkInteger('checkpoint', 'everyEpochs', everyEpochs, 0);
  checkInteger('checkpoint', 'keep', keep);
  if (best !== undefined && best !== 'loss' && typeof best !== 'function') {
    throw new InvalidOptionError(
      receivedMessage('checkpoint', 'best must be "loss" or a function', 'best', best),
    );
  }
  if (isCheckpointStore(target)) return;
  for (const name of ['keep', 'best', 'overwrite'] as const) {
    if (options[name] === undefined) continue;
    throw new InvalidOptionError(
      `checkpoint: ${name} takes a store, such as checkpointDirectory(path) of simclr-ts/node, for its target. Received: ${name} with a target that holds one checkpoint.`,
    );
  }
}
