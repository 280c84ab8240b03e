import { slice, type Tensor4D } from '@tensorflow/tfjs-core';
import { imageBatches } from '../data/image-batches.js';
import type { EpochPass, ImageBatch, ImageBatchSource } from '../data/index.js';
import type { Communicator } from './communicator.js';

/**
 * Makes the ranks take their steps together: before each, they find out whether all have a batch, and of how many
 * pictures. Where one has fewer (it skipped pictures that do not decode), the others leave as many out; where one
 * has none left, the epoch ends for all.
 *
 * @param size - Pictures of this rank in an epoch, where that is known to be the same on every rank.
 */
export function evenBatches(
  source: ImageBatchSource,
  size: number | undefined,
  communicator: Communicator,
): ImageBatchSource {
  async function* batches(pass: EpochPass): AsyncGenerator<ImageBatch, void, undefined> {
    // Tensors with their numbers, whatever the source gives.
    const own = imageBatches(source, pass);
    try {
      for (;;) {
        const { value, done } = await own.next();
        const fewest = Int32Array.of(done ? 0 : value.images.shape[0]);
        await communicator.allReduce(fewest, 'min');
        const count = fewest[0]!;
        if (count === 0) {
          if (!done) value.images.dispose();
          return;
        }
        yield firstOf(value!, count);
      }
    } finally {
      await own.return();
    }
  }
  const seekable = true; // imageBatches leaves out what is done already
  return Object.assign(batches, { seekable, ...(size === undefined ? {} : { size }) });
}

function firstOf({ images, indices }: { images: Tensor4D; indices: Uint32Array }, count: number): ImageBatch {
  if (images.shape[0] === count) return { images, indices };
  const first = slice(images, [0, 0, 0, 0], [count, -1, -1, -1]);
  images.dispose();
  return { images: first, indices: indices.subarray(0, count) };
}
