import type { Tensor4D } from '@tensorflow/tfjs-core';
import { inferenceBatches } from '../../data/batches/inference-batches.js';
import { labelsOfBatch } from '../../data/batches/labels-of-batch.js';
import { checkImageDataset } from '../../data/check-image-dataset.js';
import { isInMemory } from '../../data/image-dataset.js';
import { type ImageDataset, imageBatches } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger, checkPositive, describeValue } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import type { Callback, Trainer } from '../../training/index.js';
import { type Matrix, readEmbeddings } from '../embeddings.js';
import {
  checkGivenLabels,
  type LabeledPictures,
  labelCount,
  labelsOfRows,
  RowLabels,
  readLabels,
} from '../labels/labeled-pictures.js';
import { checkLabels, checkTrainingLabels, type Labels } from '../labels/labels.js';
import { OnlineSoftmax } from './online-softmax.js';

/** Options of {@link onlineLinearProbe}. */
export interface OnlineLinearProbeOptions {
  /**
   * What the classifier is trained on: pictures of the encoder's input size, float32 in [0, 1] or bytes, in any data set
   * that `fit` takes.
   */
  images: ImageDataset;
  /**
   * Class numbers from 0, each at its picture's number in the data set.
   * @defaultValue the labels that the batches carry
   */
  labels?: Labels;
  /**
   * Number of classes.
   * @defaultValue the largest label + 1; a data set whose batches carry the labels is read once for it when `fit` starts
   */
  classes?: number;
  /**
   * Other labeled pictures, on which the classifier is measured after each epoch.
   * @defaultValue none
   */
  validation?: LabeledPictures;
  /**
   * Labeled pictures per step of the classifier.
   * @defaultValue `64`
   */
  batchSize?: number;
  /**
   * Training steps between two steps of the classifier. Larger is cheaper, because each step costs a forward pass.
   * @defaultValue `1`
   */
  everySteps?: number;
  /**
   * Learning rate of the classifier's Adam, > 0.
   * @defaultValue `1e-3` (Adam's default, which keras.io's SimCLR example uses)
   */
  learningRate?: number;
  /**
   * Seed of the order of the labeled pictures, an integer >= 0.
   * @defaultValue `0`
   */
  seed?: number;
  /**
   * Prefix of the names of the metrics.
   * @defaultValue `'onlineProbe'`
   */
  name?: string;
}

const caller = 'onlineLinearProbe';

/** Representations of pictures, and which pictures they are of. */
async function represent(trainer: Trainer, images: ImageDataset, batchSize: number) {
  const parts: Matrix[] = [];
  const rows = new RowLabels();
  for await (const batch of inferenceBatches(caller, images, { batchSize })) {
    try {
      parts.push(await embed(trainer, batch.images, batchSize));
    } finally {
      batch.images.dispose();
    }
    rows.add(batch);
  }
  return { parts, rows: rows.join() };
}

async function embed(trainer: Trainer, images: Tensor4D, batchSize: number): Promise<Matrix> {
  const h = await trainer.embed(images, { batchSize });
  try {
    return await readEmbeddings(caller, 'h', h);
  } finally {
    h.dispose();
  }
}

/** Pass after pass over labeled pictures, each in a new order. The consumer disposes the images. */
async function* endlessBatches(
  { images, labels }: LabeledPictures,
  batchSize: number,
  seed: number,
  nextPass: () => number,
) {
  for (;;) {
    const epoch = nextPass();
    for await (const batch of imageBatches(images, { batchSize, seed, epoch, dropRemainder: false })) {
      yield { images: batch.images, labels: () => labelsOfBatch(caller, 'labels', batch, labels) };
    }
  }
}

/**
 * Callback that trains a linear classifier alongside SimCLR, on representations h of labeled pictures. No gradient reaches
 * the encoder. It writes into each epoch's `metrics`:
 *
 * - `onlineProbeLoss`, `onlineProbeTrainAccuracy`: mean cross entropy in nats and accuracy on the epoch's batches, each
 *   before its update;
 * - `onlineProbeAccuracy`: accuracy on `validation` at the end of the epoch, if given.
 *
 * h comes from `embed`: without augmentation, with batch normalization in inference mode. The classifier always lags behind
 * the encoder, so report the accuracy of `linearProbe` after training. The classifier lives on over several calls of `fit`
 * and is trained on the host in double precision.
 *
 * @throws {@link ShapeError} when pictures and labels differ in number.
 * @throws {@link ValueRangeError} when a label is not an integer from 0 to `classes - 1`, or all labels are the same.
 * @throws {@link InvalidOptionError} when an option is outside its domain, or there are no labels.
 * @example
 * const probe = onlineLinearProbe({ images: train.images, labels: train.labels, validation: test });
 * const history = await simclr.fit(train.images, { epochs: 100, callbacks: [probe] });
 * history.epochs.at(-1).metrics.onlineProbeAccuracy;
 * @see lightly's `OnlineLinearClassifier` and google-research/simclr's `lineareval_while_pretraining`, which do the same on
 * the views of the training step.
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
    // Comes with labeled pictures that are spread into the options.
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
  checkImageDataset(caller, 'images', images);
  let { classes } = options;
  if (labels !== undefined || isInMemory(images)) {
    classes = checkTrainingLabels(caller, labels as Labels, labelCount(images), classes);
  }
  const checkValidation = (classCount: number) => {
    if (validation !== undefined) checkGivenLabels(caller, 'validation.', validation ?? {}, classCount);
  };
  if (classes !== undefined) checkValidation(classes);
  checkInteger(caller, 'batchSize', batchSize);
  checkInteger(caller, 'everySteps', everySteps);
  checkPositive(caller, 'learningRate', learningRate);
  checkInteger(caller, 'seed', seed, 0);
  if (typeof name !== 'string' || name === '') {
    throw new InvalidOptionError(
      `${caller}: name must be a string of at least one character. Received: name=${describeValue(name)}.`,
    );
  }

  let pass = 0;
  const open = () => endlessBatches(options, batchSize, seed, () => pass++);
  let batches = open();
  let classifier: OnlineSoftmax | undefined;
  let seen = 0;
  let correct = 0;
  let loss = 0;
  return {
    async onFitStart() {
      if (classes !== undefined) return;
      const known = await readLabels(caller, '', options);
      classes = checkTrainingLabels(caller, known.labels, undefined, undefined);
      checkValidation(classes);
    },
    async onStepEnd({ step }, { simclr }) {
      if ((step + 1) % everySteps !== 0) return;
      const { images: pictures, labels: labelsOf } = (await batches.next()).value!;
      let h: Matrix;
      try {
        h = await embed(simclr, pictures, batchSize);
      } finally {
        pictures.dispose();
      }
      const own = labelsOf();
      checkLabels(caller, 'labels', own, h.rows, classes);
      classifier ??= new OnlineSoftmax(classes!, h.dim, learningRate);
      const result = classifier.update(h, own);
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
      const { parts, rows } = await represent(simclr, validation.images, batchSize);
      const actual = labelsOfRows(caller, 'validation.labels', rows, validation.labels, classes!);
      const probabilities = new Float64Array(classes!);
      let right = 0;
      let first = 0;
      for (const h of parts) {
        for (let row = 0; row < h.rows; row++) {
          if (classifier.probabilities(h, row, probabilities) === actual[first + row]) right++;
        }
        first += h.rows;
      }
      epoch.metrics[`${name}Accuracy`] = right / actual.length;
    },
    async onFitEnd() {
      // Pictures in memory continue where they stopped. Other data sets must close their files.
      if (isInMemory(images)) return;
      await batches.return();
      batches = open();
    },
  };
}
