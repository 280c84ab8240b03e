import type { Tensor4D } from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '../../errors/errors.js';
import type { ImageDataset } from '../image-dataset.js';
import { checkImageValues } from '../image-range.js';
import { epochBatches } from './image-batches.js';

/** A batch of {@link inferenceBatches}. */
export interface InferenceBatch {
  /** Shape `[batch, height, width, channels]`, float32 in [0, 1]. The consumer disposes it. */
  images: Tensor4D;
  /** For each picture its index in the data set; without one of its own, its place in the pass. */
  indices: Uint32Array;
  /** Whether `indices` are places in the pass, by which nothing can be looked up. */
  indicesArePlaces?: boolean;
  /** For each picture the number of its class, where the data set gives it: in every batch or in none. */
  labels?: Int32Array;
}

/**
 * Goes over a data set once, in its own order: every picture that can be decoded, as it is, without random views.
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
