import { concat, type Tensor, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { explainMissingKernel } from '../../backend/missing-kernel.js';
import { datasetSize, type ImageDataset } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { type InferencePassesOptions, inferencePasses } from './inference-passes.js';

/** Options of `embed` and `project`. */
export interface EmbedOptions {
  /** Images per pass through the network: bounds the memory. @defaultValue `64` */
  batchSize?: number;
  /** Called after each pass with the images done and their total, `undefined` where the data set does not know it. */
  onProgress?: (done: number, total: number | undefined) => void;
}

/** Options of vectors that may be means over a picture's flips. */
export interface FlipOptions {
  /**
   * Whether to take the mean of the vectors of each picture and its mirror image, which takes twice as long. For pictures
   * in which left and right do not matter.
   * @defaultValue `false`
   */
  flips?: boolean;
}

/** @throws {@link InvalidOptionError} when an option is unknown. */
export function checkEmbedOptions(caller: string, options: EmbedOptions): void {
  checkKeys(caller, options, { batchSize: 1, onProgress: 1 });
}

/** Vectors `[N, dim]` of a data set, in its own order; the caller disposes them. Options are checked already. */
export async function embedImages(
  caller: string,
  network: LayersModel,
  images: ImageDataset,
  { batchSize = 64, onProgress }: EmbedOptions,
  around: Omit<InferencePassesOptions, 'batchSize'>,
): Promise<Tensor2D> {
  const pieces: Tensor[] = [];
  let done = 0;
  try {
    for await (const { outputs } of inferencePasses(caller, network, images, { batchSize, ...around })) {
      pieces.push(outputs);
      done += outputs.shape[0]!;
      onProgress?.(done, datasetSize(images));
    }
    if (pieces.length === 0) {
      throw new InvalidOptionError(`${caller}: images must hold at least one image. Received: none.`);
    }
    return tidy(() => concat(pieces as Tensor2D[], 0));
  } catch (error) {
    throw explainMissingKernel(error);
  } finally {
    for (const piece of pieces) piece.dispose();
  }
}
