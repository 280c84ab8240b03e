import { concat, type Tensor2D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { yieldToEventLoop } from '../backend/yield-to-event-loop.js';
import { checkImages } from '../data/image-dataset.js';
import { sliceImages } from '../data/image-rows.js';
import { checkImageValues, type ImageArrayLike } from '../data/index.js';
import { checkKeys } from '../errors/check-keys.js';
import { checkInteger } from '../errors/checks.js';
import { ShapeError } from '../errors/errors.js';
import type { SimCLR } from './simclr.js';
import { explainMissingKernel } from './step/contrastive-gradients.js';

/** Options of `embed` and `project`. */
export interface EmbedOptions {
  /** Pictures a pass through the network: bounds the memory. @defaultValue `64` */
  batchSize?: number;
  /** Called after each pass with the pictures done and their total. */
  onProgress?: (done: number, total: number) => void;
}

/** Runs pictures through the encoder, and the head where `projected`, in inference mode and in pieces. */
export async function embedImages(
  simclr: SimCLR,
  caller: string,
  images: Tensor4D | ImageArrayLike,
  options: EmbedOptions,
  projected: boolean,
): Promise<Tensor2D> {
  checkKeys(caller, options, { batchSize: 1, onProgress: 1 });
  const { batchSize = 64, onProgress } = options;
  simclr.checkUsable(caller);
  checkInteger(caller, 'batchSize', batchSize);
  checkInputShape(simclr, caller, images);
  const total = images.shape[0]!;
  const pieces: Tensor2D[] = [];
  try {
    for (let start = 0; start < total; start += batchSize) {
      const batch = sliceImages(caller, images, start, Math.min(batchSize, total - start));
      try {
        await checkImageValues(caller, 'images', batch);
        simclr.checkUsable(caller); // it may have been disposed of meanwhile
        pieces.push(
          tidy(() => {
            const h = simclr.encoder.apply(simclr.normalize(batch), { training: false }) as Tensor2D;
            return projected ? (simclr.projectionHead.apply(h, { training: false }) as Tensor2D) : h;
          }),
        );
      } finally {
        batch.dispose();
      }
      onProgress?.(start + pieces.at(-1)!.shape[0], total);
      await yieldToEventLoop();
    }
    return tidy(() => concat(pieces, 0));
  } catch (error) {
    throw explainMissingKernel(error);
  } finally {
    for (const piece of pieces) piece.dispose();
  }
}

function checkInputShape(simclr: SimCLR, caller: string, images: Tensor4D | ImageArrayLike): void {
  checkImages(caller, 'images', images);
  const expected = simclr.encoder.inputs[0]!.shape.slice(1);
  const { shape } = images;
  if (shape[0] < 1 || expected.some((size, axis) => size !== shape[axis + 1])) {
    throw new ShapeError(
      `${caller}: images must have the encoder's input shape [N, ${expected}], N >= 1. Received: images=[${shape}].`,
    );
  }
}
