import { unlessLost } from '../../backend/lost-device.js';
import { yieldToEventLoop } from '../../backend/yield-to-event-loop.js';
import { batchesPerEpoch, datasetSize, type ImageDataset } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import type { NamedOptimizer } from '../../optimizers/index.js';
import type {
  Callback,
  EpochRecord,
  FitContext,
  FitOutcome,
  FitStart,
  StepRecord,
} from '../callbacks/callback.js';
import { checkCallbacks } from '../callbacks/check-callbacks.js';
import { emptyHistory, type History } from '../callbacks/history.js';
import { presentSettings } from '../checkpoints/trainer-settings.js';
import type { TrainingPlan } from '../options/part-configs.js';
import { countsInEpochs, plannedLearningRate, rateOfAnyLength } from '../options/planned-learning-rate.js';
import { ensureBackend } from '../preflight/ensure-backend.js';
import { checkSettings, fitSettings, settingsChanges } from '../run-settings.js';
import { ScheduledViews } from '../schedules/view-schedules.js';
import { checkDatasetLabels } from '../step/check-labels.js';
import { checkMicroBatch } from '../step/check-micro-batch.js';
import type { TrainerCore } from '../step/trainer-core.js';
import type { Trainer } from '../trainer.js';
import { checkDataset } from './check-dataset.js';
import { type FitBatch, stepBatches } from './epoch-batches.js';
import { FitAverage } from './fit-average.js';
import { type FitOptions, fitKeys } from './fit-options.js';
import { FitSteps } from './fit-steps.js';
import { type PendingStep, PendingSteps } from './pending-steps.js';
import { epochsOf, RunLength } from './run-length.js';
import { viewRequests } from './view-requests.js';

const caller = 'SimCLR.fit';
const timeIsUp = 'the time is up';

