import type { io } from '@tensorflow/tfjs-core';
import { proxy } from 'comlink';
import type { ImageArrayLike } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkFunction, receivedMessage } from '../../errors/checks.js';
import { CheckpointError, InvalidOptionError } from '../../errors/errors.js';
import type { EmbeddingArray } from '../../evaluation/index.js';
import type { History, TrainingProgress } from '../../training/index.js';
import { checkPlain } from '../plain-data.js';
import type { FitEvent, TrainerFacts } from '../protocol.js';
import type { Connection } from './connection.js';
import { picturesToSend } from './pictures.js';
import {
  embedKeys,
  fitKeys,
  projectKeys,
  type RemoteEmbedOptions,
  type RemoteFitOptions,
  type RemoteProjectOptions,
} from './remote-options.js';

/**
 * A trainer that lives in a worker: the methods of `SimCLR`, with pictures as typed arrays and embeddings as typed arrays,
 * and no tensor on this side. An error of the worker rejects the call with the same class and message.
 *
 * Every method rejects with `WorkerError` when the worker has ended, and with `SimCLRError` after `dispose`.
 */
export class RemoteTrainer {
  /** tfjs's name of the worker's backend. */
  readonly backend: string;
  /** Height and width of the encoder's input, in pixels. */
  readonly inputSize: readonly [height: number, width: number];
  private fits = 0;

  /** @internal Use {@link createTrainer} or {@link loadTrainer}. */
  constructor(
    private readonly connection: Connection,
    private readonly disposeSeconds: number,
    { backend, inputSize }: TrainerFacts,
  ) {
    this.backend = backend;
    this.inputSize = inputSize;
  }

