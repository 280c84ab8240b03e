import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { ImageSize, Transform } from '../../augmentations/index.js';
import { InvalidOptionError, ShapeError } from '../../errors/errors.js';
import { describeShape } from '../../models/check-encoder.js';

/** Input of an encoder: sizes in pixels, `null` where it takes any. */
export type EncoderInput = [height: number | null, width: number | null, channels: number];

/** @throws {@link ShapeError} unless an encoder takes pictures with a known number of channels. */
export function encoderInput(caller: string, encoder: LayersModel): EncoderInput {
  const { shape } = encoder.inputs[0]!;
  if (shape.length === 4 && shape[3]) return shape.slice(1) as EncoderInput;
  throw new ShapeError(
    `${caller}: encoder must take images, input shape [batch, height, width, channels] with a known number of channels. Received: encoder with input shape [${describeShape(shape)}].`,
  );
}

/** The size that a transform gives pictures of any size; `undefined` where it depends on theirs. */
export function sizeOfViews({ outputSize }: Transform<unknown>): ImageSize | undefined {
  const [small, large] = [outputSize?.([64, 80]), outputSize?.([96, 72])];
  return small && large && String(small) === String(large) ? small : undefined;
}

/**
 * Height and width of the pictures that a trainer embeds: the encoder's, or those of the first view where the encoder
 * takes any.
 *
 * @throws {@link InvalidOptionError} when neither says.
 */
export function inputSizeOf(
  encoder: LayersModel,
  augmentations: readonly Transform<unknown>[],
): [height: number, width: number] {
  const [height, width] = encoderInput('SimCLR', encoder);
  if (height !== null && width !== null) return [height, width];
  const size = augmentations[0] && sizeOfViews(augmentations[0]);
  if (size) return [height ?? size[0], width ?? size[1]];
  throw new InvalidOptionError(
    `SimCLR: the size of the pictures must be known from the encoder's input or from the first augmentation's outputSize. Received: an encoder for any size, and ${augmentations.length === 0 ? 'no augmentation' : `${augmentations[0]!.name} without one`}.`,
  );
}