/** Runs the epochs: what `SimCLR.fit` does. */
export async function fitTrainer(
  trainer: Trainer,
  core: TrainerCore,
  dataset: ImageDataset,
  options: FitOptions,
): Promise<History> {
  return new FitRun(trainer, core, dataset, options).execute();
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

class FitRun {
  private readonly history: History = emptyHistory();
  private readonly callbacks: Callback[];
  private readonly context: Writable<FitContext>;
  private readonly batchSize: number;
  private readonly microBatchSize: number | undefined;
  private readonly maxSteps: number;
  private readonly steps: FitSteps;
  private readonly length: RunLength;
  private readonly average: FitAverage;
  private readonly schedules: ScheduledViews | undefined;
  private stepsTaken = 0;
  private stopReason: string | undefined;

  constructor(
    trainer: Trainer,
    private readonly core: TrainerCore,
    private readonly dataset: ImageDataset,
    private readonly options: FitOptions,
  ) {
    checkKeys(caller, options, fitKeys);
    core.checkPresent('augmentation', 'loss', 'optimizer');
    const { batchSize = 64, maxSteps = Number.POSITIVE_INFINITY, callbacks = [] } = options;
    const epochs = epochsOf(options);
    checkInteger(caller, 'batchSize', batchSize, 2);
    if (epochs !== Number.POSITIVE_INFINITY || options.epochs !== undefined) {
      checkInteger(caller, 'epochs', epochs);
    }
    if (options.datasetSize !== undefined) checkInteger(caller, 'datasetSize', options.datasetSize);
    if (options.resume && options.epochs === undefined && options.minutes === undefined) {
      throw new InvalidOptionError(
        `${caller}: epochs or minutes must be given with resume: those of the whole run. Received: epochs=undefined.`,
      );
    }
    if (maxSteps !== Number.POSITIVE_INFINITY) checkInteger(caller, 'maxSteps', maxSteps);
    this.batchSize = batchSize;
    const { microBatchSize } = options;
    if (microBatchSize !== undefined) {
      checkMicroBatch(caller, core, microBatchSize, batchSize, 'batchSize');
      if (microBatchSize < batchSize) this.microBatchSize = microBatchSize;
    }
    this.steps = new FitSteps(core, options, batchSize, this.microBatchSize);
    this.length = new RunLength(core, options);
    this.average = new FitAverage(core, options.averageWeights, this.length);
    this.schedules = ScheduledViews.of(core.augmentations, options.schedules);
    this.maxSteps = maxSteps;
    checkCallbacks(caller, callbacks);
    this.callbacks = callbacks;
    this.context = {
      simclr: trainer,
      offTheClock: (work) => this.length.pause(work),
      stop: (reason) => {
        this.stopReason ??= reason;
      },
    };
  }

  async execute(): Promise<History> {
    checkDataset(this.dataset, this.batchSize);
    checkDatasetLabels(caller, this.core.loss, this.options.labels, this.dataset);
    this.checkSettings();
    if (this.options.checkBackend !== false) {
      await this.unlessLost(() => ensureBackend(this.core, this.imagesAtATime()));
    }
    const { first, last } = this.epochRange();
    this.planLearningRate(last);
    this.length.begin(this.dataset, { ...this.options, batchSize: this.batchSize }, first, last);
    this.average.begin(this.options.resume ?? false);
    if (this.schedules) this.length.requireShare('schedules');
    const start = this.describeStart(first, last);
    let outcome: FitOutcome = 'failed';
    const errors: unknown[] = [];
    try {
      await this.call((callback) => callback.onFitStart?.(start, this.context));
      if (this.length.wasOver) this.stopReason = timeIsUp;
      for (let epoch = first; epoch < last && !this.ended(); epoch++) await this.runEpoch();
      outcome = this.options.signal?.aborted
        ? 'aborted'
        : this.stopReason === undefined
          ? 'completed'
          : 'stopped';
      this.average.end();
    } catch (error) {
      errors.push(error);
    } finally {
      this.core.scheduled = undefined;
    }
    this.history.outcome = outcome;
    if (this.stopReason !== undefined) this.history.reason = this.stopReason;
    for (const callback of this.callbacks) {
      // Each gets its turn to clean up, whatever became of the others.
      try {
        await callback.onFitEnd?.(outcome, this.context);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
    return this.history;
  }

  /** Refuses to resume with other settings than before, and remembers those of this run. */
  private checkSettings(): void {
    const { core, options } = this;
    const settings = { ...fitSettings(this.dataset, options), schedules: this.schedules?.settings ?? null };
    if (options.resume) {
      const changes = core.lastFit ? settingsChanges(core.lastFit, settings) : [];
      if (core.savedSettings) changes.push(...settingsChanges(core.savedSettings, presentSettings(core)));
      checkSettings(changes, options.allowChanges ?? false);
    }
    core.lastFit = settings;
    core.savedSettings = undefined;
  }

  /** Resolves a plan of the learning rate for the whole run, from its first step to the end of epoch `last`. */
  private planLearningRate(last: number): void {
    const { learningRatePlan: plan, optimizer } = this.core;
    if (plan === undefined) return;
    (optimizer as NamedOptimizer).learningRate = countsInEpochs(plan)
      ? plannedLearningRate(plan, this.trainingPlan(last))
      : rateOfAnyLength(plan, this.batchSize);
  }

  /** What a plan that counts in epochs is resolved from. */
  private trainingPlan(last: number): TrainingPlan {
    if (!Number.isFinite(last)) {
      throw new InvalidOptionError(
        `${caller}: epochs must be given for a learning rate that is planned in epochs; warmupCosineByShare follows minutes. Received: epochs=undefined, minutes=${this.options.minutes}.`,
      );
    }
    const size = datasetSize(this.dataset) ?? this.options.datasetSize;
    if (size === undefined) {
      throw new InvalidOptionError(
        `${caller}: datasetSize must be given for a plan of the learning rate, because this dataset does not tell how many images it has. Received: datasetSize=undefined.`,
      );
    }
    return { batchSize: this.batchSize, epochs: last, datasetSize: size };
  }

  /** Images that enter the encoder together, all views counted; unknown where batches have a size of their own. */
  private imagesAtATime(): number | undefined {
    if (!('shape' in this.dataset)) return undefined;
    const { augmentations, viewBatching } = this.core;
    const sameSize = augmentations.filter((transform) => transform === augmentations[0]).length;
    return (this.microBatchSize ?? this.batchSize) * (viewBatching === 'joint' ? Math.max(sameSize, 1) : 1);
  }

  private epochRange(): { first: number; last: number } {
    const { resume = false } = this.options;
    const epochs = epochsOf(this.options);
    const { progress } = this.core;
    if (!resume && progress.batch > 0) {
      progress.epoch++;
      progress.batch = 0;
    }
    const first = progress.epoch;
    return { first, last: resume ? Math.max(epochs, first) : first + epochs };
  }

  private describeStart(first: number, last: number): FitStart {
    const perEpoch = batchesPerEpoch(this.dataset, { batchSize: this.batchSize });
    const start: FitStart = { epochs: last - first, batchSize: this.batchSize };
    const { minutes } = this.options;
    if (minutes !== undefined) start.minutes = this.length.minutesLeft;
    if (perEpoch !== undefined) start.stepsPerEpoch = perEpoch;
    const all = perEpoch === undefined ? this.maxSteps : perEpoch * (last - first) - this.core.progress.batch;
    const totalSteps = Math.min(all, this.maxSteps);
    if (Number.isFinite(totalSteps)) start.totalSteps = Math.max(totalSteps, 0);
    return start;
  }

  private ended(): boolean {
    return (
      this.options.signal?.aborted === true ||
      this.stopReason !== undefined ||
      this.stepsTaken >= this.maxSteps
    );
  }

  private async runEpoch(): Promise<void> {
    const { core, batchSize } = this;
    const { progress } = core;
    const { shuffle = true } = this.options;
    const startBatch = progress.batch;
    // A data set that cuts the views does so for a whole epoch.
    core.scheduled = this.schedules?.at(this.length.shareAtEpochStart);
    const views = viewRequests(core, progress.epoch);
    const batches = stepBatches(caller, this.dataset, {
      ...(views && { views }),
      batchSize,
      microBatchSize: this.microBatchSize,
      shuffle,
      seed: core.seed,
      epoch: progress.epoch,
      startBatch,
    });
    const record: EpochRecord = {
      epoch: progress.epoch,
      loss: 0,
      seconds: 0,
      pairsPerSecond: 0,
      steps: 0,
      partial: false,
      metrics: {},
    };
    let pairs = 0;
    let cut = false;
    const began = performance.now();
    const paused = this.length.secondsPaused;
    let stepBegan = began;
    const steps = new PendingSteps(async (pending) => {
      const { batch } = pending;
      const made = await this.steps.resultOf(pending);
      const size = batch.indices.length;
      const seconds = (performance.now() - stepBegan) / 1000;
      const step: StepRecord = { ...made, epoch: record.epoch, seconds, pairs: size };
      record.loss += made.loss * size;
      pairs += size;
      this.history.steps.push(step);
      this.context.batch = batch.whole;
      this.context.pictures = (count) => this.firstPictures(batch, count);
      try {
        await this.call((callback) => callback.onStepEnd?.(step, this.context));
      } finally {
        this.context.batch = undefined;
        this.context.pictures = undefined;
      }
      stepBegan = performance.now();
    });
    try {
      for await (const batch of batches) {
        const taken = await this.takeStep(batch, record);
        if (taken) await steps.add(taken);
        await yieldToEventLoop();
        if (!taken?.late) stepBegan = performance.now();
        this.length.tell();
        if (this.stepsTaken > 0 && this.length.isOver) this.stopReason ??= timeIsUp;
        cut = this.ended();
        if (cut) break;
      }
    } catch (error) {
      await steps.settle(); // a step before the one that failed; what came of it comes first
      throw error;
    }
    await steps.settle();
    if (record.steps === 0 && progress.batch === startBatch) {
      // Resumed at the very end of an epoch, where an iterable had not yet said that it has no more.
      this.endEpoch();
      return;
    }
    // The data may have ended at the very step that ended training: then the epoch is whole.
    record.partial = cut && progress.batch !== batchesPerEpoch(this.dataset, { batchSize });
    record.seconds = (performance.now() - began) / 1000 - (this.length.secondsPaused - paused);
    record.loss /= pairs; // NaN where every step was left out
    record.pairsPerSecond = pairs / record.seconds;
    if (!record.partial) this.endEpoch();
    this.history.epochs.push(record);
    await this.call((callback) => callback.onEpochEnd?.(record, this.context));
  }

  private firstPictures(batch: FitBatch, limit: number): ReturnType<NonNullable<FitContext['pictures']>> {
    const count = Math.min(limit, batch.indices.length, this.microBatchSize ?? Number.POSITIVE_INFINITY);
    return {
      images: batch.rows(0, count),
      indices: Uint32Array.from(Array.from(batch.indices).slice(0, count)),
    };
  }

  private endEpoch(): void {
    this.core.progress.epoch++;
    this.core.progress.batch = 0;
  }

  /** Takes a step and counts it; `undefined` where it was left out. */
  private async takeStep(batch: FitBatch, record: EpochRecord): Promise<PendingStep | undefined> {
    let taken: PendingStep | undefined;
    try {
      // On some backends NaN in an image never reaches the loss; a later pass is of the same images.
      if (this.history.epochs.length === 0 || record.steps === 0) {
        await this.unlessLost(() => batch.checkValues());
      }
      this.length.tell();
      const { share } = this.length;
      this.core.scheduled = this.schedules?.at(share);
      taken = await this.steps.take(batch);
      this.core.progress.batch = batch.number + 1;
      if (taken) {
        this.average.stepTaken(share);
        this.stepsTaken++;
        record.steps++;
      } else {
        const skipped = this.steps.skipped!;
        await this.call((callback) => callback.onStepSkipped?.(skipped, this.context));
      }
      return taken;
    } finally {
      if (!taken) batch.dispose();
    }
  }

  private async call(hook: (callback: Callback) => void | Promise<void> | undefined): Promise<void> {
    for (const callback of this.callbacks) await this.unlessLost(async () => hook(callback));
  }

  /** What `work` gives, unless the graphics device is lost: what is read from it then may never come. */
  private unlessLost<T>(work: () => Promise<T>): Promise<T> {
    return unlessLost(caller, this.core.progress.step, work);
  }
}
