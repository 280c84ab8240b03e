import type { Tensor4D } from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '../../errors/errors.js';
import type { ImageDataset } from '../image-dataset.js';
import { checkImageValues } from '../image-range.js';
import { epochBatches } from './image-batches.js';

/** A batch of {@link inferenceBatches}. */
export interface InferenceBatch {
  /** Shape `[batch, height, width, channels]`, float32 in [0, 1]. The consumer disposes it. */
  images: Tensor4D;
  /** The index of each picture in the data set; if it has none, its place in the pass. */
  indices: Uint32Array;
  /** Whether `indices` are only places in the pass, which cannot be used for look-ups. */
  indicesArePlaces?: boolean;
  /** The class number of each picture, if the data set has labels: in every batch or in none. */
  labels?: Int32Array;
}

/**
 * Iterates once over a data set, in its own order: every picture that can be decoded, without augmentation.
 *
 * @param caller - The function that errors name; its argument is called `images`.
 * @param images - The data set. Batches of an iterable keep their size.
 * @param options - `batchSize`: pictures per batch, an integer >= 1.
 * @throws {@link InvalidOptionError}, {@link ShapeError}, {@link ValueRangeError} and {@link DataError} as
 *   `imageBatches`, values of tensors included, and when only some batches have labels.
 */
export async function* inferenceBatches(
  caller: string,
  images: ImageDataset,
  { batchSize }: { batchSize: number },
): AsyncGenerator<InferenceBatch, void, undefined> {
  const pass = { batchSize, shuffle: false, dropRemainder: false };
  let labeled: boolean | undefined;
  for await (const batch of epochBatches(caller, 'images', images, pass)) {
    // There are no views, because the pass does not ask for any.
    const {
      images: tensor,
      indices,
      labels,
      indicesArePlaces,
    } = batch as typeof batch & { images: Tensor4D };
    try {
      labeled ??= labels !== undefined;
      if (labeled !== (labels !== undefined)) {
        throw new InvalidOptionError(
          `${caller}: images must give labels with every batch or with none. Received: a batch ${labels ? 'with' : 'without'} labels after batches ${labels ? 'without' : 'with'}.`,
        );
      }
      await checkImageValues(caller, 'images', tensor);
    } catch (error) {
      tensor.dispose();
      throw error;
    }
    yield {
      images: tensor,
      indices,
      ...(indicesArePlaces && { indicesArePlaces }),
      ...(labels && { labels }),
    };
  }
}
