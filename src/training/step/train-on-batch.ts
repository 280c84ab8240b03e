import type { Tensor4D } from '@tensorflow/tfjs-core';
import { unlessLost } from '../../backend/lost-device.js';
import { sliceImages } from '../../data/image-rows.js';
import { checkImageValues, type ImageArrayLike } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { InvalidOptionError } from '../../errors/errors.js';
import type { TrainStepResult } from '../trainer.js';
import { tensorBatch } from './batch.js';
import { checkLabels } from './check-labels.js';
import { checkMicroBatch } from './check-micro-batch.js';
import { takeStep } from './train-step.js';
import type { TrainerCore } from './trainer-core.js';
import { checkIndices } from './views.js';

/** Options of `SimCLR.trainStep`. */
export interface TrainStepOptions {
  /** Number of each image in the data set: its random draws follow it. @defaultValue its row in the batch */
  indices?: ArrayLike<number>;
  /** Pass over the data: another one means other draws. @defaultValue the number of the step, so that each call draws again */
  epoch?: number;
  /** The class of each image, for a loss that needs it: integers, negative = unknown. @defaultValue none */
  labels?: ArrayLike<number>;
  /** Images that go through the network at a time, as in `fit`. @defaultValue all */
  microBatchSize?: number;
}

/** Checks a batch and takes one step on it. */
export async function trainOnBatch(
  core: TrainerCore,
  images: Tensor4D | ImageArrayLike,
  options: TrainStepOptions,
): Promise<TrainStepResult> {
  const caller = 'SimCLR.trainStep';
  checkKeys(caller, options, { indices: 1, epoch: 1, labels: 1, microBatchSize: 1 });
  core.checkPresent('augmentation', 'loss', 'optimizer');
  if (core.learningRatePlan !== undefined) {
    throw new InvalidOptionError(
      `${caller}: optimizer.learningRate must be a number or a schedule, because only fit knows how long a plan is to last. Received: a plan.`,
    );
  }
  const { epoch = core.progress.step, indices, labels, microBatchSize } = options;
  const batch = sliceImages(caller, images);
  try {
    await unlessLost(caller, core.progress.step, () => checkImageValues(caller, 'images', batch));
    const count = batch.shape[0];
    const rows = indices ?? Array.from({ length: count }, (_, row) => row);
    checkIndices(rows, count);
    checkLabels(caller, core.loss, labels, count);
    if (microBatchSize !== undefined) checkMicroBatch(caller, core, microBatchSize, count, 'images');
    const { result } = await takeStep(core, tensorBatch(batch, rows), { epoch, labels, microBatchSize });
    core.dropAverage(); // it does not follow the weights
    return await result;
  } finally {
    batch.dispose();
  }
}
