import { dispose, slice, type Tensor4D } from '@tensorflow/tfjs-core';
import { epochBatches } from '../data/batches/image-batches.js';
import type {
  EpochPass,
  ImageBatch,
  ImageBatchSource,
  TensorBatch,
  ViewBatch,
  ViewTensorBatch,
} from '../data/index.js';
import type { Communicator } from './communicators/communicator.js';

/**
 * Makes the ranks take their steps together. Before each step they agree on the size of the batch: if a rank has fewer
 * pictures, because it skipped some that do not decode, the others leave pictures out, too. If a rank has no batch left, the
 * epoch ends on all ranks.
 *
 * @param size - Pictures per epoch of this rank, if every rank is known to have the same number.
 */
export function evenBatches(
  source: ImageBatchSource,
  size: number | undefined,
  communicator: Communicator,
): ImageBatchSource {
  async function* batches(pass: EpochPass): AsyncGenerator<ImageBatch | ViewBatch, void, undefined> {
    // Converts whatever the source gives into tensors with numbers.
    const own = epochBatches('dataParallel.fit', 'dataset', source, pass);
    try {
      for (;;) {
        const { value, done } = await own.next();
        const fewest = Int32Array.of(done ? 0 : value.indices.length);
        await communicator.allReduce(fewest, 'min');
        const count = fewest[0]!;
        if (count === 0) {
          if (!done) dispose(value.images ?? [...value.views]);
          return;
        }
        yield firstOf(value!, count);
      }
    } finally {
      await own.return();
    }
  }
  const seekable = true; // epochBatches skips what is done already
  const cutsViews = source.cutsViews === true;
  return Object.assign(batches, { seekable, cutsViews, ...(size === undefined ? {} : { size }) });
}

function firstOf(batch: TensorBatch | ViewTensorBatch, count: number): ImageBatch | ViewBatch {
  const { labels, indicesArePlaces } = batch;
  const fields = {
    indices: batch.indices.subarray(0, count),
    ...(labels && { labels: labels.subarray(0, count) }),
    ...(indicesArePlaces && { indicesArePlaces }),
  };
  const first = (tensor: Tensor4D): Tensor4D => {
    if (tensor.shape[0] === count) return tensor;
    const part = slice(tensor, [0, 0, 0, 0], [count, -1, -1, -1]);
    tensor.dispose();
    return part;
  };
  return batch.images
    ? { images: first(batch.images), ...fields }
    : { views: batch.views.map(first), ...fields };
}
