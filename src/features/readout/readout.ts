import type { io, Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import type { NormalizeOptions } from '../../augmentations/index.js';
import { normalizer } from '../../augmentations/normalize.js';
import type { ImageDataset } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkBoolean } from '../../errors/checks.js';
import { CheckpointError, SimCLRError } from '../../errors/errors.js';
import { registerLayers } from '../../models/index.js';
import { type EmbedOptions, embedImages, type FlipOptions } from '../../models/inference/embed-images.js';
import type { EncoderSource } from '../encoder-source.js';
import { joinedLength, type ResolvedStage } from './encoder-stages.js';
import { sharesWeights } from './encoder-weights.js';
import { checkReadoutJSON, type ReadoutJSON, type ReadoutState } from './readout-state.js';
import { restoreReadout } from './restore-readout.js';

/** Options of `Readout.embed`. */
export interface ReadoutEmbedOptions extends EmbedOptions, FlipOptions {}

/**
 * A read-out: pictures to vectors by way of an encoder's stages, averaged on a grid and whitened. {@link fitReadout} makes
 * one.
 *
 * Its `model` is a model of ordinary layers with weights of its own. It is an encoder like any other: `new SimCLR`,
 * `exportONNX` and `toPlainLayersModel` take it.
 *
 * @example
 * const readout = await fitReadout(encoder, images);
 * const vectors = await readout.embed(images);
 */
export class Readout {
  /** Pictures, normalized if the encoder's are, to vectors `[batch, dim]`. */
  readonly model: LayersModel;
  private readonly json: ReadoutJSON;
  private disposed = false;

  /**
   * Use {@link fitReadout}, {@link Readout.load} or {@link Readout.fromState}.
   * @internal
   */
  constructor(model: LayersModel, json: ReadoutJSON) {
    this.model = model;
    this.json = json;
  }

  /** Length of the vectors: at most what was asked for, and no more than the pictures span. */
  get dim(): number {
    return this.model.outputs[0]!.shape[1]!;
  }

  /** What is read, in the order in which it is joined. */
  get stages(): readonly ResolvedStage[] {
    return this.json.stages;
  }

  /** Mean and standard deviation of each channel of the pictures, or `null`. */
  get normalization(): NormalizeOptions | null {
    return this.json.normalization;
  }

  /** How many pictures it was fitted to. */
  get pictures(): number {
    return this.json.pictures;
  }

  /** Share of the variance of the joined stages that the vectors keep, from 0 to 1. */
  get explainedVariance(): number {
    return this.json.explainedVariance;
  }

  /**
   * Vectors of pictures.
   *
   * @param images - What `SimCLR.embed` takes: float32 `[N, H, W, C]` in [0, 1] of the encoder's input size (or uint8 as a
   * typed array), or batches of such images. They are normalized as the encoder's are.
   * @returns `[N, dim]`. Over the pictures that it was fitted to, every column has mean 0 and variance 1. The caller
   * disposes it.
   * @throws {@link ShapeError}, {@link ValueRangeError} on images of the wrong shape, dtype or range.
   * @throws {@link SimCLRError} after `dispose`.
   */
  async embed(images: ImageDataset, options: ReadoutEmbedOptions = {}): Promise<Tensor2D> {
    const caller = 'Readout.embed';
    checkKeys(caller, options, { batchSize: 1, onProgress: 1, flips: 1 });
    const { flips = false } = options;
    checkBoolean(caller, 'flips', flips);
    this.checkUsable(caller);
    return embedImages(caller, this.model, images, options, {
      prepare: normalizer(this.normalization),
      flips,
      beforePass: () => this.checkUsable(caller), // it may have been disposed of meanwhile
    });
  }

  /**
   * Saves the model, encoder included, in the format of tfjs-layers. `loadLayersModel` reads it, too.
   *
   * @param target - Any tfjs IO handler or URL string; a directory through `directory(path)` of `simclr-ts/node`.
   * @throws {@link SimCLRError} after `dispose`.
   */
  async save(target: io.IOHandler | string): Promise<io.SaveResult> {
    this.checkUsable('Readout.save');
    this.model.setUserDefinedMetadata({ readout: this.json });
    return this.model.save(target);
  }

  /**
   * Loads a read-out that {@link Readout.save} wrote.
   *
   * @param source - Any tfjs IO handler or URL string.
   * @throws {@link CheckpointError} when it holds something else.
   */
  static async load(source: io.IOHandler | string): Promise<Readout> {
    registerLayers();
    const model = await loadLayersModel(source);
    try {
      const metadata = model.getUserDefinedMetadata() as { readout?: unknown } | undefined;
      if (metadata?.readout === undefined) {
        throw new CheckpointError(
          'Readout.load: source must hold a read-out that Readout.save wrote. Received: another model.',
        );
      }
      return new Readout(model, checkReadoutJSON('Readout.load', metadata.readout));
    } catch (error) {
      model.dispose();
      throw error;
    }
  }

  /**
   * What the read-out adds to its encoder, without the encoder: to keep beside a checkpoint. `JSON.stringify` takes `json`,
   * and `writeSafetensors` takes `tensors`.
   *
   * @throws {@link SimCLRError} after `dispose`.
   */
  async state(): Promise<ReadoutState> {
    this.checkUsable('Readout.state');
    const { json, kernel, bias } = this.whitening();
    const [kernelData, biasData] = await Promise.all([kernel.data<'float32'>(), bias.data<'float32'>()]);
    return {
      json,
      tensors: {
        kernel: { data: kernelData, shape: [joinedLength(this.stages), this.dim] },
        bias: { data: biasData, shape: [this.dim] },
      },
    };
  }

  /**
   * What {@link Readout.state} reads, as it is now: the variables themselves.
   * @internal
   */
  whitening(): { json: ReadoutJSON; kernel: Tensor; bias: Tensor } {
    const [kernel, bias] = this.model.layers.at(-1)!.getWeights();
    return { json: structuredClone(this.json), kernel: kernel!, bias: bias! };
  }

  /**
   * A read-out of an encoder from a state.
   *
   * @param source - The encoder that it was fitted to, or a `SimCLR`. It is copied as far as it is read.
   * @param state - From {@link Readout.state}.
   * @throws {@link CheckpointError} when the encoder is another one: it takes other pictures, lacks a stage, has one of
   * another shape, or has other weights, such as after more training; and when the state is damaged.
   */
  static async fromState(source: LayersModel | EncoderSource, state: ReadoutState): Promise<Readout> {
    const caller = 'Readout.fromState';
    const restored = await restoreReadout(caller, source, state);
    if (restored) return new Readout(restored.model, restored.json);
    throw new CheckpointError(
      `${caller}: source must be the encoder that the state was fitted to, with the same weights; after more training, fit again. Received: an encoder with other weights.`,
    );
  }

  /**
   * Whether an encoder is the one that this was fitted to, and has not been trained or changed since. Of the encoder of a
   * `SimCLR` that was loaded with its read-out, it says so too; of a read-out from {@link Readout.load}, which brings an
   * encoder of its own, never.
   *
   * @throws {@link SimCLRError} after `dispose`.
   */
  isOf(encoder: LayersModel): boolean {
    this.checkUsable('Readout.isOf');
    return sharesWeights(this.model.layers.slice(0, -1), encoder);
  }

  /** Disposes the model. A second call does nothing. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.model.dispose();
  }

  /** Whether `dispose` was called. */
  get isDisposed(): boolean {
    return this.disposed;
  }

  private checkUsable(caller: string): void {
    if (!this.disposed) return;
    throw new SimCLRError(`${caller}: the read-out must not be disposed. Received: a call after dispose.`);
  }
}
