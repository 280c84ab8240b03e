import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger, receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { passIndices } from '../batches/epoch-order.js';
import type { EpochPass, ImageBatch, ImageBatchSource, ViewBatch } from '../image-dataset.js';
import { withSignal } from './image-stream.js';
import { inOrder } from './map-stream.js';

/** Pictures with random access, as in a folder or in files of records of equal length. */
export interface IndexedImages {
  /** Number of pictures. */
  readonly size: number;
  /**
   * Reads the pictures of a batch.
   *
   * @param indices - The indices of the pictures.
   * @param place - Place of the batch in the pass, for its `number`.
   * @param signal - Aborted when the batch is no longer needed.
   * @returns The batch, or `undefined` to skip it.
   */
  read(indices: Uint32Array, place: number, signal: AbortSignal): Promise<ImageBatch | undefined>;
  /** Called when a pass ends, even early. */
  close?(): Promise<void> | void;
}

/** Options of {@link indexedImages}. */
export interface IndexedImagesOptions {
  /**
   * Batches to read in advance. Integer >= 1.
   *
   * @defaultValue `2`
   */
  prefetch?: number;
}

/** Result of {@link indexedImages}: a data set for training. */
export interface IndexedImagesDataset extends ImageBatchSource {
  (pass: EpochPass): AsyncGenerator<ImageBatch, void, undefined>;
  /** Number of pictures. */
  readonly size: number;
  /** It starts at any batch. */
  readonly seekable: true;
  /** Each of several processes reads its own batches only. */
  readonly shardable: true;
}

/** The source that {@link indexedDataset} reads in a pass. */
interface IndexedSource<Batch> {
  read(indices: Uint32Array, place: number, signal: AbortSignal, pass: EpochPass): Promise<Batch | undefined>;
  close?(): Promise<void> | void;
}

/** {@link indexedImages} in the name of another function; `begin` opens what a pass reads from. */
export function indexedDataset<Batch extends ImageBatch | ViewBatch = ImageBatch>(
  caller: string,
  size: number,
  prefetch: number,
  begin: () => IndexedSource<Batch> | Promise<IndexedSource<Batch>>,
) {
  async function* batches(pass: EpochPass): AsyncGenerator<Batch, void, undefined> {
    const source = await begin();
    let place = pass.startBatch;
    const read = (signal: AbortSignal) =>
      inOrder(
        passIndices(caller, 'the data', size, pass),
        async (indices) => {
          const number = place++;
          const batch = await source.read(indices, number, signal, pass);
          return batch && { ...batch, number };
        },
        prefetch,
      );
    try {
      for await (const batch of withSignal(read)) if (batch) yield batch;
    } finally {
      await source.close?.();
    }
  }
  return Object.assign(batches, { size, seekable: true as const, shardable: true as const });
}

/**
 * Makes a data set of pictures with random access. Every epoch visits all of them in a new order, a function of seed
 * and epoch, and reads ahead of the training step.
 *
 * @throws {@link InvalidOptionError} when an option is outside its domain or `images` has no `size` and `read`; while
 *   batches are taken, when there are fewer pictures than one batch.
 * @example
 * const dataset = indexedImages({
 *   size: names.length,
 *   async read(indices) {
 *     return { images: await myDatabase.pictures(indices), indices };
 *   },
 * });
 */
export function indexedImages(
  images: IndexedImages,
  options: IndexedImagesOptions = {},
): IndexedImagesDataset {
  checkKeys('indexedImages', options, { prefetch: 1 });
  const { prefetch = 2 } = options;
  if (typeof images?.read !== 'function') {
    const expectation = 'images must have a size and a function read';
    throw new InvalidOptionError(receivedMessage('indexedImages', expectation, 'images', images));
  }
  checkInteger('indexedImages', 'images.size', images.size);
  checkInteger('indexedImages', 'prefetch', prefetch);
  return indexedDataset('indexedImages', images.size, prefetch, () => images);
}
