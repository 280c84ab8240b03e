import {
  clone,
  dispose,
  type io,
  keep,
  type NamedTensorMap,
  type Optimizer,
  stack,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tidy,
} from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { augment, type NormalizeOptions, normalize, type Transform } from '../augmentations/index.js';
import { explainMemory } from '../backend/explain-memory.js';
import { unlessLost } from '../backend/lost-device.js';
import { yieldToEventLoop } from '../backend/yield-to-event-loop.js';
import { isTensor } from '../data/image-array.js';
import { sliceImages } from '../data/image-rows.js';
import { checkImageValues, type ImageArrayLike, type ImageDataset } from '../data/index.js';
import { checkKeys } from '../errors/check-keys.js';
import { checkFloatTensor, checkInteger, describeValue } from '../errors/checks.js';
import { InvalidOptionError, ShapeError, SimCLRError } from '../errors/errors.js';
import type { ViewLoss } from '../losses/index.js';
import { trainableVariables } from '../models/named-weights.js';
import { type BatchRandom, batchRandom } from '../random/index.js';
import { clonesOf } from '../tensors/clones-of.js';
import type { History } from './callbacks/history.js';
import type { ExtraState } from './checkpoints/extra-state.js';
import type { FitRecipe, TrainerRecipe } from './checkpoints/run-settings.js';
import { loadSimCLR, saveSimCLR } from './checkpoints/save-load.js';
import { type EmbedOptions, embedImages } from './embed.js';
import { type PicturesOrViews, type StepBatch, tensorBatch } from './fit/epoch-batches.js';
import { type FitOptions, fitSimCLR } from './fit/fit.js';
import { temperatureOf } from './options/loss-option.js';
import { checkOptions, makeParts } from './options/make-parts.js';
import type { SimCLRLoadOptions, SimCLROptions, TrainingProgress } from './options/simclr-options.js';
import type { ContrastiveLoss } from './options/to-view-loss.js';
import { cachedGradients } from './step/cached-gradients.js';
import { checkLabels } from './step/check-labels.js';
import { checkMicroBatch } from './step/check-micro-batch.js';
import {
  type ContrastiveGradients,
  explainMissingKernel,
  viewGradients,
} from './step/contrastive-gradients.js';
import type { ParallelStep } from './step/parallel-step.js';
import { readLoss, sumOfAll } from './step/read-loss.js';
import { rememberStep } from './step/remember-step.js';
import { rememberStatistics } from './step/running-statistics.js';
import { summarize } from './summary.js';

/** Options of {@link SimCLR.trainStep}. */
export interface TrainStepOptions {
  /** Number of each picture in the data set: its random draws follow it. @defaultValue its row in the batch */
  indices?: ArrayLike<number>;
  /** Pass over the data: another one means other draws. @defaultValue the number of the step, so that each call draws anew */
  epoch?: number;
  /** The class of each picture, for a loss that needs it: integers, negative = unknown. @defaultValue none */
  labels?: ArrayLike<number>;
  /** Pictures that go through the network at a time, as in `fit`. @defaultValue all */
  microBatchSize?: number;
}

/** What {@link SimCLR.step} needs beside the pictures. */
interface StepOptions {
  epoch: number;
  labels?: ArrayLike<number> | undefined;
  microBatchSize?: number | undefined;
}

/** What a training step did. */
export interface TrainStepResult {
  /** Loss of the batch in nats, before the update. */
  loss: number;
  /** Learning rate of the update; NaN where the optimizer does not tell. */
  learningRate: number;
  /** Number of the step, from 0. */
  step: number;
}

/**
 * SimCLR: learns representations of pictures without labels, by pulling two random views of the same picture
 * together and pushing those of different pictures apart.
 *
 * A thin conductor: views by an augmentation, h by the encoder, z by the projection head, NT-Xent or another loss on z,
 * a step of the optimizer. Each of these can be replaced, and used without it. The backend is whichever tfjs has active.
 *
 * @example
 * const simclr = new SimCLR({ encoder: resnet18({ inputShape: [32, 32, 3], stem: 'small' }) });
 * await simclr.fit(images, { epochs: 10, batchSize: 64 });
 * const h = await simclr.embed(images);
 * @see Chen et al. 2020, arXiv:2002.05709.
 */
