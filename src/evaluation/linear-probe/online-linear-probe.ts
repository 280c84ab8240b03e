import type { Tensor4D } from '@tensorflow/tfjs-core';
import { checkImages } from '../../data/image-dataset.js';
import { epochOrder, type ImageArrayLike } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger, checkPositive, describeValue } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import type { Callback } from '../../training/callbacks/callback.js';
import type { Trainer } from '../../training/index.js';
import { checkLabels, checkTrainingLabels, type Labels, type Matrix, readEmbeddings } from '../embeddings.js';
import { takePictures } from '../labels/take-pictures.js';
import { OnlineSoftmax } from './online-softmax.js';

/** Options of {@link onlineLinearProbe}. */
export interface OnlineLinearProbeOptions {
  /** Labelled pictures of the encoder's input size, float32 in [0, 1] or bytes: what the classifier is trained on. */
  images: ImageArrayLike | Tensor4D;
  /** One class number a picture, from 0. */
  labels: Labels;
  /** Number of classes. Default: the largest label + 1. */
  classes?: number;
  /** Other labelled pictures, on which the classifier is measured after each epoch. Default: none. */
  validation?: {
    /** As `images` above. */
    images: ImageArrayLike | Tensor4D;
    /** One class number a picture. */
    labels: Labels;
  };
  /**
   * Labelled pictures a step of the classifier.
   * @default 64
   */
  batchSize?: number;
  /**
   * Training steps from one step of the classifier to the next: more is cheaper, as each costs a forward pass.
   * @default 1
   */
  everySteps?: number;
  /**
   * Learning rate of the classifier's Adam, > 0.
   * @default 1e-3 (Adam's own, as keras.io's SimCLR example has it)
   */
  learningRate?: number;
  /**
   * Seed of the order of the labelled pictures, a whole number >= 0.
   * @default 0
   */
  seed?: number;
  /**
   * What the names of the metrics begin with.
   * @default 'onlineProbe'
   */
  name?: string;
}

const caller = 'onlineLinearProbe';

async function represent(
  simclr: Trainer,
  images: ImageArrayLike | Tensor4D,
  batchSize: number,
): Promise<Matrix> {
  const h = await simclr.embed(images, { batchSize });
  try {
    return await readEmbeddings(caller, 'h', h);
  } finally {
    h.dispose();
  }
}

/** Numbers of pictures without end, in a new order each pass. */
class Pictures {
  private order = new Uint32Array(0);
  private place = 0;
  private pass = 0;

  constructor(
    private readonly count: number,
    private readonly seed: number,
  ) {}

  next(batchSize: number): Uint32Array {
    if (this.place >= this.count || this.pass === 0) {
      this.order = epochOrder(this.count, {
        seed: this.seed,
        epoch: this.pass++,
      }) as Uint32Array<ArrayBuffer>;
      this.place = 0;
    }
    const batch = this.order.subarray(this.place, this.place + batchSize);
    this.place += batchSize;
    return batch;
  }
}

/**
 * Callback that trains a linear classifier beside SimCLR, on representations h of labelled pictures from which no
 * gradient reaches the encoder, and writes into each epoch's `metrics`:
 *
 * - `onlineProbeLoss`, `onlineProbeTrainAccuracy`: mean cross entropy in nats, and accuracy, of the epoch's batches, each
 *   before its update;
 * - `onlineProbeAccuracy`: accuracy on `validation` at the end of the epoch, where given.
 *
 * h is that of `embed` (without augmentation, batch normalisation in inference mode). The classifier is ever a little
 * behind the encoder: `linearProbe` at the end is the figure to report. It is kept over several calls of `fit`, and
 * trained on the host in double precision.
 *
 * @throws {@link ShapeError} when pictures and labels differ in number.
 * @throws {@link ValueRangeError} when a label is no class, or all labels are the same.
 * @throws {@link InvalidOptionError} when an option is outside its domain.
 * @example
 * const probe = onlineLinearProbe({ images: train.images, labels: train.labels, validation: test });
 * const history = await simclr.fit(train.images, { epochs: 100, callbacks: [probe] });
 * history.epochs.at(-1).metrics.onlineProbeAccuracy;
 * @see lightly's `OnlineLinearClassifier` and google-research/simclr's `lineareval_while_pretraining`: the same idea on the
 * views of the training step.
 */
export function onlineLinearProbe(options: OnlineLinearProbeOptions): Callback {
  checkKeys<OnlineLinearProbeOptions & { classNames?: unknown }>('onlineLinearProbe', options, {
    images: 1,
    labels: 1,
    classes: 1,
    validation: 1,
    batchSize: 1,
    everySteps: 1,
    learningRate: 1,
    seed: 1,
    name: 1,
    // Of labeled pictures that are spread into the options.
    classNames: 1,
  });
  const {
    batchSize = 64,
    everySteps = 1,
    learningRate = 1e-3,
    seed = 0,
    name = 'onlineProbe',
  } = options ?? {};
  const { images, labels, validation } = options ?? {};
  checkImages(caller, 'images', images);
  const count = images.shape[0];
  const classes = checkTrainingLabels(caller, labels, count, options.classes);
  if (validation !== undefined) {
    checkImages(caller, 'validation.images', validation?.images);
    checkLabels(caller, 'validation.labels', validation.labels, validation.images.shape[0], classes);
  }
  checkInteger(caller, 'batchSize', batchSize);
  checkInteger(caller, 'everySteps', everySteps);
  checkPositive(caller, 'learningRate', learningRate);
  checkInteger(caller, 'seed', seed, 0);
  if (typeof name !== 'string' || name === '') {
    throw new InvalidOptionError(
      `${caller}: name must be a string of at least one character. Received: name=${describeValue(name)}.`,
    );
  }

  const pictures = new Pictures(count, seed);
  let classifier: OnlineSoftmax | undefined;
  let seen = 0;
  let correct = 0;
  let loss = 0;
  return {
    async onStepEnd({ step }, { simclr }) {
      if ((step + 1) % everySteps !== 0) return;
      const indices = pictures.next(batchSize);
      const batch = takePictures(caller, images, indices);
      let h: Matrix;
      try {
        h = await represent(simclr, batch, batchSize);
      } finally {
        batch.dispose();
      }
      classifier ??= new OnlineSoftmax(classes, h.dim, learningRate);
      const result = classifier.update(
        h,
        Int32Array.from(indices, (index) => labels[index]!),
      );
      seen += h.rows;
      correct += result.correct;
      loss += result.loss;
    },
    async onEpochEnd(epoch, { simclr }) {
      if (classifier === undefined || seen === 0) return;
      epoch.metrics[`${name}Loss`] = loss / seen;
      epoch.metrics[`${name}TrainAccuracy`] = correct / seen;
      seen = 0;
      correct = 0;
      loss = 0;
      if (validation === undefined || epoch.partial) return;
      const h = await represent(simclr, validation.images, batchSize);
      const probabilities = new Float64Array(classes);
      let right = 0;
      for (let row = 0; row < h.rows; row++) {
        if (classifier.probabilities(h, row, probabilities) === validation.labels[row]) right++;
      }
      epoch.metrics[`${name}Accuracy`] = right / h.rows;
    },
  };
}
