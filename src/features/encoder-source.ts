import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type NormalizeOptions, normalize } from '../augmentations/index.js';
import { isInMemory } from '../data/image-dataset.js';
import type { ImageDataset } from '../data/index.js';
import { receivedMessage } from '../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../errors/errors.js';
import { describeShape } from '../models/check-encoder.js';

/** An encoder, and the normalization of the pictures that it takes. A `SimCLR` is one. */
export interface EncoderSource {
  /** Pictures to vectors. */
  readonly encoder: LayersModel;
  /** Mean and standard deviation of each channel. @defaultValue none */
  readonly normalization?: NormalizeOptions | null;
  /**
   * Height and width of the pictures, in pixels, where the encoder takes any. A `SimCLR` has it.
   * @defaultValue the encoder's, or those of pictures in memory
   */
  readonly inputSize?: readonly [height: number, width: number];
}

/** A checked {@link EncoderSource}. */
export interface PictureEncoder {
  encoder: LayersModel;
  normalization: NormalizeOptions | null;
  /** `[height, width, channels]` of the pictures. */
  inputShape: [number, number, number];
}

function isModel(value: unknown): value is LayersModel {
  return Array.isArray((value as LayersModel | undefined)?.layers);
}

/**
 * @param known - Height and width of the pictures, where they are known otherwise; counts before `source.inputSize`.
 * @throws {@link InvalidOptionError} when there is no model.
 * @throws {@link ShapeError} when it does not take pictures, or takes any size and nothing says which.
 */
export function pictureEncoder(
  caller: string,
  source: LayersModel | EncoderSource,
  known?: readonly [number, number],
): PictureEncoder {
  const given: EncoderSource = isModel(source) ? { encoder: source } : source;
  const { encoder, normalization = null } = given;
  if (!isModel(encoder)) {
    const expectation = 'source must be a LayersModel, a SimCLR, or { encoder, normalization }';
    throw new InvalidOptionError(receivedMessage(caller, expectation, 'source', source));
  }
  const shape = encoder.inputs.length === 1 ? [...encoder.inputs[0]!.shape] : [];
  if (shape.length === 4 && (shape[1] === null || shape[2] === null)) {
    const size = known ?? given.inputSize;
    shape[1] ??= size?.[0] ?? null;
    shape[2] ??= size?.[1] ?? null;
  }
  if (shape.length !== 4 || shape.slice(1).some((size) => typeof size !== 'number')) {
    const received = encoder.inputs.map((input) => `[${describeShape(input.shape)}]`);
    throw new ShapeError(
      `${caller}: encoder must take pictures, [batch, height, width, channels], of a size that it, inputSize, or pictures in memory tell. Received: encoder with input shape ${received.join(' and ')}.`,
    );
  }
  if (normalization) normalize(normalization); // refuses a wrong mean or standard deviation
  return { encoder, normalization, inputShape: shape.slice(1) as [number, number, number] };
}

/** Height and width of pictures in memory. */
export function sizeInMemory(images: ImageDataset): [number, number] | undefined {
  if (!isInMemory(images) || images.shape.length !== 4) return undefined;
  return [images.shape[1]!, images.shape[2]!];
}
