import { concat, type Tensor, type Tensor2D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { unlessLost } from '../backend/lost-device.js';
import { explainMissingKernel } from '../backend/missing-kernel.js';
import { yieldToEventLoop } from '../backend/yield-to-event-loop.js';
import { inferenceBatches } from '../data/batches/inference-batches.js';
import { checkImageDataset } from '../data/check-image-dataset.js';
import { isInMemory } from '../data/image-dataset.js';
import { datasetSize, type ImageDataset } from '../data/index.js';
import { checkKeys } from '../errors/check-keys.js';
import { checkInteger } from '../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../errors/errors.js';
import { inferenceOf } from '../models/inference/inference.js';
import type { TrainerCore } from './step/trainer-core.js';
import { normalizeImages } from './step/views.js';
import type { EmbedOptions } from './trainer.js';

/** Runs a data set through the encoder, and the head where `projected`, in inference mode and batch by batch. */
export function embedDataset(
  core: TrainerCore,
  caller: string,
  images: ImageDataset,
  options: EmbedOptions,
  projected: boolean,
): Promise<Tensor2D> {
  return unlessLost(caller, core.progress.step, () => embed(core, caller, images, options, projected));
}

async function embed(
  core: TrainerCore,
  caller: string,
  images: ImageDataset,
  options: EmbedOptions,
  projected: boolean,
): Promise<Tensor2D> {
  checkKeys(caller, options, { batchSize: 1, onProgress: 1 });
  const { batchSize = 64, onProgress } = options;
  core.checkUsable(caller);
  checkInteger(caller, 'batchSize', batchSize);
  checkImageDataset(caller, 'images', images);
  if (isInMemory(images)) checkInputShape(core, caller, images.shape);
  const total = datasetSize(images);
  const represent = representation(core, projected);
  const pieces: Tensor2D[] = [];
  let done = 0;
  try {
    for await (const { images: batch } of inferenceBatches(caller, images, { batchSize })) {
      try {
        checkInputShape(core, caller, batch.shape);
        core.checkUsable(caller); // it may have been disposed of meanwhile
        pieces.push(represent(batch));
      } finally {
        batch.dispose();
      }
      done += pieces.at(-1)!.shape[0];
      onProgress?.(done, total);
      await yieldToEventLoop();
    }
    if (pieces.length === 0) {
      throw new InvalidOptionError(`${caller}: images must hold at least one image. Received: none.`);
    }
    return tidy(() => concat(pieces, 0));
  } catch (error) {
    throw explainMissingKernel(error);
  } finally {
    for (const piece of pieces) piece.dispose();
  }
}

/** What makes representations or projections of images that were checked. */
function representation(core: TrainerCore, projected: boolean): (images: Tensor4D) => Tensor2D {
  const encode = inferenceOf(core.encoder);
  const project = projected ? inferenceOf(core.projectionHead) : (h: Tensor) => h;
  return (images) => tidy(() => project(encode(normalizeImages(core.normalization, images))) as Tensor2D);
}

function checkInputShape({ encoder }: TrainerCore, caller: string, shape: readonly number[]): void {
  const expected = encoder.inputs[0]!.shape.slice(1);
  if (shape[0]! < 1 || expected.some((size, axis) => size !== shape[axis + 1])) {
    throw new ShapeError(
      `${caller}: images must have the encoder's input shape [N, ${expected}], N >= 1. Received: images=[${shape}].`,
    );
  }
}
