import { clone, type Tensor4D } from '@tensorflow/tfjs-core';
import { InvalidOptionError, ShapeError } from '../errors/index.js';
import { checkImages } from './image-checks.js';
import {
  applyTransform,
  type DescribedTransform,
  type ImageSize,
  type LeadingCrop,
  type Transform,
  type TransformConfig,
} from './transform.js';

/** Parameters of {@link compose}: those of each part, in order. */
export type ComposeParameters = readonly unknown[];

/**
 * Applies several transforms in sequence.
 *
 * Part t draws from `random.fold(t)` and receives the picture size that the previous parts produce. Between the
 * parts, nothing stays on the device.
 *
 * @param transforms - The parts, in order. An empty list gives a transform that changes nothing.
 * @throws {@link InvalidOptionError} when `transforms` is not an array of transforms.
 * @example
 * const views = augment(compose([randomResizedCrop({ size: 96 }), randomHorizontalFlip()]), images, randomGenerator(1));
 */
export function compose(
  transforms: readonly DescribedTransform<unknown>[],
): DescribedTransform<ComposeParameters>;
/** Accepts custom parts without `config`; the result has none either. */
export function compose(transforms: readonly Transform<unknown>[]): Transform<ComposeParameters>;
export function compose(transforms: readonly Transform<unknown>[]): Transform<ComposeParameters> {
  const name = 'compose';
  if (!Array.isArray(transforms) || !transforms.every((part) => typeof part?.apply === 'function')) {
    throw new InvalidOptionError(
      `${name}: transforms must be an array of transforms. Received: transforms=${String(transforms)}.`,
    );
  }
  const parts: readonly Transform<unknown>[] = [...transforms];
  const configs = parts.map((part) => part.config).filter((config) => config !== undefined);
  return {
    name,
    ...(configs.length === parts.length ? { config: composeConfig(configs) } : {}),

    ...leadingCropOf(parts),

    outputSize: (imageSize) => parts.reduce(sizeAfter, imageSize),

    sample(batchSize, random, imageSize) {
      let size = imageSize;
      return parts.map((part, index) => {
        const parameters = part.sample(batchSize, random.fold(index), size);
        size = size && sizeAfter(size, part);
        return parameters;
      });
    },

    apply(images, parameters) {
      checkImages(name, images);
      if (parameters.length !== parts.length) {
        throw new ShapeError(
          `${name}: parameters must have one entry per transform (${parts.length}). ` +
            `Received: parameters of length ${parameters.length}.`,
        );
      }
      let current: Tensor4D | undefined;
      for (const [index, part] of parts.entries()) {
        const previous: Tensor4D | undefined = current;
        try {
          current = applyTransform(part, previous ?? images, parameters[index]);
        } finally {
          previous?.dispose();
        }
      }
      return current ?? clone(images);
    },
  };
}

/** The crop of the first part. The rest keeps the first place, so that the other parts draw from the same streams. */
function leadingCropOf([first, ...others]: readonly Transform<unknown>[]): { leadingCrop?: LeadingCrop } {
  if (!first?.leadingCrop) return {};
  const { plan, streams, rest } = first.leadingCrop;
  return {
    leadingCrop: {
      plan,
      streams: (random) => streams(random.fold(0)),
      rest: compose([rest, ...others]),
    },
  };
}

function composeConfig(transforms: readonly TransformConfig[]): TransformConfig {
  return { name: 'compose', options: { transforms } };
}

function sizeAfter(size: ImageSize, part: Transform<unknown>): ImageSize {
  return part.outputSize?.(size) ?? size;
}
