import {
  dispose,
  getBackend,
  type NamedTensorMap,
  type Tensor2D,
  type Tensor4D,
  tensor,
  version_core,
} from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { ImageArrayLike, ImageDataset } from '../data/index.js';
import { checkKeys } from '../errors/check-keys.js';
import { checkChoice, checkInteger } from '../errors/checks.js';
import { DistributedError, InvalidOptionError } from '../errors/errors.js';
import { isError } from '../errors/is-error.js';
import type { ViewLoss } from '../losses/index.js';
import { namedWeights, variableOf } from '../models/named-weights.js';
import { withSharedStatistics } from '../tensors/index.js';
import { fitKeys } from '../training/fit/fit-options.js';
import type {
  Callback,
  FitOptions,
  History,
  SimCLR,
  TrainingPlan,
  TrainStepOptions,
  TrainStepResult,
} from '../training/index.js';
import type { ParallelStep } from '../training/step/parallel-step.js';
import { coreOf } from '../training/step/trainer-core.js';
import { checkRanksAgree } from './check-ranks.js';
import type { Communicator } from './communicators/communicator.js';
import { packageVersion } from './communicators/version.js';
import { describeDataset } from './describe-dataset.js';
import { evenBatches } from './even-batches.js';
import { gatherProjections, requireSynchronous } from './gather-projections.js';
import { ntXentOfAll } from './nt-xent-of-all.js';
import { rankCallbacks } from './rank-callbacks.js';
import { shard } from './shard.js';
import { allReduceInBuckets, type SumGradientsOptions, sumGradients } from './sum-gradients.js';

/** Options of {@link dataParallel}. */
export interface DataParallelOptions extends SumGradientsOptions {
  /**
   * Whether batch normalization uses the statistics of all ranks' batches, as one process with one large batch does.
   * Otherwise each rank normalizes by its own batch, as layers with `groups` do, and the ranks average their running
   * statistics after each step.
   *
   * @defaultValue `true`, as in Google's code
   */
  synchronizeBatchNormalization?: boolean;
}

/** Options of {@link DataParallel.fit}: `batchSize` is per rank, and `callbacks` are called on rank 0 only. */
export interface DataParallelFitOptions extends FitOptions {
  /**
   * `'automatic'`: every rank passes the whole data set and trains on its part ({@link shard}). `'none'`: every rank
   * passes pictures of its own.
   *
   * @defaultValue `'automatic'`
   */
  sharding?: 'automatic' | 'none';
  /** Callbacks for every rank, called after `callbacks`. @defaultValue none */
  everyRankCallbacks?: Callback[];
}

/** A trainer on several processes. See {@link dataParallel}. */
export interface DataParallel {
  /** The trainer of this rank. */
  readonly simclr: SimCLR;
  /** Joins the ranks. */
  readonly communicator: Communicator;
  /**
   * Trains on a data set on all ranks together.
   *
   * @param dataset - The same on every rank. With `sharding: 'none'`, that of this rank.
   * @returns Loss and speed over the pictures of all ranks.
   * @throws `DistributedError` when the ranks differ in seed, options, models, data or versions, which it names, or
   * when another rank has ended.
   */
  fit(dataset: ImageDataset, options?: DataParallelFitOptions): Promise<History>;
  /**
   * One step on the pictures of all ranks. See `SimCLR.trainStep`.
   *
   * @param images - The pictures of this rank. Every rank must have the same number.
   * @param options - `indices` must differ between ranks. By default they count up from rank to rank.
   */
  trainStep(images: Tensor4D | ImageArrayLike, options?: TrainStepOptions): Promise<TrainStepResult>;
}

/**
 * Trains one model on several processes, each with its own pictures. N processes with batches of size B train like one
 * process with batches of size N * B, up to rounding: the loss covers the projections of all ranks (pictures of other
 * ranks are negatives, too), batch normalization the batches of all ranks, and gradients are summed over all ranks.
 *
 * Every rank makes the same trainer and calls the same methods. When `fit` begins, all ranks take the weights of
 * rank 0. Callbacks (progress, checkpoints, evaluation) run on rank 0 while the others wait. If a callback or the signal
 * of any rank ends training, it ends on all ranks. When a rank fails, `communicator.abort` tells the others.
 *
 * @param simclr - The trainer of this rank. Outside of `fit` and `trainStep` of the result it works as before.
 * @param communicator - `mpiCommunicator()` of `simclr-ts/mpi`, {@link workerCommunicator} or {@link singleProcess}.
 * @throws `InvalidOptionError` when a model has batch normalization layers that cannot be synchronized.
 * @throws `DistributedError` when the communicator cannot block this thread.
 * @throws `BackendError` when the active backend reads results asynchronously only.
 * @example
 * const parallel = dataParallel(simclr, communicator);
 * await parallel.fit(images, { epochs: 10, batchSize: 64 });
 */
