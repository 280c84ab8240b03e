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
import { readLoss, sumOfAll } from '../../backend/read-loss.js';
import { releaseTape } from '../../backend/tape.js';
import { yieldToEventLoop } from '../../backend/yield-to-event-loop.js';
import { checkImageValues } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { describeValue } from '../../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../../errors/errors.js';
import { describeShape, fitsShape } from '../../models/check-encoder.js';
import { trainableVariables } from '../../models/named-weights.js';
import { linearScaling, SGD, warmupCosineSchedule } from '../../optimizers/index.js';
import { batchRandom } from '../../random/index.js';
import type { LabeledPictures } from '../labels/labeled-pictures.js';
import type { Labels } from '../labels/labels.js';
import { classifierNetwork, type FineTuneSource } from './classifier-network.js';
import { checkFineTuneOptions, type FineTuneOptions } from './fine-tune-options.js';
import { FineTunedClassifier } from './fine-tuned-classifier.js';
import { type TrainingBatch, type TrainingBatches, trainingBatches } from './training-batches.js';

/** Result of {@link fineTune}. */
export interface FineTuneResult {
  /** The trained classifier. The caller disposes of it. */
  classifier: FineTunedClassifier;
  /** Mean cross entropy of each epoch in nats; after an abort, the last is of part of an epoch. */
  losses: number[];
  /** Optimizer steps done. */
  steps: number;
  /** Whether all epochs were completed. */
  outcome: 'completed' | 'aborted';
}

const caller = 'fineTune';

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

/** One run of fine-tuning: the network, its optimizer and its progress. */
class FineTuneRun {
  private readonly augmentation: Transform<unknown>;
  private readonly optimizer: Optimizer;
  private readonly epochs: number;
  private readonly seed: number;
  private readonly classes: number;
  private readonly inputShape: (number | null)[];
  readonly totalSteps: number;
  readonly losses: number[] = [];
  steps = 0;
  aborted = false;

  constructor(
    private readonly network: LayersModel,
    private readonly source: FineTuneSource,
    private readonly batches: TrainingBatches,
    private readonly options: FineTuneOptions,
  ) {
    const { epochs = 60, batchSize = 64, seed = 0, weightDecay = 0 } = options;
    this.epochs = epochs;
    this.seed = seed;
    this.classes = batches.classes;
    this.inputShape = network.inputs[0]!.shape.slice(1);
    this.augmentation =
      options.augmentation ??
      compose([randomResizedCrop({ size: pictureSize(source) }), randomHorizontalFlip()]);
    const learningRate = options.learningRate ?? linearScaling({ baseLearningRate: 0.05, batchSize });
    this.totalSteps = epochs * batches.stepsPerEpoch;
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
    const { totalSteps } = this;
    for (let epoch = 0; epoch < this.epochs && !signal?.aborted; epoch++) {
      let total = 0;
      let count = 0;
      for await (const batch of this.batches.epoch(epoch)) {
        const loss = await this.step(batch, epoch);
        total += loss * batch.indices.length;
        count += batch.indices.length;
        this.steps++;
        onProgress?.({ step: this.steps, totalSteps, epoch, loss });
        await yieldToEventLoop();
        if (signal?.aborted) break;
      }
      this.losses.push(total / count);
    }
    // Fewer steps than planned are not an abort when a data set leaves pictures out.
    this.aborted = signal?.aborted === true && this.steps < totalSteps;
  }

  dispose(): void {
    if (!this.options.optimizer) this.optimizer.dispose();
  }

  private async step({ images, indices, labels }: TrainingBatch, epoch: number): Promise<number> {
    try {
      if (epoch === 0) await checkImageValues(caller, 'images', images);
      const { summary, gradients } = tidy(() => {
        const random = batchRandom({ seed: this.seed, epoch, indices, view: 0 });
        const view = augment(this.augmentation, images, random);
        this.checkView(view, indices.length);
        const { normalization } = this.source;
        const input = normalization ? normalize(normalization).apply(view, null) : view;
        const targets = tensor2d(this.targetsOf(labels), [indices.length, this.classes]);
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

  /** One-hot rows, made on the host: the wasm backend's `oneHot` gives integers whatever dtype is asked for. */
  private targetsOf(labels: Labels): Float32Array {
    const targets = new Float32Array(labels.length * this.classes);
    for (let row = 0; row < labels.length; row++) targets[row * this.classes + labels[row]!] = 1;
    return targets;
  }

  private checkView(view: Tensor4D, count: number): void {
    const expected = [count, ...this.inputShape];
    if (fitsShape(view.shape, expected)) return;
    throw new ShapeError(
      `${caller}: augmentation must return pictures of the encoder's input shape [${describeShape(expected)}]. Received: pictures=[${view.shape}].`,
    );
  }
}

/**
 * Trains the whole network as a classifier on few labeled pictures, starting from what it learned without labels: the
 * encoder, optionally a part of the projection head, and a new linear layer that starts from zeros.
 *
 * Batch normalization runs in training mode. Frozen layers of the encoder stay frozen. The source is copied and does not
 * change unless `updateSource` is set; after an error it is unchanged, too.
 *
 * @param source - A `SimCLR`, or its encoder, projection head and normalization.
 * @param training - Labeled pictures. {@link selectLabeled} with `selectImages` chooses a few of many. A data set that does
 * not say how many pictures or which labels it has is read once before training.
 * @param options - See {@link FineTuneOptions}.
 * @throws {@link ShapeError} when there are fewer than 2 pictures, labels and pictures differ in number, the encoder
 * does not take pictures, or the head has no such layer.
 * @throws {@link ValueRangeError} when pictures are not in [0, 1], a label is not an integer from 0 to `classes - 1`, or all
 * labels are the same.
 * @throws {@link InvalidOptionError} when an option is outside its domain, or there are no labels.
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
  checkInput(source);
  const { batchSize = 64, seed = 0 } = options;
  const batches = await trainingBatches(caller, training, batchSize, seed);
  const { network, writeBack } = await classifierNetwork(
    caller,
    source,
    attachTo,
    batches.classes,
    weights === 'pretrained',
  );
  let run: FineTuneRun | undefined;
  try {
    run = new FineTuneRun(network, source, batches, options);
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
    outcome: run.aborted ? 'aborted' : 'completed',
  };
}

function checkInput(source: FineTuneSource): void {
  const shape = source?.encoder?.inputs?.[0]?.shape;
  if (shape?.length === 4 && typeof shape[3] === 'number') return;
  const received = shape ? `[${describeShape(shape)}]` : describeValue(source?.encoder);
  throw new ShapeError(
    `${caller}: encoder must take pictures, input shape [batch, height, width, channels]. Received: encoder with input shape ${received}.`,
  );
}

/** Height and width of the pictures that the encoder is trained on. */
function pictureSize({ encoder, inputSize }: FineTuneSource): [number, number] {
  const [, height = null, width = null] = encoder.inputs[0]!.shape;
  const size = [height ?? inputSize?.[0], width ?? inputSize?.[1]];
  if (size[0] !== undefined && size[1] !== undefined) return size as [number, number];
  throw new InvalidOptionError(
    `${caller}: augmentation or source.inputSize must be given, because the encoder takes pictures of any size. Received: neither.`,
  );
}
