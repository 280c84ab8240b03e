import type { io, Optimizer, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { NormalizeOptions, Transform } from '../augmentations/index.js';
import type { ImageArrayLike, ImageDataset } from '../data/index.js';
import { checkKeys } from '../errors/check-keys.js';
import { checkChoice } from '../errors/checks.js';
import type { Readout, ReadoutStage } from '../features/index.js';
import type { ViewLoss } from '../losses/index.js';
import type { StatefulPart } from '../tensors/stateful-part.js';
import type { History } from './callbacks/history.js';
import { loadTrainer } from './checkpoints/load.js';
import { saveTrainer } from './checkpoints/save.js';
import { embedDataset, projectDataset } from './embed.js';
import { fitTrainer } from './fit/fit.js';
import type { FitOptions } from './fit/fit-options.js';
import { checkOptions } from './options/check-options.js';
import { inputSizeOf } from './options/input-size.js';
import { temperatureOf } from './options/loss-option.js';
import { makeParts } from './options/make-parts.js';
import type { SimCLRLoadOptions, SimCLROptions } from './options/simclr-options.js';
import type { ContrastiveLoss } from './options/to-view-loss.js';
import { type TrainStepOptions, trainOnBatch } from './step/train-on-batch.js';
import { coreOf, setCore, TrainerCore } from './step/trainer-core.js';
import type { ReadoutStatus } from './step/trainer-readout.js';
import { trainingViews } from './step/views.js';
import { summarize } from './summary.js';
import type {
  EmbedOptions,
  SimCLREmbedOptions,
  Trainer,
  TrainingProgress,
  TrainStepResult,
} from './trainer.js';

/** Options of {@link SimCLR.dispose}. */
export interface DisposeOptions {
  /** Whether to dispose of the parts that you passed in, too. @defaultValue `false` */
  includeGiven?: boolean;
}

/**
 * SimCLR: learns representations of images without labels, by pulling two random views of the same image together and
 * pushing those of different images apart.
 *
 * A thin facade: an augmentation makes views, the encoder h, the projection head z, NT-Xent or another loss compares
 * them, and an optimizer takes a step. Replace any of these, or use it without `SimCLR`. The backend is whichever tfjs
 * has active.
 *
 * @example
 * const simclr = new SimCLR({ encoder: resnet18({ inputShape: [32, 32, 3], stem: 'small' }) });
 * await simclr.fit(images, { epochs: 10, batchSize: 64 });
 * const h = await simclr.embed(images);
 * @see Chen et al. 2020, arXiv:2002.05709.
 */
export class SimCLR implements Trainer {
  /**
   * @throws {@link InvalidOptionError} on an option outside its domain.
   * @throws {@link ShapeError} when the encoder does not take images, its output is not of rank 2, or
   * the head does not take it.
   */
  constructor(options: SimCLROptions = {}) {
    checkOptions(options);
    setCore(this, new TrainerCore(makeParts(options)));
  }

  /** f: images to representations h. */
  get encoder(): LayersModel {
    return coreOf('SimCLR', this).encoder;
  }

  /** g: representations h, or stages of the encoder, to projections z. */
  get projectionHead(): LayersModel {
    return coreOf('SimCLR', this).projectionHead;
  }

  /** The stages of the encoder that the head reads instead of h, or `null`. */
  get projectFrom(): readonly ReadoutStage[] | null {
    return coreOf('SimCLR', this).projectFrom;
  }

  /** What the head reads: the encoder itself, or a model of its layers that ends at the stages of `projectFrom`. */
  get projected(): LayersModel {
    return coreOf('SimCLR', this).projected;
  }

  /** Makes the first view; `undefined` after loading a model whose augmentation is not of this library. */
  get augmentation(): Transform<unknown> | undefined {
    return this.augmentations[0];
  }

  /** What makes each view, two or more; none where `augmentation` is `undefined`. */
  get augmentations(): readonly Transform<unknown>[] {
    return coreOf('SimCLR', this).augmentations;
  }

  /** Mean and standard deviation of each channel, or `null`. */
  get normalization(): NormalizeOptions | null {
    return coreOf('SimCLR', this).normalization;
  }

  /** Updates the weights. */
  get optimizer(): Optimizer {
    return coreOf('SimCLR', this).optimizer;
  }

  /** `'joint'`: all views of one size in one pass; `'separate'`: one pass per view. */
  get viewBatching(): 'joint' | 'separate' {
    return coreOf('SimCLR', this).viewBatching;
  }

  /** Seed of all random draws. */
  get seed(): number {
    return coreOf('SimCLR', this).seed;
  }

  /** Compares the views. */
  get loss(): ViewLoss {
    return coreOf('SimCLR', this).loss;
  }

  /** The function that was given as the loss, where it was one. */
  get customLoss(): ContrastiveLoss | undefined {
    return coreOf('SimCLR', this).customLoss;
  }

  /** What else a checkpoint of the trainer holds, by name. */
  get extraState(): Readonly<Record<string, StatefulPart>> {
    return coreOf('SimCLR', this).extraState;
  }

  /** Where training stands. */
  get progress(): TrainingProgress {
    return coreOf('SimCLR', this).progress;
  }

  /**
   * Reads stages of the encoder, for nearest neighbors and search: `simclr.readout = await fitReadout(simclr, images)`.
   * It is saved with the model. The trainer takes it over, and disposes of it with itself and when it gets another.
   *
   * h and training do not depend on it. Training makes it stale: see {@link SimCLR.readoutStatus}.
   *
   * @throws {@link InvalidOptionError} on setting one that was fitted to another encoder, to earlier weights of this one,
   * or with another normalization.
   */
  get readout(): Readout | undefined {
    return coreOf('SimCLR.readout', this).readout.get();
  }

  set readout(readout: Readout | undefined) {
    const core = coreOf('SimCLR.readout', this);
    core.checkUsable('SimCLR.readout');
    core.readout.set(readout);
  }

  /** Whether there is a read-out: of the encoder as it is now, or a stale one, of weights that have changed since. */
  get readoutStatus(): ReadoutStatus {
    return coreOf('SimCLR.readoutStatus', this).readout.status;
  }

  /** Temperature of the loss; `undefined` where it has none, as VICReg, or is your own. */
  get temperature(): number | undefined {
    return temperatureOf(this.loss);
  }

  /**
   * Height and width of the encoder's input, in pixels; of the first view where the encoder takes any.
   *
   * @throws {@link InvalidOptionError} when the encoder takes any size and the augmentation does not say which it gives.
   */
  get inputSize(): [number, number] {
    return inputSizeOf(this.encoder, this.augmentations);
  }

  /**
   * Trains on a data set. A later call continues to count epochs, so that it draws new views.
   *
   * @param dataset - Images in [0, 1]: a tensor, a typed array with its shape, or batches from an iterable, such as an
   * image folder.
   * @returns Loss and speed of every epoch and step.
   * @throws {@link NonFiniteLossError} when the loss or a gradient becomes NaN or infinite, before the weights are
   * updated; on a backend whose values come late (WebGPU), at most one step after: then it is `late`, and nothing of
   * it is saved.
   * @throws {@link BackendLostError} when the graphics device or context is lost: continue from the last checkpoint.
   * @throws {@link ShapeError}, {@link ValueRangeError}, {@link InvalidOptionError} on bad images or options, or when a
   * part is missing that the checkpoint could not hold.
   * @throws {@link SimCLRError} while another `fit` or `trainStep` runs, and after `dispose`.
   */
  fit(dataset: ImageDataset, options: FitOptions = {}): Promise<History> {
    const core = coreOf('SimCLR.fit', this);
    return core.exclusively('SimCLR.fit', () => fitTrainer(this, core, dataset, options));
  }

  /**
   * One optimizer step on a batch: the views of each image, loss, gradients, update.
   *
   * @param images - float32 `[N, H, W, C]` in [0, 1], N >= 2, of any height and width that the augmentation takes.
   * Not disposed.
   * @throws {@link NonFiniteLossError} when the loss or a gradient is NaN or infinite. As after every other error, the
   * trainer is then as it was before; only the accumulators of an optimizer of `tf.train` that fails half-way may have
   * moved.
   * @throws {@link ShapeError}, {@link ValueRangeError} on images of the wrong rank, dtype or range.
   * @throws {@link InvalidOptionError} when `indices` or `epoch` are not integers >= 0, the loss needs `labels` and there
   * are none, `microBatchSize` does not fit, as in `fit`, or the learning rate is a plan that only `fit` can resolve.
   * @throws {@link SimCLRError} while another `fit` or `trainStep` runs, and after `dispose`.
   */
  trainStep(images: Tensor4D | ImageArrayLike, options: TrainStepOptions = {}): Promise<TrainStepResult> {
    const core = coreOf('SimCLR.trainStep', this);
    return core.exclusively('SimCLR.trainStep', () => trainOnBatch(core, images, options));
  }

  /**
   * The views of each image that a training step sees, normalized if the model normalizes.
   *
   * @param images - float32 `[N, H, W, C]` in [0, 1], or one such tensor per view that the data set has cut out of them
   * already: see {@link Transform.leadingCrop}. Not disposed.
   * @param indices - Number of each image in the data set.
   * @param epoch - Pass over the data.
   * @returns Two tensors `[N, H', W', C]` of the encoder's input size, or as many as there are views. The caller disposes
   * them.
   * @throws {@link ShapeError} when there are fewer than two images, not one tensor per view, or the views do not fit
   * the encoder.
   * @throws {@link InvalidOptionError} when `indices` or `epoch` are not integers >= 0, or there is no augmentation.
   */
  views(
    images: Tensor4D | readonly Tensor4D[],
    indices: ArrayLike<number>,
    epoch: number,
  ): [Tensor4D, Tensor4D, ...Tensor4D[]] {
    const core = coreOf('SimCLR.views', this);
    core.checkUsable('SimCLR.views');
    core.checkPresent('augmentation');
    return trainingViews(core, images, indices, epoch);
  }

  /**
   * Representations h: what the encoder makes of images, for search, clustering or a classifier. Or, with
   * `{ at: 'readout' }`, the vectors of `simclr.readout`.
   *
   * @param images - What `fit` takes: float32 `[N, H, W, C]` in [0, 1] of the encoder's input size (or uint8 as a typed
   * array), or batches of such images, as from an image folder. An encoder that takes any size takes the batches of a data
   * set as they are. Rows are in the data set's own order.
   * @returns `[N, d]`, d = 512 for ResNet-18, `readout.dim` at the read-out. The caller disposes it.
   * @throws {@link ShapeError}, {@link ValueRangeError} on images of the wrong shape, dtype or range.
   * @throws {@link InvalidOptionError} at the read-out where there is none, or it is stale.
   * @throws {@link SimCLRError} after `dispose`.
   */
  embed(images: ImageDataset, options: SimCLREmbedOptions = {}): Promise<Tensor2D> {
    return embedDataset(coreOf('SimCLR.embed', this), images, options);
  }

  /**
   * Projections z: what the loss sees. Use {@link SimCLR.embed} for anything downstream.
   *
   * @param images - As for `embed`.
   * @returns `[N, D]`, D = 64 by default. The caller disposes it.
   */
  project(images: ImageDataset, options: EmbedOptions = {}): Promise<Tensor2D> {
    return projectDataset(coreOf('SimCLR.project', this), images, options);
  }

  /**
   * Saves everything that training needs to continue: both models, optimizer, progress and configuration.
   *
   * @param target - Any tfjs IO handler or URL string; a directory through `directory(path)` of `simclr-ts/node`.
   * Functions (a loss or predicate of your own) are not saved. What is saved is the state at the time of the call, also
   * when training continues meanwhile.
   * @throws {@link CheckpointError} when `target` cannot save, a weight is NaN or infinite (what was saved before may
   * be of more use), or the loss or optimizer is missing since loading.
   */
  save(target: io.IOHandler | string): Promise<io.SaveResult> {
    return saveTrainer(coreOf('SimCLR.save', this), target);
  }

  /**
   * Loads what {@link SimCLR.save} wrote. A loss, an augmentation or an optimizer that no file can hold may be left out
   * for inference: training then says what to pass.
   *
   * @param source - Any tfjs IO handler or URL string.
   * @param options - What cannot be saved (a loss or an augmentation of your own, a foreign optimizer), or replaces
   * what was saved. `encoder` and `projectionHead` given here must have the saved architecture.
   * @returns A trainer of the class that `load` is called on.
   * @throws {@link CheckpointError} when it is not such a file, from another version or of another architecture.
   */
  static async load<T extends SimCLR = SimCLR>(
    this: new (
      options: SimCLROptions,
    ) => T,
    source: io.IOHandler | string,
    options: SimCLRLoadOptions = {},
  ): Promise<T> {
    const loaded = await loadTrainer(source, options);
    return loaded.restore(() => new this(loaded.options));
  }

  /** Which weights encoder and projection head have: the trained ones, or their average over a `fit`. */
  get weights(): 'trained' | 'averaged' {
    return coreOf('SimCLR', this).average?.inUse ? 'averaged' : 'trained';
  }

  /**
   * Gives encoder and projection head the trained weights or their average. `fit({ averageWeights })` ends with the
   * average; the next step of training starts from the trained weights by itself.
   *
   * @param which - `'averaged'` needs a `fit` with `averageWeights` that has averaged at least one step.
   * @throws {@link SimCLRError} when there is no average, during a step of training (in a callback it is allowed), and
   * after `dispose`.
   * @throws {@link InvalidOptionError} when `which` is something else.
   */
  useWeights(which: 'trained' | 'averaged'): void {
    const caller = 'SimCLR.useWeights';
    checkChoice(caller, 'which', which, ['trained', 'averaged']);
    coreOf(caller, this).useWeights(caller, which);
  }

  /** The parts and their sizes as readable lines. */
  summary(): string {
    return summarize(this);
  }

  /**
   * Disposes of the parts that the trainer made itself, from defaults, data or a checkpoint: encoder, projection head,
   * and the state of optimizer and loss. The parts that you passed in stay yours, unless `includeGiven`. Parts of
   * `extraState` always stay. A second call does nothing.
   */
  dispose(options: DisposeOptions = {}): void {
    checkKeys('SimCLR.dispose', options, { includeGiven: 1 });
    const { includeGiven = false } = options;
    coreOf('SimCLR.dispose', this).dispose(includeGiven);
  }
}
