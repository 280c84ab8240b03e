import { readsLate } from '../../backend/late-reading.js';
import { unlessLost } from '../../backend/lost-device.js';
import { yieldToEventLoop } from '../../backend/yield-to-event-loop.js';
import { batchesPerEpoch, type ImageDataset } from '../../data/index.js';
import { checkKeys, type KnownKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import { InvalidOptionError, type NonFiniteLossError } from '../../errors/errors.js';
import { isError } from '../../errors/is-error.js';
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
import { checkRecipe, fitRecipe, recipeChanges } from '../checkpoints/run-settings.js';
import { presentRecipe } from '../checkpoints/snapshot.js';
import type { TrainingPlan } from '../options/part-configs.js';
import { ensureBackend } from '../preflight/ensure-backend.js';
import type { SimCLR } from '../simclr.js';
import { checkDatasetLabels, labelsOf } from '../step/check-labels.js';
import { checkMicroBatch } from '../step/check-micro-batch.js';
import { checkDataset } from './check-dataset.js';
import { type FitBatch, stepBatches } from './epoch-batches.js';
import { NonFinitePolicy, type SkipNonFinite } from './non-finite-policy.js';
import { type MadeStep, MadeSteps } from './pending-steps.js';
import { viewRequests } from './view-requests.js';

/** Options of `fit`. */
export interface FitOptions {
  /** Passes over the data in this call; with `resume`, which requires it, in the whole run. @defaultValue `1` */
  epochs?: number;
  /** Pictures a step, at least 2; batches from an iterable keep their own size. @defaultValue `64` */
  batchSize?: number;
  /**
   * Pictures that go through the network at a time: bounds the memory of a step whatever its `batchSize`, at the price of
   * one more forward pass. It must divide `batchSize`. The gradients stay those of the whole batch; batch normalisation
   * sees one micro-batch at a time, all views of its pictures together where `viewBatching` is `'joint'`.
   *
   * @defaultValue `batchSize`: all at once
   */
  microBatchSize?: number;
  /** Draw the pictures in a new random order each epoch (pictures in memory only). @defaultValue `true` */
  shuffle?: boolean;
  /** Ends after this many steps of this call, even within an epoch. @defaultValue no limit */
  maxSteps?: number;
  /**
   * Go on where a saved run was interrupted: at the same epoch and batch, up to `epochs` in all, which must be given.
   * Otherwise an epoch that was cut short counts as done and a new one begins.
   *
   * @defaultValue `false`
   */
  resume?: boolean;
  /**
   * With `resume`: whether the steps may be taken by another recipe than those before, such as another `batchSize` or
   * learning rate. `true`, or the names that an error about it lists.
   *
   * @defaultValue `false`
   */
  allowChanges?: boolean | readonly string[];
  /**
   * What happens when a loss or a gradient is NaN or infinite. `'stop'`: `fit` rejects. Otherwise the step is left out,
   * its weights unchanged, and training goes on with the next batch: see {@link SkipNonFinite}. For that a backend whose
   * values come late (WebGPU) has to wait for each loss before it changes the weights.
   *
   * @defaultValue `'stop'`
   */
  onNonFinite?: 'stop' | SkipNonFinite;
  /**
   * The class of each picture by its number in the data set, for a loss that needs it: whole numbers, negative = unknown.
   * Of a labelled data set, `fit(images, { labels })`.
   *
   * @defaultValue none
   */
  labels?: ArrayLike<number>;
  /**
   * Before the first step with a backend, ask {@link checkBackend} whether it can train: some ten milliseconds, once for
   * each trainer and backend.
   *
   * @defaultValue `true`
   */
  checkBackend?: boolean;
  /** Called in this order at each event. @defaultValue none */
  callbacks?: Callback[];
  /** Ends training after the current step when aborted; `fit` then resolves with outcome `'aborted'`. */
  signal?: AbortSignal;
}

/** Every option of `fit`. */
export const fitKeys = {
  epochs: 1,
  batchSize: 1,
  microBatchSize: 1,
  shuffle: 1,
  maxSteps: 1,
  resume: 1,
  allowChanges: 1,
  onNonFinite: 1,
  labels: 1,
  checkBackend: 1,
  callbacks: 1,
  signal: 1,
  // Part of a recipe's `training`, which can be given as it is.
  datasetSize: 1,
} as const satisfies KnownKeys<FitOptions & Pick<TrainingPlan, 'datasetSize'>>;

/** Runs the epochs; the text behind `SimCLR.fit`. */
export async function fitSimCLR(
  simclr: SimCLR,
  dataset: ImageDataset,
  options: FitOptions,
): Promise<History> {
  const run = new FitRun(simclr, dataset, options);
  return run.execute();
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

class FitRun {
  private readonly history: History = emptyHistory();
  private readonly callbacks: Callback[];
  private readonly context: Writable<FitContext>;
  private readonly batchSize: number;
  private readonly microBatchSize: number | undefined;
  private readonly maxSteps: number;
  private stopReason: string | undefined;
  private readonly nonFinite: NonFinitePolicy;
  private steps = 0;

  constructor(
    private readonly simclr: SimCLR,
    private readonly dataset: ImageDataset,
    private readonly options: FitOptions,
  ) {
    checkKeys('SimCLR.fit', options, fitKeys);
    const { batchSize = 64, epochs = 1, maxSteps = Number.POSITIVE_INFINITY, callbacks = [] } = options;
    checkInteger('SimCLR.fit', 'batchSize', batchSize, 2);
    checkInteger('SimCLR.fit', 'epochs', epochs);
    if (options.resume && options.epochs === undefined) {
      throw new InvalidOptionError(
        'SimCLR.fit: epochs must be given with resume: the number of epochs of the whole run. Received: epochs=undefined.',
      );
    }
    if (maxSteps !== Number.POSITIVE_INFINITY) checkInteger('SimCLR.fit', 'maxSteps', maxSteps);
    this.nonFinite = new NonFinitePolicy(simclr, options.onNonFinite);
    this.batchSize = batchSize;
    const { microBatchSize } = options;
    if (microBatchSize !== undefined) {
      checkMicroBatch('SimCLR.fit', simclr, microBatchSize, batchSize, 'batchSize');
      if (microBatchSize < batchSize) this.microBatchSize = microBatchSize;
    }
    this.maxSteps = maxSteps;
    checkCallbacks('SimCLR.fit', callbacks);
    this.callbacks = callbacks;
    this.context = {
      simclr,
      stop: (reason) => {
        this.stopReason ??= reason;
      },
    };
  }

  async execute(): Promise<History> {
    checkDataset(this.dataset, this.batchSize);
    checkDatasetLabels('SimCLR.fit', this.simclr.loss, this.options.labels, this.dataset);
    this.checkRecipe();
    if (this.options.checkBackend !== false) {
      await this.unlessLost(() => ensureBackend(this.simclr, this.imagesAtATime()));
    }
    const { first, last } = this.epochRange();
    const start = this.describeStart(first, last);
    let outcome: FitOutcome = 'failed';
    const errors: unknown[] = [];
    try {
      await this.call((callback) => callback.onFitStart?.(start, this.context));
      for (let epoch = first; epoch < last && !this.ended(); epoch++) await this.runEpoch();
      outcome = this.options.signal?.aborted
        ? 'aborted'
        : this.stopReason === undefined
          ? 'completed'
          : 'stopped';
    } catch (error) {
      errors.push(error);
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

  /** Refuses to resume another run than the one before, and takes down what this one is. */
  private checkRecipe(): void {
    const { simclr, options } = this;
    const recipe = fitRecipe(this.dataset, options);
    if (options.resume) {
      const changes = simclr.lastFit ? recipeChanges(simclr.lastFit, recipe) : [];
      if (simclr.savedRecipe) changes.push(...recipeChanges(simclr.savedRecipe, presentRecipe(simclr)));
      checkRecipe(changes, options.allowChanges ?? false);
    }
    simclr.lastFit = recipe;
    simclr.savedRecipe = undefined;
  }

  /** Pictures that enter the encoder together, all views counted; unknown where batches have a size of their own. */
  private imagesAtATime(): number | undefined {
    if (!('shape' in this.dataset)) return undefined;
    const { augmentations, viewBatching } = this.simclr;
    const sameSize = augmentations.filter((transform) => transform === augmentations[0]).length;
    return (this.microBatchSize ?? this.batchSize) * (viewBatching === 'joint' ? Math.max(sameSize, 1) : 1);
  }

  private epochRange(): { first: number; last: number } {
    const { epochs = 1, resume = false } = this.options;
    const { progress } = this.simclr;
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
    if (perEpoch !== undefined) start.stepsPerEpoch = perEpoch;
    const all =
      perEpoch === undefined ? this.maxSteps : perEpoch * (last - first) - this.simclr.progress.batch;
    const totalSteps = Math.min(all, this.maxSteps);
    if (Number.isFinite(totalSteps)) start.totalSteps = Math.max(totalSteps, 0);
    return start;
  }

  private ended(): boolean {
    return (
      this.options.signal?.aborted === true || this.stopReason !== undefined || this.steps >= this.maxSteps
    );
  }

  private async runEpoch(): Promise<void> {
    const { simclr, batchSize } = this;
    const { progress } = simclr;
    const { shuffle = true } = this.options;
    const startBatch = progress.batch;
    const views = viewRequests(simclr, progress.epoch);
    const batches = stepBatches('SimCLR.fit', this.dataset, {
      ...(views && { views }),
      batchSize,
      microBatchSize: this.microBatchSize,
      shuffle,
      seed: simclr.seed,
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
    let stepBegan = began;
    const steps = new MadeSteps(async ({ batch, result }) => {
      const made = await this.resultOf(batch, result);
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
        const made = await this.makeStep(batch, record);
        if (made) await steps.add(made);
        await yieldToEventLoop();
        if (!made?.late) stepBegan = performance.now();
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
    record.seconds = (performance.now() - began) / 1000;
    record.loss /= pairs; // NaN where every step was left out
    record.pairsPerSecond = pairs / record.seconds;
    if (!record.partial) this.endEpoch();
    this.history.epochs.push(record);
    await this.call((callback) => callback.onEpochEnd?.(record, this.context));
  }

  private firstPictures(batch: FitBatch, most: number): ReturnType<NonNullable<FitContext['pictures']>> {
    const count = Math.min(most, batch.indices.length, this.microBatchSize ?? Number.POSITIVE_INFINITY);
    return {
      images: batch.rows(0, count),
      indices: Uint32Array.from(Array.from(batch.indices).slice(0, count)),
    };
  }

  private endEpoch(): void {
    this.simclr.progress.epoch++;
    this.simclr.progress.batch = 0;
  }

  /** Makes a step and counts it; `undefined` where it was left out. */
  private async makeStep(batch: FitBatch, record: EpochRecord): Promise<MadeStep | undefined> {
    let made: MadeStep | undefined;
    try {
      // On some backends NaN in a picture never reaches the loss; a later pass is of the same pictures.
      if (this.history.epochs.length === 0 || record.steps === 0) {
        await this.unlessLost(() => batch.checkValues());
      }
      made = await this.step(batch);
      this.simclr.progress.batch = batch.number + 1;
      if (made) {
        this.steps++;
        record.steps++;
      } else {
        const skipped = this.nonFinite.last!;
        await this.call((callback) => callback.onStepSkipped?.(skipped, this.context));
      }
      return made;
    } finally {
      if (!made) batch.dispose();
    }
  }

  private async step(batch: FitBatch): Promise<MadeStep | undefined> {
    const { microBatchSize, simclr } = this;
    const { indices } = batch;
    // Batches of an iterable have a size of their own.
    if (microBatchSize !== undefined && indices.length !== this.batchSize) {
      checkMicroBatch('SimCLR.fit', simclr, microBatchSize, indices.length, 'pictures of a batch');
    }
    if (this.options.labels !== undefined && batch.whole?.indicesArePlaces) {
      throw new InvalidOptionError(
        'SimCLR.fit: labels go by the numbers of the pictures, which the records of dataset must then have as index: their places change from epoch to epoch. Received: a batch without numbers.',
      );
    }
    const labels = labelsOf('SimCLR.fit', this.options.labels, indices);
    const options = { epoch: simclr.progress.epoch, labels, microBatchSize };
    // A step that may be left out has to be known before; processes that train together wait for each other anyway.
    if (readsLate() && !this.nonFinite.leavesOut && !simclr.parallel) {
      const { result } = await simclr.stepAhead(batch, options);
      return { batch, result, late: true };
    }
    try {
      const result = Promise.resolve(await simclr.step(batch, options));
      this.nonFinite.succeeded();
      return { batch, result, late: false };
    } catch (error) {
      this.nonFinite.skip(await this.explained(error, batch));
      return undefined;
    }
  }

  private async resultOf(batch: FitBatch, result: MadeStep['result']): ReturnType<SimCLR['step']> {
    try {
      return await result;
    } catch (error) {
      throw await this.explained(error, batch);
    }
  }

  /** NaN in a picture is the likelier cause of a loss that is not finite, and the one with a place to look at. */
  private async explained(error: unknown, batch: FitBatch): Promise<NonFiniteLossError> {
    if (!isError(error, 'NonFiniteLossError')) throw error;
    await batch.checkValues();
    return error;
  }

  private async call(hook: (callback: Callback) => void | Promise<void> | undefined): Promise<void> {
    for (const callback of this.callbacks) await this.unlessLost(async () => hook(callback));
  }

  /** What `work` gives, unless the graphics device is lost: what is read from it then may never come. */
  private unlessLost<T>(work: () => Promise<T>): Promise<T> {
    return unlessLost('SimCLR.fit', this.simclr.progress.step, work);
  }
}