  /**
   * Trains, as `SimCLR.fit`.
   *
   * @param images - `[N, H, W, C]`: float32 in [0, 1], or uint8. Copied to the worker, unless on shared memory or
   * with `transfer`.
   * @param options - An abort of `signal` ends training after the current step; `fit` then resolves with outcome
   * `'aborted'`.
   * @returns Loss and speed of every epoch and step.
   * @throws `InvalidOptionError`, `ShapeError` on a wrong option or wrong pictures, and what `SimCLR.fit`
   * throws.
   */
  async fit(images: ImageArrayLike, options: RemoteFitOptions = {}): Promise<History> {
    const caller = 'RemoteTrainer.fit';
    checkKeys(caller, options, fitKeys);
    const { onProgress, onEpochEnd, signal, transfer = false, ...rest } = options;
    checkFunctions(caller, { onProgress, onEpochEnd });
    checkBoolean(caller, 'transfer', transfer);
    for (const [option, value] of Object.entries(rest)) checkPlain(caller, option, value, callbacksAdvice);
    const id = this.fits++;
    const { tell, orThrown } = listening(async (event: FitEvent) => {
      if (event.type === 'progress') await onProgress?.(event.report);
      else await onEpochEnd?.(event.epoch);
    });
    const abort = () => this.connection.post((service) => service.abort(id));
    const call = { id, aborted: signal?.aborted === true };
    const sent = picturesToSend(caller, images, transfer);
    signal?.addEventListener('abort', abort);
    try {
      return await this.connection.call(caller, (service) => service.fit(sent, rest, call, tell));
    } catch (error) {
      throw orThrown(error);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /**
   * Representations h of pictures, or vectors of a read-out that the trainer was loaded with, as `SimCLR.embed`.
   *
   * @param images - As for `fit`, of the encoder's input size.
   * @returns `[N, d]`, d = 512 for ResNet-18.
   * @throws `InvalidOptionError`, `ShapeError` on a wrong option or wrong pictures, and what `SimCLR.embed`
   * throws.
   */
  embed(images: ImageArrayLike, options: RemoteEmbedOptions = {}): Promise<EmbeddingArray> {
    return this.vectors('RemoteTrainer.embed', images, options, false);
  }

  /**
   * Projections z of pictures, as `SimCLR.project`.
   *
   * @param images - As for `embed`.
   * @returns `[N, D]`, D = 64 by default.
   */
  project(images: ImageArrayLike, options: RemoteProjectOptions = {}): Promise<EmbeddingArray> {
    return this.vectors('RemoteTrainer.project', images, options, true);
  }

  private async vectors(
    caller: string,
    images: ImageArrayLike,
    options: RemoteEmbedOptions,
    projected: boolean,
  ): Promise<EmbeddingArray> {
    checkKeys(caller, options, (projected ? projectKeys : embedKeys) as typeof embedKeys);
    const { onProgress, transfer = false, ...rest } = options;
    checkFunctions(caller, { onProgress });
    checkBoolean(caller, 'transfer', transfer);
    for (const [option, value] of Object.entries(rest)) checkPlain(caller, option, value, callbacksAdvice);
    const sent = picturesToSend(caller, images, transfer);
    const { tell, orThrown } = listening(async (done: number, total: number | undefined) => {
      await onProgress?.(done, total);
    });
    try {
      return await this.connection.call(caller, (service) =>
        service.embed(sent, rest, projected, onProgress && tell),
      );
    } catch (error) {
      throw orThrown(error);
    }
  }

  /**
   * Saves everything that training needs to continue, as `SimCLR.save`.
   *
   * @param target - An IO handler of this side, such as `directory(path)` or tfjs's `io.withSaveHandler`, which gets what
   * there is to save; or a URL that the worker saves to, such as `'indexeddb://my-model'`.
   * @throws `CheckpointError` when `target` cannot save, and what `SimCLR.save` throws.
   */
  async save(target: io.IOHandler | string): Promise<io.SaveResult> {
    const caller = 'RemoteTrainer.save';
    if (typeof target === 'string') {
      return this.connection.call(caller, (service) => service.save(target)) as Promise<io.SaveResult>;
    }
    if (typeof target?.save !== 'function') {
      const expectation = 'target must be an IO handler that saves, or the URL of one';
      throw new CheckpointError(receivedMessage(caller, expectation, 'target', target));
    }
    return target.save(
      (await this.connection.call(caller, (service) => service.save())) as io.ModelArtifacts,
    );
  }

  /** Where training stands. */
  progress(): Promise<TrainingProgress> {
    return this.connection.call('RemoteTrainer.progress', (service) => service.progress());
  }

  /** The parts and their sizes as readable lines. */
  summary(): Promise<string> {
    return this.connection.call('RemoteTrainer.summary', (service) => service.summary());
  }

  /**
   * Calls a function of the worker's own, of those that it passed to `serveTrainer` as `methods`.
   *
   * @param name - Its name.
   * @param args - Plain data.
   * @returns What it returns, plain data too.
   * @throws `InvalidOptionError` when the worker has no such method, or an argument or the result is not plain data;
   * and what the method throws.
   */
  async call<Result = unknown>(name: string, ...args: unknown[]): Promise<Result> {
    const caller = 'RemoteTrainer.call';
    checkPlain(caller, 'args', args, 'make it in the worker');
    return this.connection.call(caller, (service) => service.call(name, args)) as Promise<Result>;
  }

  /**
   * Ends a `fit` that runs and frees all tensors of the trainer. Ends the worker where `createTrainer` or `loadTrainer`
   * made it by the function that it was given; a worker that you made stays. A second call does nothing.
   */
  dispose(): Promise<void> {
    return this.connection.dispose(this.disposeSeconds);
  }
}

const callbacksAdvice = 'pass callbacks to serveTrainer in the worker';

/** A function that the worker may call, and how to throw what it threw itself instead of the worker's copy. */
function listening<Args extends unknown[]>(listener: (...args: Args) => Promise<void>) {
  let thrown: { error: unknown } | undefined;
  return {
    tell: proxy(async (...args: Args) => {
      try {
        await listener(...args);
      } catch (error) {
        thrown ??= { error };
        throw error;
      }
    }),
    orThrown: (error: unknown) => (thrown ? thrown.error : error),
  };
}

function checkFunctions(caller: string, functions: Record<string, unknown>): void {
  for (const [argument, value] of Object.entries(functions)) {
    if (value !== undefined) checkFunction(caller, argument, value);
  }
}

function checkBoolean(caller: string, argument: string, value: unknown): void {
  if (typeof value === 'boolean') return;
  throw new InvalidOptionError(receivedMessage(caller, `${argument} must be true or false`, argument, value));
}
