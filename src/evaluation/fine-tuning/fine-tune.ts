import {
  logSoftmax,
  mean,
  mul,
  neg,
  type Optimizer,
  type Scalar,
  stack,
  sum,
  type Tensor2D,
  type Tensor4D,
  tensor2d,
  tidy,
  variableGrads,
} from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  augment,
  compose,
  normalize,
  randomHorizontalFlip,
  randomResizedCrop,
  type Transform,
} from '../../augmentations/index.js';
import { explainMissingKernel } from '../../backend/missing-kernel.js';
import { releaseTape } from '../../backend/tape.js';
import { yieldToEventLoop } from '../../backend/yield-to-event-loop.js';
import { checkImages } from '../../data/image-dataset.js';
import { checkImageValues, epochOrder, type ImageArrayLike } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { describeValue } from '../../errors/checks.js';
import { ShapeError } from '../../errors/errors.js';
import { trainableVariables } from '../../models/named-weights.js';
import { linearScaling, SGD, warmupCosineSchedule } from '../../optimizers/index.js';
import { batchRandom } from '../../random/index.js';
import { readLoss, sumOfAll } from '../../training/step/read-loss.js';
import { checkTrainingLabels, type Labels } from '../embeddings.js';
import { takePictures } from '../labels/take-pictures.js';
import { classifierNetwork, type FineTuneSource } from './classifier-network.js';
import { checkFineTuneOptions, type FineTuneOptions } from './fine-tune-options.js';
import { FineTunedClassifier } from './fine-tuned-classifier.js';

/** Pictures with their classes: what a classifier is fine-tuned on. `LabeledImages` of the readers are such. */
export interface LabeledPictures {
  /** `[N, H, W, C]`, N >= 2, of any size that the augmentation takes; float32 in [0, 1], or bytes. Not disposed. */
  images: ImageArrayLike | Tensor4D;
  /** One class number a picture, from 0. */
  labels: Labels;
  /** Number of classes. Default: the largest label + 1. */
  classes?: number;
}

/** What {@link fineTune} gives. */
export interface FineTuneResult {
  /** The trained classifier, which the caller disposes of. */
  classifier: FineTunedClassifier;
  /** Mean cross entropy of each epoch in nats; the last may be of a part of an epoch. */
  losses: number[];
  /** Optimiser steps done. */
  steps: number;
  /** Whether all epochs were done. */
  outcome: 'completed' | 'aborted';
}

const caller = 'fineTune';

/** Ends of the steps of a pass: as few as `batchSize` allows, of equal size to one picture, of two at least. */
function stepEnds(count: number, batchSize: number): number[] {
  const steps = Math.max(1, Math.min(Math.ceil(count / batchSize), Math.floor(count / 2)));
  return Array.from({ length: steps }, (_, i) => Math.floor(((i + 1) * count) / steps));
}

/** Cross entropy of a batch and its gradients. */
function crossEntropyGradients(network: LayersModel, input: Tensor4D, targets: Tensor2D) {
  try {
    return variableGrads(() => {
      const logits = network.apply(input, { training: true }) as Tensor2D;
      return neg(mean(sum(mul(targets, logSoftmax(logits)), 1))) as Scalar;
    }, trainableVariables(network));
  } catch (error) {
    releaseTape();
    throw explainMissingKernel(error);
  }
}

/** The one network that is trained, and with what. */
class FineTuneRun {
  private readonly augmentation: Transform<unknown>;
  private readonly optimizer: Optimizer;
  private readonly ends: number[];
  private readonly epochs: number;
  private readonly seed: number;
  private readonly classes: number;
  private readonly inputShape: (number | null)[];
  readonly totalSteps: number;
  readonly losses: number[] = [];
  steps = 0;

  constructor(
    private readonly network: LayersModel,
    private readonly normalization: FineTuneSource['normalization'],
    private readonly training: LabeledPictures,
    private readonly options: FineTuneOptions,
  ) {
    const { epochs = 60, batchSize = 64, seed = 0, weightDecay = 0 } = options;
    this.epochs = epochs;
    this.seed = seed;
    this.classes = network.outputs[0]!.shape[1]!;
    this.inputShape = network.inputs[0]!.shape.slice(1);
    const [height, width] = this.inputShape as [number, number];
    this.augmentation =
      options.augmentation ?? compose([randomResizedCrop({ size: [height, width] }), randomHorizontalFlip()]);
    this.ends = stepEnds(training.images.shape[0], batchSize);
    const learningRate = options.learningRate ?? linearScaling({ baseLearningRate: 0.05, batchSize });
    this.totalSteps = epochs * this.ends.length;
    const { totalSteps } = this;
    this.optimizer =
      options.optimizer ??
      new SGD({
        learningRate: warmupCosineSchedule({ peak: learningRate, warmupSteps: 0, totalSteps }),
        momentum: 0.9,
        nesterov: true,
        weightDecay,
      });
  }

  async execute(): Promise<void> {
    const { signal, onProgress } = this.options;
    const { images } = this.training;
    const { totalSteps } = this;
    for (let epoch = 0; epoch < this.epochs && !signal?.aborted; epoch++) {
      const order = epochOrder(images.shape[0], { seed: this.seed, epoch });
      let total = 0;
      let start = 0;
      for (const end of this.ends) {
        const loss = await this.step(order.subarray(start, end), epoch);
        total += loss * (end - start);
        start = end;
        this.steps++;
        onProgress?.({ step: this.steps, totalSteps, epoch, loss });
        await yieldToEventLoop();
        if (signal?.aborted) break;
      }
      this.losses.push(total / start);
    }
  }