export class SimCLR {
  /** f: pictures to representations h. */
  readonly encoder: LayersModel;
  /** g: representations h to projections z. */
  readonly projectionHead: LayersModel;
  /** Makes the first view; `undefined` after loading a model whose augmentation was not of this library. */
  readonly augmentation: Transform<unknown> | undefined;
  /** What makes each view, two or more; none where `augmentation` is `undefined`. */
  readonly augmentations: readonly Transform<unknown>[];
  /** Mean and standard deviation of each channel, or `null`. */
  readonly normalization: NormalizeOptions | null;
  /** Updates the weights. */
  readonly optimizer: Optimizer;
  /** All views of one size in one pass, or one pass a view. */
  readonly viewBatching: 'joint' | 'separate';
  /** Seed of all random draws. */
  readonly seed: number;
  /** What compares the views. */
  readonly loss: ViewLoss;
  /** The function that was given as the loss, where it was one. */
  readonly customLoss: ContrastiveLoss | undefined;
  /** What else a checkpoint of the trainer holds. */
  readonly extraState: Record<string, ExtraState>;
  /** Where training stands. */
  readonly progress: TrainingProgress = { step: 0, epoch: 0, batch: 0 };

  /** Recipe of the last `fit`, also of one before saving. @internal */
  lastFit: FitRecipe | undefined;
  /** What the checkpoint said that this trainer was loaded from, until its first `fit`. @internal */
  savedRecipe: TrainerRecipe | undefined;
  /** What joins the steps of several processes to one, while they train. @internal */
  parallel: ParallelStep | undefined;
  /** The last step, where the weights were changed before its loss was known. What is saved waits for it. @internal */
  unchecked: Promise<unknown> | undefined;

  private running: string | undefined;
  private disposed = false;

  /**
   * @throws {@link InvalidOptionError} on an option outside its domain.
   * @throws {@link ShapeError} when the encoder does not take pictures of a fixed size, its output has not rank 2, or
   * the head does not take it.
   */
  constructor(options: SimCLROptions = {}) {
    checkOptions(options);
    const { encoder, projectionHead, augmentations, loss, optimizer } = makeParts(options);
    this.encoder = encoder;
    this.projectionHead = projectionHead;
    this.augmentation = augmentations[0];
    this.augmentations = augmentations;
    this.normalization = options.normalization ?? null;
    this.loss = loss;
    this.customLoss = typeof options.loss === 'function' ? options.loss : undefined;
    this.optimizer = optimizer;
    this.viewBatching = options.viewBatching ?? 'joint';
    this.seed = options.seed ?? 0;
    this.extraState = options.extraState ?? {};
  }

  /** Temperature of the loss; `undefined` where it has none, as VICReg, or is your own. */
  get temperature(): number | undefined {
    return temperatureOf(this.loss);
  }

  /** Height and width of the encoder's input, in pixels. */
  get inputSize(): [number, number] {
    const [, height, width] = this.encoder.inputs[0]!.shape;
    return [height!, width!];
  }

  /**
   * Trains on a data set. A later call goes on counting epochs, so that it draws new views.
   *
   * @param dataset - Pictures in [0, 1]: a tensor, a typed array with its shape, or batches from an iterable.
   * @returns Loss and speed of every epoch and step.
   * @throws {@link NonFiniteLossError} when the loss or a gradient becomes NaN or infinite, before the weights are
   * updated; on a backend whose values come late (WebGPU), at most one step after: then it is `late`, and nothing of
   * it is saved.
   * @throws {@link BackendLostError} when the graphics device or context is lost: go on from the last checkpoint.
   * @throws {@link ShapeError}, {@link ValueRangeError}, {@link InvalidOptionError} on bad pictures or options.
   * @throws {@link SimCLRError} while another `fit` or `trainStep` runs, and after `dispose`.
   */
  fit(dataset: ImageDataset, options: FitOptions = {}): Promise<History> {
    return this.exclusively('SimCLR.fit', () => fitSimCLR(this, dataset, options));
  }

  /**
   * One optimiser step on a batch: the views of each picture, loss, gradients, update.
   *
   * @param images - float32 `[N, H, W, C]` in [0, 1], N >= 2, of any height and width that the augmentation takes.
   * Not disposed.
   * @throws {@link NonFiniteLossError} when the loss or a gradient is NaN or infinite. As after every other error, the
   * trainer is then as it was before; only the accumulators of an optimizer of `tf.train` that fails half-way may have
   * moved.
   * @throws {@link ShapeError}, {@link ValueRangeError} on pictures of the wrong rank, dtype or range.
   * @throws {@link InvalidOptionError} when `indices` or `epoch` are no whole numbers >= 0, the loss needs `labels` and there
   * are none, or `microBatchSize` does not fit, as in `fit`.
   * @throws {@link SimCLRError} while another `fit` or `trainStep` runs, and after `dispose`.
   */
  trainStep(images: Tensor4D | ImageArrayLike, options: TrainStepOptions = {}): Promise<TrainStepResult> {
    const caller = 'SimCLR.trainStep';
    return this.exclusively(caller, async () => {
      checkKeys(caller, options, { indices: 1, epoch: 1, labels: 1, microBatchSize: 1 });
      const { epoch = this.progress.step, indices, labels, microBatchSize } = options;
      const batch = sliceImages(caller, images);
      try {
        await unlessLost(caller, this.progress.step, () => checkImageValues(caller, 'images', batch));
        const rows = indices ?? Array.from({ length: batch.shape[0] }, (_, row) => row);
        const count = batch.shape[0];
        checkIndices(rows, count);
        checkLabels(caller, this.loss, labels, count);
        if (microBatchSize !== undefined) checkMicroBatch(caller, this, microBatchSize, count, 'images');
        return await this.step(tensorBatch(batch, rows), { epoch, labels, microBatchSize });
      } finally {
        batch.dispose();
      }
    });
  }

