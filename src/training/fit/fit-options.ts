import type { KnownKeys } from '../../errors/check-keys.js';
import type { AverageWeightsOptions } from '../averaging/average-settings.js';
import type { Callback } from '../callbacks/callback.js';
import type { AugmentationSchedule, ViewSchedules } from '../schedules/view-schedules.js';
import type { SkipNonFinite } from './non-finite-policy.js';

/** Options of `fit`. */
export interface FitOptions {
  /**
   * Passes over the data in this call; with `resume`, which requires `epochs` or `minutes`, in the whole run.
   *
   * @defaultValue `1`, or no limit where `minutes` is given
   */
  epochs?: number;
  /**
   * Minutes of training in this call; with `resume`, in the whole run, whose time so far a checkpoint holds. Training ends
   * after the step that passes them, so that a call takes at least one step. A learning rate by the share of the run
   * (`warmupCosineByShare`) follows the clock then, or the epochs where those end first. A finite number > 0.
   *
   * @defaultValue no limit
   */
  minutes?: number;
  /** Images per step, at least 2; batches from an iterable keep their own size. @defaultValue `64` */
  batchSize?: number;
  /**
   * Images that go through the network at a time: bounds the memory of a step whatever its `batchSize`, at the price of
   * one more forward pass. It must divide `batchSize`. The gradients stay those of the whole batch; batch normalization
   * sees one micro-batch at a time, all views of its images together where `viewBatching` is `'joint'`.
   *
   * @defaultValue `batchSize`: all at once
   */
  microBatchSize?: number;
  /** Draw the images in a new random order each epoch (images in memory only). @defaultValue `true` */
  shuffle?: boolean;
  /** Ends after this many steps of this call, even within an epoch. @defaultValue no limit */
  maxSteps?: number;
  /**
   * Continue where a saved run was interrupted: at the same epoch and batch, up to `epochs` in all, which must be given.
   * Otherwise an epoch that was cut short counts as done and a new one begins.
   *
   * @defaultValue `false`
   */
  resume?: boolean;
  /**
   * With `resume`: whether settings may change, such as `batchSize` or the learning rate. `true`, or the names that an
   * error about it lists.
   *
   * @defaultValue `false`
   */
  allowChanges?: boolean | readonly string[];
  /**
   * What happens when a loss or a gradient is NaN or infinite. `'stop'`: `fit` rejects. Otherwise the step is left out,
   * its weights unchanged, and training continues with the next batch: see {@link SkipNonFinite}. A backend whose values
   * come late (WebGPU) then has to wait for each loss before it changes the weights.
   *
   * @defaultValue `'stop'`
   */
  onNonFinite?: 'stop' | SkipNonFinite;
  /**
   * The class of each image by its number in the data set, for a loss that needs it: integers, negative = unknown.
   *
   * @defaultValue the labels that the batches of the data set carry, such as those of an image folder with classes
   */
  labels?: ArrayLike<number>;
  /**
   * Before the first step with a backend, ask {@link checkBackend} whether it can train: some ten milliseconds, once for
   * each trainer and backend.
   *
   * @defaultValue `true`
   */
  checkBackend?: boolean;
  /**
   * Images in the data set, for a plan of the learning rate where the data set does not tell: a recipe's `training` has
   * it.
   *
   * @defaultValue the data set's own
   */
  datasetSize?: number;
  /**
   * Averages the weights over the run: see {@link AverageWeightsOptions}. At the end, encoder and projection head have the
   * average, which `embed` and exports then use; see `SimCLR.useWeights`. A later `fit` continues from the trained weights
   * and, with `resume`, from the average so far. Checkpoints hold both.
   *
   * @defaultValue none
   */
  averageWeights?: AverageWeightsOptions;
  /**
   * Changes the views over the share of the run that is done, by steps or by the clock: small ones first
   * (`{ size: { from: 16 } }`), weak colors first (`{ strength: { from: 0.5 } }`), or your own function from the share, 0
   * to 1, to the augmentation. A data set that cuts the views out of files changes their size between epochs only.
   *
   * @defaultValue none
   */
  schedules?: ViewSchedules | AugmentationSchedule;
  /** Called in this order at each event. @defaultValue none */
  callbacks?: Callback[];
  /** Ends training after the current step when aborted; `fit` then resolves with outcome `'aborted'`. */
  signal?: AbortSignal;
}

/** Every option of `fit`. */
export const fitKeys = {
  epochs: 1,
  minutes: 1,
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
  datasetSize: 1,
  averageWeights: 1,
  schedules: 1,
} as const satisfies KnownKeys<FitOptions>;
