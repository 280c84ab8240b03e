import type { Optimizer } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { NormalizeOptions, Transform } from '../../augmentations/index.js';
import { InvalidOptionError, SimCLRError } from '../../errors/errors.js';
import type { ReadoutStage } from '../../features/index.js';
import type { ViewLoss } from '../../losses/index.js';
import type { StatefulPart } from '../../tensors/stateful-part.js';
import type { WeightAverage } from '../averaging/weight-average.js';
import type { MadeParts } from '../options/make-parts.js';
import type { LearningRateConfig } from '../options/part-configs.js';
import type { ContrastiveLoss } from '../options/to-view-loss.js';
import type { FitSettings, TrainerSettings } from '../run-settings.js';
import type { Trainer, TrainerParts, TrainingProgress } from '../trainer.js';
import type { ParallelStep } from './parallel-step.js';
import { TrainerReadout } from './trainer-readout.js';

/** Anything that a trainer holds and can dispose of. */
interface Disposable {
  dispose?(): unknown;
}

/** A part that a checkpoint could not hold and that was not given again. */
export type MissingPart = 'augmentation' | 'loss' | 'optimizer';

/** What the inside of the library knows of a trainer, and `SimCLR` shows nobody. */
export class TrainerCore implements TrainerParts {
  readonly encoder: LayersModel;
  readonly projectionHead: LayersModel;
  readonly projectFrom: readonly ReadoutStage[] | null;
  readonly projected: LayersModel;
  augmentations: readonly Transform<unknown>[];
  readonly normalization: NormalizeOptions | null;
  readonly loss: ViewLoss;
  readonly customLoss: ContrastiveLoss | undefined;
  readonly optimizer: Optimizer;
  readonly viewBatching: 'joint' | 'separate';
  readonly seed: number;
  readonly extraState: Readonly<Record<string, StatefulPart>>;
  readonly readout: TrainerReadout;
  readonly progress: TrainingProgress = { step: 0, epoch: 0, batch: 0, seconds: 0 };

  /** The plan of the learning rate, until `fit` resolves it for the first time. */
  learningRatePlan: LearningRateConfig | undefined;
  /** Settings of the last `fit`, also of one before saving. */
  lastFit: FitSettings | undefined;
  /** What the checkpoint said that this trainer was loaded from, until its first `fit`. */
  savedSettings: TrainerSettings | undefined;
  /** Joins the steps of several processes into one, while they train. */
  parallel: ParallelStep | undefined;
  /** The last step, where the weights changed before its loss was known. Saving waits for it. */
  unchecked: Promise<unknown> | undefined;
  /** What makes the views instead of `augmentations`, while `fit` changes them. */
  scheduled: readonly Transform<unknown>[] | undefined;
  /** The average of the weights over the run, if `fit` makes one. */
  average: WeightAverage | undefined;
  /** What training lacks, with what to do about it. */
  readonly missing = new Map<MissingPart, string>();

  private readonly owned: Set<Disposable>;
  /** Whether the weights are those of a step under way. */
  private inStep = false;
  private running: string | undefined;
  private disposed = false;

  constructor(parts: MadeParts) {
    this.encoder = parts.encoder;
    this.projectionHead = parts.projectionHead;
    this.projectFrom = parts.projectFrom;
    this.projected = parts.projected;
    this.augmentations = parts.augmentations;
    this.normalization = parts.normalization;
    this.loss = parts.loss;
    this.customLoss = parts.customLoss;
    this.optimizer = parts.optimizer;
    this.viewBatching = parts.viewBatching;
    this.seed = parts.seed;
    this.extraState = parts.extraState;
    this.readout = new TrainerReadout(parts);
    this.learningRatePlan = parts.learningRatePlan;
    this.owned = new Set(parts.made);
  }