  /**
   * Runs what changes the weights; a second call meanwhile is refused, for steps that overlap would mix.
   *
   * @internal
   */
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

  /** @throws {@link SimCLRError} after `dispose`. @internal */
  checkUsable(caller: string): void {
    if (this.disposed) {
      throw new SimCLRError(
        `${caller}: the trainer must not be disposed of. Received: a call after SimCLR.dispose.`,
      );
    }
  }

  /**
   * The step itself, for pictures that were checked: see {@link SimCLR.trainStep}.
   *
   * @internal
   */
  async step(batch: StepBatch, options: StepOptions): Promise<TrainStepResult> {
    const { result } = await this.makeStep(batch, options, false);
    return result;
  }

  /**
   * The step without waiting for its loss: the weights are changed before it is known to be finite. The result says
   * whether it was.
   *
   * @internal
   */
  stepAhead(batch: StepBatch, options: StepOptions): Promise<{ result: Promise<TrainStepResult> }> {
    return this.makeStep(batch, options, true);
  }

  /** Whether a batch of `count` pictures can go through the network `size` at a time. */
  private canTake(size: number, count: number): boolean {
    try {
      checkMicroBatch('SimCLR', this, size, count, 'pictures');
      return this.parallel === undefined;
    } catch {
      return false;
    }
  }

  private async makeStep(
    batch: StepBatch,
    options: StepOptions,
    ahead: boolean,
  ): Promise<{ result: Promise<TrainStepResult> }> {
    this.checkUsable('SimCLR.step');
    const { step } = this.progress;
    const learningRate = Number(
      (this.optimizer as { currentLearningRate?: number }).currentLearningRate ?? Number.NaN,
    );
    const statistics = rememberStatistics(this.encoder, this.projectionHead);
    const explain = (error: unknown) =>
      explainMemory(explainMissingKernel(error), batch.indices.length, options.microBatchSize, (size) =>
        this.canTake(size, batch.indices.length),
      );
    try {
      const { loss } = await unlessLost('SimCLR', step, () => this.update(batch, options, ahead));
      this.progress.step++;
      const result = unlessLost('SimCLR', step, () => loss).then(
        (value) => ({ loss: value, learningRate, step }),
        (error: unknown) => {
          throw explain(error);
        },
      );
      result.catch(() => {}); // whoever awaits it hears of it
      this.unchecked = ahead ? result : undefined;
      return { result };
    } catch (error) {
      statistics.restore();
      throw explain(error);
    } finally {
      statistics.dispose();
    }
  }

  private async update(
    batch: StepBatch,
    options: StepOptions,
    ahead: boolean,
  ): Promise<{ loss: Promise<number> }> {
    const made: Tensor[] = [];
    const projections: Tensor2D[] = [];
    const remember = (views: Tensor2D[]) => {
      if (!this.loss.afterStep) return;
      for (const own of clonesOf(() => views.map((view) => clone(view)))) projections.push(keep(own));
    };
    try {
      const { loss: lossTensor, gradients } = await this.gradients(batch, options, remember);
      made.push(lossTensor, ...Object.values(gradients));
      const summary = tidy(() => stack([lossTensor, sumOfAll(gradients)]));
      const loss = readLoss(summary, this.progress.step, ahead);
      loss.catch(() => {}); // whoever awaits it hears of it
      if (!ahead) await loss;
      this.checkUsable('SimCLR.step'); // it may have been disposed of while the loss was read
      this.applyGradients(gradients, projections);
      return { loss };
    } finally {
      dispose([...made, ...projections]);
    }
  }