export function dataParallel(
  simclr: SimCLR,
  communicator: Communicator,
  options: DataParallelOptions = {},
): DataParallel {
  checkKeys('dataParallel', options, { synchronizeBatchNormalization: 1, bucketBytes: 1 });
  const { synchronizeBatchNormalization = true, bucketBytes } = options;
  if (bucketBytes !== undefined) checkInteger('dataParallel', 'bucketBytes', bucketBytes, 4);
  if (communicator.size > 1) {
    requireSynchronous('dataParallel', communicator);
    if (synchronizeBatchNormalization) checkNormalization(simclr);
  }
  return new Ranks(simclr, communicator, { ...options, synchronizeBatchNormalization });
}

class Ranks implements DataParallel {
  private agreed = false;

  constructor(
    readonly simclr: SimCLR,
    readonly communicator: Communicator,
    private readonly options: DataParallelOptions,
  ) {}

  async fit(dataset: ImageDataset, options: DataParallelFitOptions = {}): Promise<History> {
    const caller = 'dataParallel.fit';
    checkKeys<DataParallelFitOptions & Partial<TrainingPlan>>(caller, options, {
      ...fitKeys,
      sharding: 1,
      everyRankCallbacks: 1,
    });
    const { sharding = 'automatic', everyRankCallbacks = [], callbacks = [], ...fitOptions } = options;
    checkChoice(caller, 'sharding', sharding, ['automatic', 'none']);
    const { simclr, communicator } = this;
    const { rank, size } = communicator;
    if (size === 1)
      return simclr.fit(dataset, { ...fitOptions, callbacks: [...callbacks, ...everyRankCallbacks] });

    checkSupported(caller, simclr, fitOptions);
    checkUntimed(caller, fitOptions);
    return this.together(async () => {
      const { signal: _, ...plain } = fitOptions;
      const data = sharding === 'automatic' ? await describeDataset(dataset) : {};
      await this.agree(caller, { ...plain, sharding, ...data });
      const own = [...(rank === 0 ? callbacks : []), ...everyRankCallbacks];
      const part = sharding === 'automatic' ? shard(dataset, rank, size) : shard(dataset, 0, 1);
      // The number of pictures that only this rank has does not say how many steps all ranks take.
      const steps = sharding === 'automatic' ? part.size : undefined;
      return simclr.fit(evenBatches(part, steps, communicator), {
        ...fitOptions,
        ...rankCallbacks(own, options.signal, communicator),
      });
    });
  }

  trainStep(images: Tensor4D | ImageArrayLike, options: TrainStepOptions = {}): Promise<TrainStepResult> {
    const { simclr, communicator } = this;
    if (communicator.size === 1) return simclr.trainStep(images, options);
    const caller = 'dataParallel.trainStep';
    checkSupported(caller, simclr, options);
    return this.together(async () => {
      if (!this.agreed) await this.agree(caller, {});
      const count = images?.shape?.[0] ?? 0;
      await this.checkCount(caller, count);
      const indices =
        options.indices ?? Array.from({ length: count }, (_, row) => communicator.rank * count + row);
      return simclr.trainStep(images, { ...options, indices });
    });
  }

  /** Runs a collective operation. An error on one rank ends it on all. */
  private async together<T>(body: () => Promise<T>): Promise<T> {
    const { simclr, communicator } = this;
    coreOf('dataParallel', simclr).parallel = parallelStep(simclr, communicator, this.options);
    try {
      return await body();
    } catch (error) {
      // A non-finite loss is the same on every rank: all get this error, and the program may continue.
      const common = isError(error, 'NonFiniteLossError') || commonErrors.has(error as Error);
      if (!common) communicator.abort(error);
      throw error;
    } finally {
      coreOf('dataParallel', simclr).parallel = undefined;
    }
  }

  private async checkCount(caller: string, count: number): Promise<void> {
    const extremes = Int32Array.of(count, -count);
    await this.communicator.allReduce(extremes, 'max');
    const [most, fewest] = [extremes[0]!, -extremes[1]!];
    if (most === fewest) return;
    throw onAllRanks(
      new DistributedError(
        `${caller}: images must have the same number on every rank. Received: from ${fewest} to ${most} pictures.`,
      ),
    );
  }

  private async agree(caller: string, facts: Record<string, unknown>): Promise<void> {
    const { simclr, communicator } = this;
    try {
      await checkRanksAgree(caller, { ...describeTrainer(simclr), ...facts }, communicator);
    } catch (error) {
      throw onAllRanks(error as Error);
    }
    await broadcastWeights(simclr, communicator);
    this.agreed = true;
  }
}

/** Errors that all ranks get, so that no rank needs to report them to the others. */
const commonErrors = new WeakSet<Error>();

function onAllRanks(error: Error): Error {
  commonErrors.add(error);
  return error;
}

