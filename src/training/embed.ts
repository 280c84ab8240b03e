import type { Tensor2D } from '@tensorflow/tfjs-core';
import { normalizer } from '../augmentations/normalize.js';
import { unlessLost } from '../backend/lost-device.js';
import type { ImageDataset } from '../data/index.js';
import { checkKeys } from '../errors/check-keys.js';
import { checkBoolean, checkChoice } from '../errors/checks.js';
import { checkEmbedOptions, embedImages } from '../models/inference/embed-images.js';
import { inferenceOf } from '../models/inference/inference.js';
import type { TrainerCore } from './step/trainer-core.js';
import type { EmbedOptions, SimCLREmbedOptions } from './trainer.js';

/** Runs a data set through the encoder, or through the read-out, in inference mode and batch by batch. */
export function embedDataset(
  core: TrainerCore,
  images: ImageDataset,
  options: SimCLREmbedOptions,
): Promise<Tensor2D> {
  const caller = 'SimCLR.embed';
  return unlessLost(caller, core.progress.step, async () => {
    checkKeys(caller, options, { batchSize: 1, onProgress: 1, at: 1, flips: 1 });
    const { at = 'h', flips = false } = options;
    checkBoolean(caller, 'flips', flips);
    checkChoice(caller, 'at', at, ['h', 'readout']);
    core.checkUsable(caller);
    const network = at === 'h' ? core.encoder : core.readout.current(caller).model;
    return embedImages(caller, network, images, options, {
      prepare: normalizer(core.normalization),
      flips,
      beforePass: () => core.checkUsable(caller), // it may have been disposed of meanwhile
    });
  });
}

/** Runs a data set through the encoder and the head. */
export function projectDataset(
  core: TrainerCore,
  images: ImageDataset,
  options: EmbedOptions,
): Promise<Tensor2D> {
  const caller = 'SimCLR.project';
  return unlessLost(caller, core.progress.step, async () => {
    checkEmbedOptions(caller, options);
    core.checkUsable(caller);
    return embedImages(caller, core.projected, images, options, {
      prepare: normalizer(core.normalization),
      after: inferenceOf(core.projectionHead),
      beforePass: () => core.checkUsable(caller),
    });
  });
}