  /** Updates the weights and the state of the loss: both, or neither. */
  private applyGradients(gradients: NamedTensorMap, projections: Tensor2D[]): void {
    const before = rememberStep([this.encoder, this.projectionHead], this.optimizer, this.loss);
    try {
      this.optimizer.applyGradients(gradients);
      this.loss.afterStep?.(projections);
    } catch (error) {
      before.restore();
      throw error;
    } finally {
      before.dispose();
    }
  }

  /** Loss and gradients of a batch, at once or in micro-batches; or of the batches of all processes that train together. */
  private async gradients(
    batch: StepBatch,
    { epoch, labels, microBatchSize }: StepOptions,
    onProjections: (projections: Tensor2D[]) => void,
  ): Promise<ContrastiveGradients> {
    const { parallel } = this;
    const { indices } = batch;
    const options = {
      encoder: this.encoder,
      projectionHead: this.projectionHead,
      loss: parallel?.overAllProcesses(this.loss) ?? this.loss,
      labels,
      viewBatching: this.viewBatching,
      variables: trainableVariables(this.encoder, this.projectionHead),
    };
    const count = indices.length;
    const size = microBatchSize ?? count;
    if (size === count) {
      const compute = () =>
        tidy(() => {
          const views = this.views(batch.rows(0, count), indices, epoch);
          const { loss, gradients } = viewGradients(views, options, onProjections);
          return { loss, gradients };
        });
      if (!parallel) return compute();
      const own = parallel.run(compute);
      try {
        return { loss: own.loss, gradients: await parallel.sum(own.gradients) };
      } catch (error) {
        own.loss.dispose();
        throw error;
      }
    }
    const rowNumbers = Array.from(indices);
    return cachedGradients(
      {
        ...options,
        chunks: count / size,
        views: (chunk) => {
          const start = chunk * size;
          return this.makeViews(batch.rows(start, size), rowNumbers.slice(start, start + size), epoch);
        },
        betweenChunks: async () => {
          await yieldToEventLoop();
          this.checkUsable('SimCLR.step');
        },
      },
      onProjections,
    );
  }

  /**
   * The views of each picture that a training step sees, normalised if the model normalises.
   *
   * @param images - float32 `[N, H, W, C]` in [0, 1], or one such tensor per view that the data set has cut out of them
   * already: see {@link Transform.leadingCrop}. Not disposed.
   * @param indices - Number of each picture in the data set.
   * @param epoch - Pass over the data.
   * @returns Two tensors `[N, H', W', C]` of the encoder's input size, or as many as there are views. The caller disposes
   * them.
   * @throws {@link ShapeError} when there are fewer than two pictures, not one tensor per view, or the views do not fit
   * the encoder.
   * @throws {@link InvalidOptionError} when `indices` or `epoch` are no whole numbers >= 0, or there is no augmentation.
   */
  views(
    images: Tensor4D | readonly Tensor4D[],
    indices: ArrayLike<number>,
    epoch: number,
  ): [Tensor4D, Tensor4D, ...Tensor4D[]] {
    for (const part of partsOf(images)) {
      checkFloatTensor('SimCLR', 'images', part, 4, '[N, height, width, channels]');
      if (part.shape[0] < 2) {
        throw new ShapeError(
          `SimCLR: a batch must hold at least 2 pictures, because without others there are no negatives. Received: images=[${part.shape}].`,
        );
      }
    }
    return this.makeViews(images, indices, epoch);
  }

  /** The views of any number of pictures. */
  private makeViews(
    images: PicturesOrViews,
    indices: ArrayLike<number>,
    epoch: number,
  ): [Tensor4D, Tensor4D, ...Tensor4D[]] {
    const { augmentations } = this;
    const count = partsOf(images)[0]?.shape[0] ?? 0;
    checkIndices(indices, count);
    checkInteger('SimCLR', 'epoch', epoch, 0);
    if (augmentations.length === 0) {
      throw new InvalidOptionError(
        'SimCLR: augmentation is needed for training, and the saved one was not of this library. Pass it as SimCLR.load(source, { augmentation }).',
      );
    }
    return tidy(() => {
      const made = augmentations.map((augmentation, view) => {
        const random = batchRandom({ seed: this.seed, epoch, indices, view });
        const augmented = isTensor(images)
          ? augment(augmentation, images, random)
          : augmentCut(augmentation, images[view], random);
        this.checkView(augmented, count, view);
        return this.normalize(augmented);
      });
      return made as [Tensor4D, Tensor4D, ...Tensor4D[]];
    });
  }

