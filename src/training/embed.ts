import type { Tensor2D } from '@tensorflow/tfjs-core';
import { normalizer } from '../augmentations/normalize.js';
import { unlessLost } from '../backend/lost-device.js';
import type { ImageDataset } from '../data/index.js';
import { checkEmbedOptions, type EmbedOptions, embedImages } from '../models/inference/embed-images.js';
import { inferenceOf } from '../models/inference/inference.js';
import type { TrainerCore } from './step/trainer-core.js';

/** Runs a data set through the encoder, and the head where `projected`, in inference mode and batch by batch. */
export function embedDataset(
  core: TrainerCore,
  caller: string,
  images: ImageDataset,
  options: EmbedOptions,
  projected: boolean,
): Promise<Tensor2D> {
  return unlessLost(caller, core.progress.step, async () => {
    checkEmbedOptions(caller, options);
    core.checkUsable(caller);
    return embedImages(caller, core.encoder, images, options, {
      prepare: normalizer(core.normalization),
      after: projected ? inferenceOf(core.projectionHead) : undefined,
      beforePass: () => core.checkUsable(caller), // it may have been disposed of meanwhile
    });
  });
}
