import type { EpochPass, ImageArray, ImageBatchSource } from 'simclr-ts';
import type { ImageFolderDataset } from 'simclr-ts/node';
import { imageRange } from '../../../../data/image-rows.js';

/**
 * A folder whose batches consist of full micro-batches even if some files are damaged. Pictures that do not fill the last
 * micro-batch are left out in that epoch, and so is a batch without a full micro-batch.
 */
export function wholeMicroBatches(folder: ImageFolderDataset, microBatchSize: number): ImageBatchSource {
  async function* batches(pass: EpochPass) {
    for await (const batch of folder(pass)) {
      const given = batch.indices!.length;
      const count = given - (given % microBatchSize);
      if (count === 0) continue;
      const indices = Array.from(batch.indices!).slice(0, count);
      const { number } = batch;
      const about = { indices, ...(number !== undefined && { number }) };
      const first = (images: unknown) => imageRange(images as ImageArray, 0, count);
      yield batch.views
        ? { views: batch.views.map(first), ...about }
        : { images: first(batch.images), ...about };
    }
  }
  return Object.assign(batches, { size: folder.size, seekable: true, cutsViews: folder.cutsViews });
}