  dispose(): void {
    if (!this.options.optimizer) this.optimizer.dispose();
  }

  private async step(indices: Uint32Array, epoch: number): Promise<number> {
    const images = takePictures(caller, this.training.images, indices);
    try {
      if (epoch === 0) await checkImageValues(caller, 'images', images);
      const { summary, gradients } = tidy(() => {
        const random = batchRandom({ seed: this.seed, epoch, indices, view: 0 });
        const view = augment(this.augmentation, images, random);
        this.checkView(view, indices.length);
        const input = this.normalization ? normalize(this.normalization).apply(view, null) : view;
        const targets = tensor2d(this.targetsOf(indices), [indices.length, this.classes]);
        const { value, grads } = crossEntropyGradients(this.network, input, targets);
        return { summary: stack([value, sumOfAll(grads)]), gradients: grads };
      });
      try {
        const loss = await readLoss(summary, this.steps);
        this.optimizer.applyGradients(gradients);
        return loss;
      } finally {
        for (const gradient of Object.values(gradients)) gradient.dispose();
      }
    } finally {
      images.dispose();
    }
  }

  /** One-hot rows, made on the host: the wasm backend's `oneHot` gives whole numbers whatever dtype is asked for. */
  private targetsOf(indices: Uint32Array): Float32Array {
    const targets = new Float32Array(indices.length * this.classes);
    for (const [row, index] of indices.entries()) {
      targets[row * this.classes + this.training.labels[index]!] = 1;
    }
    return targets;
  }

  private checkView(view: Tensor4D, count: number): void {
    const expected = [count, ...this.inputShape];
    if (view.shape.length === 4 && expected.every((size, axis) => size === view.shape[axis])) return;
    throw new ShapeError(
      `${caller}: augmentation must give pictures of the encoder's input shape [${expected}]. Received: pictures=[${view.shape}].`,
    );
  }
}

/**
 * Trains the whole network as a classifier on few labelled pictures, from what it learnt without labels: encoder, a part
 * of the projection head where wanted, and a new linear layer that starts with zeros.
 *
 * Batch normalisation is in training mode. Layers of the encoder that are frozen stay frozen. The source is copied and
 * stays as it is, unless `updateSource` is set. On an error nothing is left behind and the source is unchanged.
 *
 * @param source - A `SimCLR`, or its encoder, head and normalisation.
 * @param training - Labelled pictures; {@link selectLabeled} with `selectImages` chooses few of many.
 * @param options - See {@link FineTuneOptions}.
 * @throws {@link ShapeError} when there are fewer than 2 pictures, labels and pictures differ in number, the encoder is
 * not fit, or the head has no such layer.
 * @throws {@link ValueRangeError} when pictures are not in [0, 1], a label is no class, or all labels are the same.
 * @throws {@link InvalidOptionError} when an option is outside its domain.
 * @throws {@link NonFiniteLossError} when the loss or a gradient becomes NaN or infinite.
 * @throws {@link BackendError} when the active backend lacks a kernel or a gradient that the network needs.
 * @example
 * const few = selectImages(cifar10, selectLabeled(cifar10.labels, { perClass: 10 }));
 * const { classifier } = await fineTune(simclr, few, { epochs: 60 });
 * const { accuracy } = await classifier.evaluate(test.images, test.labels);
 * classifier.dispose();
 * @see Chen et al. 2020, arXiv:2002.05709, appendix B.5; Chen et al. 2020, arXiv:2006.10029, section 2 (middle layers of
 * the head).
 */
export async function fineTune(
  source: FineTuneSource,
  training: LabeledPictures,
  options: FineTuneOptions = {},
): Promise<FineTuneResult> {
  checkKeys('fineTune', options, {
    attachTo: 1,
    weights: 1,
    epochs: 1,
    batchSize: 1,
    learningRate: 1,
    weightDecay: 1,
    optimizer: 1,
    augmentation: 1,
    seed: 1,
    updateSource: 1,
    onProgress: 1,
    signal: 1,
  });
  const { attachTo = 'h', weights = 'pretrained', updateSource = false } = options;
  checkFineTuneOptions(caller, options, source?.projectionHead !== undefined);
  checkImages(caller, 'images', training?.images);
  const count = training.images.shape[0];
  if (count < 2) {
    throw new ShapeError(
      `${caller}: images must be at least 2. Received: images=[${training.images.shape}].`,
    );
  }
  const classes = checkTrainingLabels(caller, training.labels, count, training.classes);
  checkInputSize(source);
  const { network, writeBack } = await classifierNetwork(
    caller,
    source,
    attachTo,
    classes,
    weights === 'pretrained',
  );
  let run: FineTuneRun | undefined;
  try {
    run = new FineTuneRun(network, source.normalization, training, options);
    await run.execute();
    if (updateSource) writeBack();
  } catch (error) {
    network.dispose();
    throw error;
  } finally {
    run?.dispose();
  }
  return {
    classifier: new FineTunedClassifier(network, source.normalization ?? null),
    losses: run.losses,
    steps: run.steps,
    outcome: run.steps < run.totalSteps ? 'aborted' : 'completed',
  };
}

function checkInputSize(source: FineTuneSource): void {
  const shape = source?.encoder?.inputs?.[0]?.shape;
  if (shape?.length === 4 && shape.slice(1).every((size) => typeof size === 'number')) return;
  const received = shape ? `[${shape.map((size) => size ?? 'null')}]` : describeValue(source?.encoder);
  throw new ShapeError(
    `${caller}: encoder must take pictures of a fixed size, input shape [batch, height, width, channels]. Received: encoder with input shape ${received}.`,
  );
}