  /** Runs what changes the weights. A second call meanwhile is refused, because overlapping steps would mix. */
  async exclusively<T>(caller: string, body: () => Promise<T>): Promise<T> {
    this.checkUsable(caller);
    if (this.running !== undefined) {
      throw new SimCLRError(
        `${caller}: a trainer makes one step at a time; await the call before. Received: a call while ${this.running} runs.`,
      );
    }
    this.running = caller;
    try {
      return await body();
    } finally {
      this.running = undefined;
    }
  }

  /** Runs a step: on the trained weights, which nothing exchanges meanwhile. */
  async duringStep<T>(step: () => Promise<T>): Promise<T> {
    const averaged = this.average?.inUse;
    this.useTrainedWeights();
    this.inStep = true;
    try {
      return await step();
    } catch (error) {
      if (averaged && this.average?.count) this.average.swap();
      throw error;
    } finally {
      this.inStep = false;
    }
  }

  /** Gives the models their trained weights, where they have the average. */
  useTrainedWeights(): void {
    if (this.average?.inUse) this.average.swap();
  }

  /**
   * Gives the models the trained weights or the average.
   *
   * @throws {@link SimCLRError} during a step, or when there is no average.
   */
  useWeights(caller: string, which: 'trained' | 'averaged'): void {
    this.checkUsable(caller);
    if (this.inStep) {
      throw new SimCLRError(
        `${caller}: the weights must not be exchanged during a step; await it, or call this in a callback. Received: a call while ${this.running} runs.`,
      );
    }
    if (which === 'trained') {
      this.useTrainedWeights();
      return;
    }
    if (!this.average?.count) {
      throw new SimCLRError(
        `${caller}: there must be an average; train with fit({ averageWeights }). Received: ${this.average ? 'no step that was averaged yet' : 'a trainer without one'}.`,
      );
    }
    if (!this.average.inUse) this.average.swap();
  }

  /** Forgets the average. The models have their trained weights then. */
  dropAverage(): void {
    this.useTrainedWeights();
    this.average?.dispose();
    this.average = undefined;
  }

  /** @throws {@link SimCLRError} after `dispose`. */
  checkUsable(caller: string): void {
    if (this.disposed) {
      throw new SimCLRError(
        `${caller}: the trainer must not be disposed of. Received: a call after SimCLR.dispose.`,
      );
    }
  }

  /** @throws {@link InvalidOptionError} when a part that was needed for training is missing; it says how to pass it. */
  checkPresent(...parts: MissingPart[]): void {
    for (const part of parts) {
      const advice = this.missing.get(part);
      if (advice !== undefined) throw new InvalidOptionError(advice);
    }
  }

  /** Makes the trainer dispose of a part that was made for it. */
  own(part: Disposable): void {
    this.owned.add(part);
  }

  /** Disposes of the parts that were made, and of those that were given where `includeGiven`. */
  dispose(includeGiven: boolean): void {
    if (this.disposed) return;
    this.disposed = true;
    this.readout.dispose();
    this.average?.dispose();
    for (const part of [this.encoder, this.projectionHead, this.optimizer, this.loss]) {
      if (includeGiven || this.owned.has(part)) part.dispose?.();
    }
  }
}

/** The same in every copy of the package, so that a trainer of one works with functions of another. */
const key = Symbol.for('simclr-ts.trainer-core');

/** Ties a trainer to its core. */
export function setCore(trainer: object, core: TrainerCore): void {
  Object.defineProperty(trainer, key, { value: core });
}

/**
 * The core of a trainer.
 *
 * @throws {@link InvalidOptionError} when it is not a trainer of this library.
 */
export function coreOf(caller: string, trainer: Trainer): TrainerCore {
  const core = (trainer as { [key]?: TrainerCore } | undefined)?.[key];
  if (core !== undefined) return core;
  throw new InvalidOptionError(
    `${caller}: simclr must be a SimCLR or a subclass of it. Received: ${trainer === null ? 'null' : typeof trainer}.`,
  );
}
