import { type io, softmax } from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { type NormalizeOptions, normalize } from '../../augmentations/index.js';
import type { ImageDataset } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { CheckpointError, SimCLRError } from '../../errors/errors.js';
import { registerLayers } from '../../models/index.js';
import type { EmbedOptions } from '../../training/index.js';
import {
  type ClassificationResult,
  type ClassProbabilities,
  classificationResult,
  mostProbableClass,
} from '../labels/classification.js';
import { checkGivenLabels, labelsOfRows } from '../labels/labeled-pictures.js';
import type { Labels } from '../labels/labels.js';
import { type NetworkOutputs, networkOutputs } from './network-outputs.js';

/** Metadata that is saved with the network. */
interface SavedMetadata {
  fineTunedClassifier: { normalization: NormalizeOptions | null };
}

/** A network that classifies pictures, the result of `fineTune`. */
export class FineTunedClassifier {
  /** Number of classes. */
  readonly classes: number;
  private disposed = false;

  /**
   * Use `fineTune` or {@link FineTunedClassifier.load}.
   *
   * @param network - From pictures `[N, H, W, C]` to logits `[N, classes]`. The classifier owns it from now on.
   * @param normalization - Mean and standard deviation of each channel, applied before the network, or `null`.
   */
  constructor(
    readonly network: LayersModel,
    readonly normalization: NormalizeOptions | null,
  ) {
    if (normalization !== null) normalize(normalization); // throws on a bad mean or standard deviation
    this.classes = network.outputs[0]!.shape[1]!;
  }

  /**
   * The most probable class of each picture; of equally probable ones the lowest number.
   *
   * @param images - float32 `[N, H, W, C]` in [0, 1] of the encoder's input size, or bytes: any data set that `fit`
   * takes, in its own order. A picture that the data set skips because it cannot be decoded has no row. A tensor is not
   * disposed.
   * @throws {@link ShapeError}, {@link ValueRangeError} on pictures of the wrong shape, dtype or range.
   * @throws {@link SimCLRError} after `dispose`.
   */
  async predict(images: ImageDataset, options: EmbedOptions = {}): Promise<Int32Array> {
    const caller = 'FineTunedClassifier.predict';
    return mostProbableClass(await this.outputs(caller, images, options));
  }

  /**
   * Class probabilities, `[N, classes]`.
   *
   * @param images - As for `predict`.
   */
  async probabilities(images: ImageDataset, options: EmbedOptions = {}): Promise<ClassProbabilities> {
    const { data, shape } = await this.outputs('FineTunedClassifier.probabilities', images, options);
    return { data, shape };
  }

  /**
   * Predicts classes and compares them with the labels.
   *
   * @param images - As for `predict`.
   * @param labels - Class numbers, each at its picture's number in the data set. Left out, those that the batches
   * carry.
   * @throws {@link InvalidOptionError} when there are no labels.
   * @throws {@link ShapeError} when labels and pictures differ in number, {@link ValueRangeError} when a label is not a
   * class; and what `predict` throws.
   */
  async evaluate(
    images: ImageDataset,
    labels?: Labels,
    options: EmbedOptions = {},
  ): Promise<ClassificationResult> {
    const caller = 'FineTunedClassifier.evaluate';
    const { classes } = this;
    checkGivenLabels(caller, '', { images, ...(labels && { labels }) }, classes);
    const outputs = await this.outputs(caller, images, options);
    return classificationResult(outputs, labelsOfRows(caller, 'labels', outputs, labels, classes));
  }

  /**
   * Saves the network in the format of tfjs-layers, with the normalization in its metadata. `loadLayersModel` reads it,
   * too.
   *
   * @param target - Any tfjs IO handler or URL string; a directory through `directory(path)` of `simclr-ts/node`.
   * @throws {@link SimCLRError} after `dispose`.
   */
  async save(target: io.IOHandler | string): Promise<io.SaveResult> {
    this.checkUsable('FineTunedClassifier.save');
    const metadata: SavedMetadata = { fineTunedClassifier: { normalization: this.normalization } };
    this.network.setUserDefinedMetadata(metadata);
    return this.network.save(target);
  }

  /**
   * Loads a classifier that {@link FineTunedClassifier.save} wrote.
   *
   * @param source - Any tfjs IO handler or URL string.
   * @throws {@link CheckpointError} when it holds something else.
   */
  static async load(source: io.IOHandler | string): Promise<FineTunedClassifier> {
    registerLayers();
    const network = await loadLayersModel(source);
    const metadata = network.getUserDefinedMetadata() as Partial<SavedMetadata> | undefined;
    if (metadata?.fineTunedClassifier === undefined) {
      network.dispose();
      throw new CheckpointError(
        'FineTunedClassifier.load: source must hold a classifier that FineTunedClassifier.save wrote. Received: another model.',
      );
    }
    return new FineTunedClassifier(network, metadata.fineTunedClassifier.normalization);
  }

  /** Disposes the network. A second call does nothing. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.network.dispose();
  }

  private checkUsable(caller: string): void {
    if (this.disposed) {
      throw new SimCLRError(
        `${caller}: the classifier must not be disposed. Received: a call after dispose.`,
      );
    }
  }

  private async outputs(
    caller: string,
    images: ImageDataset,
    options: EmbedOptions,
  ): Promise<NetworkOutputs> {
    checkKeys(caller, options, { batchSize: 1, onProgress: 1 });
    this.checkUsable(caller);
    return networkOutputs(caller, this.network, this.normalization, images, {
      ...options,
      after: softmax,
      beforePass: () => this.checkUsable(caller), // someone may dispose of it meanwhile
    });
  }
}