  private checkView(made: Tensor4D, count: number, view: number): void {
    const expected = [count, ...this.encoder.inputs[0]!.shape.slice(1)];
    // A crop by a transform of its own may have a size of its own.
    const free = view > 0 && this.augmentations[view] !== this.augmentation ? [1, 2] : [];
    const wrong = (size: number | null, axis: number) => size !== made.shape[axis] && !free.includes(axis);
    if (made.shape.length !== 4 || expected.some(wrong)) {
      throw new ShapeError(
        `SimCLR: augmentation must give views of the encoder's input shape [${expected}]. Received: views=[${made.shape}].`,
      );
    }
  }

  /**
   * Representations h: what the encoder makes of pictures, for search, clustering or a classifier.
   *
   * @param images - float32 `[N, H, W, C]` in [0, 1] of the encoder's input size (or uint8 as a typed array).
   * @returns `[N, d]`, d = 512 for ResNet-18. The caller disposes it.
   * @throws {@link ShapeError}, {@link ValueRangeError} on pictures of the wrong shape, dtype or range.
   * @throws {@link SimCLRError} after `dispose`.
   */
  embed(images: Tensor4D | ImageArrayLike, options: EmbedOptions = {}): Promise<Tensor2D> {
    const caller = 'SimCLR.embed';
    return unlessLost(caller, this.progress.step, () => embedImages(this, caller, images, options, false));
  }

  /**
   * Projections z: what the loss sees. Use {@link SimCLR.embed} for anything downstream.
   *
   * @param images - As for `embed`.
   * @returns `[N, D]`, D = 64 by default. The caller disposes it.
   */
  project(images: Tensor4D | ImageArrayLike, options: EmbedOptions = {}): Promise<Tensor2D> {
    const caller = 'SimCLR.project';
    return unlessLost(caller, this.progress.step, () => embedImages(this, caller, images, options, true));
  }

  /** Applies the model's normalisation: a new tensor, which the caller disposes. @internal */
  normalize(images: Tensor4D): Tensor4D {
    return this.normalization ? normalize(this.normalization).apply(images, null) : images.clone();
  }

  /**
   * Saves everything that training needs to go on: both models, optimizer, progress and configuration.
   *
   * @param target - Any tfjs IO handler or URL string; a directory through `directory(path)` of `simclr-ts/node`.
   * Functions (a loss or predicate of your own) are not saved. What is saved is the state at the time of the call, also
   * when training goes on meanwhile.
   * @throws {@link CheckpointError} when `target` cannot save, or a weight is NaN or infinite: such a model is of no
   * use, and what was saved before may be.
   */
  save(target: io.IOHandler | string): Promise<io.SaveResult> {
    return saveSimCLR(this, target);
  }

  /**
   * Loads what {@link SimCLR.save} wrote.
   *
   * @param source - Any tfjs IO handler or URL string.
   * @param options - What cannot be saved (a loss or an augmentation of your own, a foreign optimizer), or replaces
   * what was saved. `encoder` and `projectionHead` given here must have the saved architecture.
   * @throws {@link CheckpointError} when it is no such file, from another version or of another architecture.
   */
  static load(source: io.IOHandler | string, options: SimCLRLoadOptions = {}): Promise<SimCLR> {
    return loadSimCLR(SimCLR, source, options);
  }

  /** The parts and their sizes as readable lines. */
  summary(): string {
    return summarize(this);
  }

  /**
   * Disposes the encoder, the projection head, the optimizer's state and the loss's state, whether the trainer made
   * them or was given them. Parts of `extraState` stay. A second call does nothing.
   */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.encoder.dispose();
    this.projectionHead.dispose();
    this.optimizer.dispose();
    this.loss.dispose?.();
  }
}

function partsOf(images: PicturesOrViews): readonly Tensor4D[] {
  return isTensor(images) ? [images] : images;
}

/** What an augmentation does after its crop, for views that were cut already. */
function augmentCut(
  augmentation: Transform<unknown>,
  view: Tensor4D | undefined,
  random: BatchRandom,
): Tensor4D {
  const { leadingCrop } = augmentation;
  if (!leadingCrop || !view) {
    throw new ShapeError(
      `SimCLR: images must be one tensor, or one per view of augmentations that begin with a random resized crop. Received: ${view ? `views for ${augmentation.name}` : 'fewer tensors than views'}.`,
    );
  }
  return augment(leadingCrop.rest, view, random);
}

function checkIndices(indices: ArrayLike<number>, count: number): void {
  const numbers = Array.from(indices ?? []);
  if (numbers.length !== count || !numbers.every((index) => Number.isSafeInteger(index) && index >= 0)) {
    throw new InvalidOptionError(
      `SimCLR: indices must be ${count} whole numbers >= 0, one a picture. Received: indices=${describeValue(numbers.slice(0, 8))} (length ${numbers.length}).`,
    );
  }
}
