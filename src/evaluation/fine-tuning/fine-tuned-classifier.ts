import { type io, softmax, type Tensor4D } from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { type NormalizeOptions, normalize } from '../../augmentations/index.js';
import type { ImageArrayLike } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { CheckpointError, SimCLRError } from '../../errors/errors.js';
import { registerLayers } from '../../models/index.js';
import type { EmbedOptions } from '../../training/index.js';
import { checkLabels, type Labels } from '../embeddings.js';
import {
  type ClassificationResult,
  type ClassScores,
  classificationResult,
  highestClass,
} from '../labels/classification.js';
import { networkOutputs } from './network-outputs.js';

/** What is saved beside the network. */
interface SavedMetadata {
  fineTunedClassifier: { normalization: NormalizeOptions | null };
}

/** A network from pictures to classes, made by `fineTune`. */
export class FineTunedClassifier {
  /** Number of classes. */
  readonly classes: number;
  private disposed = false;

  /**
   * Use `fineTune` or {@link FineTunedClassifier.load}.
   *
   * @param network - From pictures `[N, H, W, C]` to logits `[N, classes]`. Belongs to the classifier from now on.
   * @param normalization - Mean and standard deviation of each channel, applied before the network, or `null`.
   */
  constructor(
    readonly network: LayersModel,
    readonly normalization: NormalizeOptions | null,
  ) {
    if (normalization !== null) normalize(normalization); // refuses a wrong mean or standard deviation
    this.classes = network.outputs[0]!.shape[1]!;
  }

  /**
   * The most probable class of each picture; of equal ones the lowest number.
   *
   * @param images - float32 `[N, H, W, C]` in [0, 1] of the encoder's input size (or uint8 as a typed array). Not
   * disposed.
   * @throws {@link ShapeError}, {@link ValueRangeError} on pictures of the wrong shape, dtype or range.
   * @throws {@link SimCLRError} after `dispose`.
   */
  async predict(images: Tensor4D | ImageArrayLike, options: EmbedOptions = {}): Promise<Int32Array> {
    checkKeys('FineTunedClassifier.predict', options, { batchSize: 1, onProgress: 1 });
    return highestClass(await this.scoresOf('FineTunedClassifier.predict', images, options));
  }

  /**
   * Class probabilities, `[N, classes]`.
   *
   * @param images - As for `predict`.
   */
  scores(images: Tensor4D | ImageArrayLike, options: EmbedOptions = {}): Promise<ClassScores> {
    checkKeys('FineTunedClassifier.scores', options, { batchSize: 1, onProgress: 1 });
    return this.scoresOf('FineTunedClassifier.scores', images, options);
  }

  /**
   * Predicts and compares with one class number a picture.
   *
   * @param images - As for `predict`.
   * @param labels - One class number a picture.
   * @throws {@link ShapeError} when labels and pictures differ in number, {@link ValueRangeError} when a label is no
   * class; and as `predict`.
   */
  async evaluate(
    images: Tensor4D | ImageArrayLike,
    labels: Labels,
    options: EmbedOptions = {},
  ): Promise<ClassificationResult> {
    const caller = 'FineTunedClassifier.evaluate';
    checkKeys(caller, options, { batchSize: 1, onProgress: 1 });
    checkLabels(caller, 'labels', labels, images?.shape?.[0], this.classes);
    return classificationResult(await this.scoresOf(caller, images, options), labels);
  }

  /**
   * Saves the network in tfjs's own format, with the normalisation in its metadata: `loadLayersModel` reads it too.
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
   * Loads what {@link FineTunedClassifier.save} wrote.
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
        `${caller}: the classifier must not be disposed of. Received: a call after dispose.`,
      );
    }
  }

  private async scoresOf(
    caller: string,
    images: Tensor4D | ImageArrayLike,
    options: EmbedOptions,
  ): Promise<ClassScores> {
    this.checkUsable(caller);
    return networkOutputs(caller, this.network, this.normalization, images, {
      ...options,
      after: softmax,
      beforePass: () => this.checkUsable(caller), // it may be disposed of meanwhile
    });
  }
}