function parallelStep(
  simclr: SimCLR,
  communicator: Communicator,
  options: DataParallelOptions,
): ParallelStep | undefined {
  const { synchronizeBatchNormalization, ...sumOptions } = options;
  const synchronous = communicator.synchronous!;
  return {
    run: (body) =>
      synchronizeBatchNormalization
        ? withSharedStatistics((values) => synchronous.allReduce(values), body)
        : body(),
    overAllProcesses: (loss) => overAllProcesses(loss, communicator),
    async sum(gradients: NamedTensorMap) {
      const sums = await sumGradients(gradients, communicator, sumOptions);
      try {
        if (!synchronizeBatchNormalization) await averageStatistics(simclr, communicator);
        return sums;
      } catch (error) {
        dispose(sums);
        throw error;
      }
    },
  };
}

/** Extends a loss to the projections of all ranks. */
function overAllProcesses(loss: ViewLoss, communicator: Communicator): ViewLoss {
  return {
    name: loss.name,
    compute(views, context) {
      const [view1, view2] = views as [Tensor2D, Tensor2D];
      // Each rank computes only its own rows of NT-Xent, but all of any other loss.
      if (loss.config?.name === 'ntXent') {
        const { temperature = 0.5 } = loss.config;
        return ntXentOfAll(view1, view2, communicator, { temperature });
      }
      return loss.compute(gatherProjections(view1, view2, communicator), context);
    },
  };
}

/** Refuses, before the first step, settings that several processes do not support. */
function checkSupported(caller: string, simclr: SimCLR, options: FitOptions | TrainStepOptions): void {
  const refuse = (expectation: string, received: string) => {
    throw new InvalidOptionError(`${caller}: ${expectation}. Received: ${received}.`);
  };
  const { loss, augmentations } = simclr;
  if (augmentations.length !== 2) {
    refuse('with several processes a trainer must have two views', `${augmentations.length} views`);
  }
  if (loss.needsLabels || loss.capture !== undefined) {
    refuse('with several processes a loss must need neither labels nor a queue', `loss '${loss.name}'`);
  }
  if (options.microBatchSize !== undefined) {
    refuse(
      'with several processes microBatchSize must be left out; each process takes its part of the batch',
      `microBatchSize=${options.microBatchSize}`,
    );
  }
}

/** Ranks have clocks of their own, and would end at different steps with different learning rates. */
function checkUntimed(caller: string, { minutes }: FitOptions): void {
  if (minutes === undefined) return;
  throw new InvalidOptionError(
    `${caller}: on several processes minutes must be left out; a callback of rank 0 can stop the run. Received: minutes=${minutes}.`,
  );
}

function models({ encoder, projectionHead }: SimCLR): LayersModel[] {
  return [encoder, projectionHead];
}

function checkNormalization(simclr: SimCLR): void {
  for (const layer of models(simclr).flatMap((model) => model.layers)) {
    if (layer.getClassName() === 'BatchNormalization') {
      throw new InvalidOptionError(
        `dataParallel: batch normalization layers must be BatchNormalization of simclr-ts, unless synchronizeBatchNormalization is false. Received: layer ${layer.name} of tfjs-layers.`,
      );
    }
  }
}

function describeTrainer(simclr: SimCLR): Record<string, unknown> {
  const { seed, viewBatching, normalization, augmentations, loss, optimizer, progress } = simclr;
  const architecture = (role: string, model: LayersModel) =>
    [...namedWeights(role, model)].map(([name, { shape }]) => `${name}[${shape}]`).join(' ');
  return {
    'version of simclr-ts': packageVersion,
    'version of tfjs-core': version_core,
    backend: getBackend(),
    seed,
    viewBatching,
    normalization,
    augmentation: augmentations.map(({ config, name }) => config ?? name),
    loss: loss.config ?? loss.name,
    optimizer: [optimizer.getClassName(), optimizer.getConfig()],
    projectFrom: simclr.projectFrom,
    encoder: architecture('encoder', simclr.encoder),
    projectionHead: architecture('projectionHead', simclr.projectionHead),
    progress,
  };
}

async function broadcastWeights(simclr: SimCLR, communicator: Communicator): Promise<void> {
  for (const weight of models(simclr).flatMap((model) => model.layers.flatMap((layer) => layer.weights))) {
    const values = (await variableOf(weight).data<'float32'>()).slice();
    await communicator.broadcast(values);
    if (communicator.rank !== 0) assign(weight, values);
  }
}

/** Averages weights without a gradient, such as the running statistics of batch normalization, over the ranks. */
async function averageStatistics(simclr: SimCLR, communicator: Communicator): Promise<void> {
  const weights = models(simclr).flatMap((model) => model.nonTrainableWeights);
  for (const weight of weights) {
    const values = (await variableOf(weight).data<'float32'>()).slice();
    await allReduceInBuckets(values, communicator, 25e6);
    for (let i = 0; i < values.length; i++) values[i]! /= communicator.size;
    assign(weight, values);
  }
}

function assign(weight: LayersModel['weights'][number], values: Float32Array): void {
  const value = tensor(values, weight.shape as number[]);
  weight.write(value);
  value.dispose();
}
