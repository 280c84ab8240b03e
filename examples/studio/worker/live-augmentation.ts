import { simclrAugmentation, type Transform } from 'simclr-ts';
import { type AugmentationSettings, augmentationOptions } from '../shared/settings.js';

/** An augmentation whose sliders may move while training runs. */
export interface LiveAugmentation {
  readonly transform: Transform<unknown>;
  set(settings: AugmentationSettings): void;
  readonly settings: AugmentationSettings;
}

/** SimCLR's augmentation with settings that can change; a checkpoint holds the current ones. */
export function liveAugmentation(settings: AugmentationSettings, size: number): LiveAugmentation {
  const build = (of: AugmentationSettings) => simclrAugmentation(augmentationOptions(of, size));
  let current = build(settings);
  let present = settings;
  return {
    transform: {
      name: current.name,
      get config() {
        return current.config;
      },
      outputSize: () => [size, size],
      sample: (batchSize, random, imageSize) => current.sample(batchSize, random, imageSize),
      apply: (images, parameters) => current.apply(images, parameters as never),
    },
    set(next) {
      current = build(next);
      present = next;
    },
    get settings() {
      return present;
    },
  };
}
