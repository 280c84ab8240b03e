import { dispose, type Tensor4D } from '@tensorflow/tfjs-core';
import { passIndices } from '../../data/batches/epoch-order.js';
import { epochBatches } from '../../data/batches/image-batches.js';
import { isTensor } from '../../data/image-array.js';
import { isImageArray } from '../../data/image-dataset.js';
import { takeImages } from '../../data/image-rows.js';
import {
  checkImageValues,
  type ImageArray,
  type ImageBatchesOptions,
  type ImageDataset,
  type TensorBatch,
  type ViewRequest,
  type ViewTensorBatch,
} from '../../data/index.js';
import { type StepBatch, tensorBatch } from '../step/batch.js';

/** A batch that `fit` goes through. */
export interface FitBatch extends StepBatch {
  /** Its number in the epoch, from 0; one that damaged pictures left out counts too. */
  readonly number: number;
  /** The batch itself; `undefined` where only a micro-batch is on the device at a time. */
  readonly whole?: TensorBatch | ViewTensorBatch;
  /** @throws {@link ValueRangeError} unless all values are in [0, 1]. */
  checkValues(): Promise<void>;
  /** Frees what it holds. */
  dispose(): void;
}

/**
 * The batches of one epoch. Of pictures in memory, only as many as one micro-batch has are ever brought to the device;
 * an iterable's batches come whole, as they are.
 */
export async function* stepBatches(
  caller: string,
  dataset: ImageDataset,
  options: ImageBatchesOptions & { microBatchSize?: number | undefined; views?: readonly ViewRequest[] },
): AsyncGenerator<FitBatch, void, undefined> {
  const { microBatchSize, ...pass } = options;
  if (microBatchSize !== undefined && (isTensor(dataset) || isImageArray(dataset))) {
    yield* microBatchesInMemory(caller, dataset, microBatchSize, pass);
    return;
  }
  for await (const whole of epochBatches(caller, 'dataset', dataset, pass)) {
    const { indices, number } = whole;
    const pictures = whole.images ?? whole.views;
    const tensors = whole.images ? [whole.images] : whole.views;
    yield {
      number,
      whole,
      ...tensorBatch(pictures, indices),
      checkValues: async () => {
        for (const tensor of tensors) await checkImageValues(caller, 'dataset', tensor);
      },
      dispose: () => dispose([...tensors]),
    };
  }
}

/** The batches that `imageBatches` gives, without making a tensor of any. */
function* microBatchesInMemory(
  caller: string,
  images: Tensor4D | ImageArray,
  microBatchSize: number,
  { batchSize, shuffle = true, seed = 0, epoch = 0, startBatch = 0 }: ImageBatchesOptions,
): Generator<FitBatch> {
  const pass = { batchSize, shuffle, seed, epoch, startBatch, dropRemainder: true };
  let number = startBatch;
  for (const indices of passIndices(caller, 'dataset', images.shape[0], pass)) {
    const rows = (start: number, count: number) =>
      takeImages(caller, images, indices.subarray(start, start + count));
    yield {
      number: number++,
      indices,
      rows,
      // Values in host memory are checked whenever they become a tensor.
      checkValues: async () => {
        if (!isTensor(images)) return;
        for (let start = 0; start < batchSize; start += microBatchSize) {
          const part = rows(start, microBatchSize);
          try {
            await checkImageValues(caller, 'dataset', part);
          } finally {
            part.dispose();
          }
        }
      },
      dispose: () => {},
    };
  }
}
