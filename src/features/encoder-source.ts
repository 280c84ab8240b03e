import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type NormalizeOptions, normalize } from '../augmentations/index.js';
import { receivedMessage } from '../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../errors/errors.js';

/** An encoder, and the normalization of the pictures that it takes. A `SimCLR` is one. */
export interface EncoderSource {
  /** Pictures to vectors. */
  readonly encoder: LayersModel;
  /** Mean and standard deviation of each channel. @defaultValue none */
  readonly normalization?: NormalizeOptions | null;
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
 * @throws {@link InvalidOptionError} when there is no model.
 * @throws {@link ShapeError} when it does not take pictures of a fixed size.
 */
export function pictureEncoder(caller: string, source: LayersModel | EncoderSource): PictureEncoder {
  const { encoder, normalization = null }: EncoderSource = isModel(source) ? { encoder: source } : source;
  if (!isModel(encoder)) {
    const expectation = 'source must be a LayersModel, a SimCLR, or { encoder, normalization }';
    throw new InvalidOptionError(receivedMessage(caller, expectation, 'source', source));
  }
  const shape = encoder.inputs.length === 1 ? encoder.inputs[0]!.shape : [];
  if (shape.length !== 4 || shape.slice(1).some((size) => typeof size !== 'number')) {
    const received = encoder.inputs.map((input) => `[${input.shape.map((size) => size ?? 'null')}]`);
    throw new ShapeError(
      `${caller}: encoder must take pictures of a fixed size, [batch, height, width, channels]. Received: encoder with input shape ${received.join(' and ')}.`,
    );
  }
  if (normalization) normalize(normalization); // refuses a wrong mean or standard deviation
  return { encoder, normalization, inputShape: shape.slice(1) as [number, number, number] };
}
