import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { TensorBatch, ViewTensorBatch } from '../../data/index.js';
import type { Trainer } from '../trainer.js';

/** What is known when `fit` starts. */
export interface FitStart {
  /** Passes over the data that this call will make at most; infinite where only `minutes` ends it. */
  epochs: number;
  /** Minutes that this call may train, where they are limited. */
  minutes?: number;
  /** Pictures per step. */
  batchSize: number;
  /** Optimizer steps that this call will make, where the data set's size is known. */
  totalSteps?: number;
  /** Batches of a whole pass over the data, where the data set's size is known. */
  stepsPerEpoch?: number;
}

/** One optimizer step. */
export interface StepRecord {
  /** Number of the step since the model was made, from 0. */
  step: number;
  /** Pass over the data since the model was made, from 0. */
  epoch: number;
  /** Loss of the batch, in nats. */
  loss: number;
  /** Learning rate that the step used; NaN where the optimizer does not tell. */
  learningRate: number;
  /** Duration, data and augmentation included. */
  seconds: number;
  /** Pictures in the batch: each gives one positive pair. */
  pairs: number;
}

/** A step that was left out because its loss or a gradient was not finite. */
export interface SkippedStep {
  /** Number that the step would have had; the next step takes it. */
  step: number;
  /** Pass over the data since the model was made, from 0. */
  epoch: number;
  /** Batch of the pass, from 0. */
  batch: number;
  /** The loss; finite where only a gradient was not. */
  loss: number;
  /** Consecutive steps left out, including this one. */
  inSuccession: number;
  /** Factor of the learning rate from now on, against what it was when `fit` began. */
  learningRateFactor: number;
}

/** One pass over the data. */
export interface EpochRecord {
  /** Pass over the data since the model was made, from 0. */
  epoch: number;
  /** Mean loss over the pairs of the epoch. */
  loss: number;
  /** Duration in seconds. */
  seconds: number;
  /** Pictures trained on per second. */
  pairsPerSecond: number;
  /** Optimizer steps of this call in the epoch. */
  steps: number;
  /** `true` when the epoch was cut short: by an abort, a callback's stop, or a limit of steps. */
  partial: boolean;
  /** What callbacks measured in the epoch, by name. */
  metrics: Record<string, number>;
}

/** How a `fit` ended. */
export type FitOutcome = 'completed' | 'stopped' | 'aborted' | 'failed';

/** What callbacks can reach while `fit` runs. */
export interface FitContext {
  /** The trainer. */
  readonly simclr: Trainer;
  /**
   * The pictures of the step and their numbers, during `onStepEnd` only: they are disposed of after it. Where the data
   * set cut the views itself there are `views` and no `images`.
   */
  readonly batch?: TensorBatch | ViewTensorBatch | undefined;
  /**
   * The first pictures of the step and their numbers, during `onStepEnd` only: at most `count` of them, and at most as
   * many as go through the network at a time. Unlike `batch` it is there with `microBatchSize` too. Where the data set
   * cut the views itself, `images` holds these, one tensor per view. The caller disposes the tensors.
   */
  readonly pictures?:
    | ((count: number) => {
        /** `[count, height, width, channels]`, float32 in [0, 1]; where views were cut, one such tensor per view. */
        images: Tensor4D | readonly Tensor4D[];
        /** For each picture its number in the data set. */
        indices: ArrayLike<number>;
      })
    | undefined;
  /**
   * Runs work whose time is not training: it counts neither against the `minutes` of `fit` nor in `progress.seconds`,
   * `EpochRecord.seconds`, and `EpochRecord.pairsPerSecond`. Of several ranks, the clocks of the others go on.
   *
   * @param work - What to run, such as an evaluation.
   * @returns What `work` returns.
   */
  offTheClock<T>(work: () => Promise<T>): Promise<T>;
  /** Ends training after the current step, without an error; `reason` goes to the history. */
  stop(reason: string): void;
}

/**
 * Hooks into `fit`, all optional and awaited. An error thrown by one ends training and rejects `fit`; the weights
 * of the last finished step stay in the trainer. Every callback's `onFitEnd` is called even then; of several errors
 * the first is the one that `fit` rejects with.
 */
export interface Callback {
  /** Before the first step. */
  onFitStart?(start: FitStart, context: FitContext): void | Promise<void>;
  /** After each optimizer step; on a backend whose values come late (WebGPU), once the next one is under way. */
  onStepEnd?(step: StepRecord, context: FitContext): void | Promise<void>;
  /** After each step that was left out, where `fit` was told to: see its `onNonFinite`. */
  onStepSkipped?(skipped: SkippedStep, context: FitContext): void | Promise<void>;
  /** After each epoch, also a partial one; may add to `epoch.metrics`. */
  onEpochEnd?(epoch: EpochRecord, context: FitContext): void | Promise<void>;
  /** Once at the end, whatever the outcome; also without `onFitStart`, when that of a callback before it failed. */
  onFitEnd?(outcome: FitOutcome, context: FitContext): void | Promise<void>;
}
