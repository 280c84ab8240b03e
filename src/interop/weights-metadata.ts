import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type NormalizeOptions, normalize } from '../augmentations/index.js';
import { checkKeys } from '../errors/check-keys.js';
import { InvalidOptionError, ShapeError } from '../errors/errors.js';
import { describeShape } from '../models/check-encoder.js';
import { checkEncoder } from '../models/index.js';
import { describeNetwork } from './network-description.js';

/** Options of {@link weightsMetadata}. */
export interface WeightsMetadataOptions {
  /**
   * Mean and standard deviation of each channel that the trainer normalized by.
   * @defaultValue none
   */
  normalization?: NormalizeOptions;
}

/**
 * What others must know to use an encoder's weights, as strings for the metadata of safetensors and ONNX files:
 *
 * - `library`: 'simclr-ts'; `dim`: the length of h.
 * - `architecture`, `stem`, `width`: how to build the network, if it is one of `resnet18`, `resnet34`, `resnet50` or
 *   `mobileNetV2`. A stem without a name is JSON.
 * - `inputSize`: height x width in pixels, such as '96x96'; `channels`; `range`: '[0, 1]', that of pixels before
 *   normalization.
 * - `resize`: 'cover', the whole size is filled and the center kept; `interpolation`: 'lanczos'.
 * - `normalization`: JSON of mean and standard deviation, or 'null'.
 *
 * @param encoder - Model from `[batch, height, width, channels]` to `[batch, dim]`.
 * @param options - See {@link WeightsMetadataOptions}.
 * @throws `ShapeError` unless the encoder maps pictures to vectors.
 * @throws `InvalidOptionError` when the normalization has not one finite mean and one standard deviation > 0 per channel.
 * @example
 * const file = writeSafetensors(await stateDict(encoder), { metadata: weightsMetadata(encoder) });
 */
export function weightsMetadata(
  encoder: LayersModel,
  options: WeightsMetadataOptions = {},
): Record<string, string> {
  const caller = 'weightsMetadata';
  checkKeys(caller, options, { normalization: 1 });
  const dim = checkEncoder(encoder, caller);
  const [, height, width, channels] = checkPictures(caller, encoder);
  const { normalization } = options;
  if (normalization !== undefined) checkNormalization(caller, normalization, channels);
  const network = describeNetwork(encoder);
  return {
    library: 'simclr-ts',
    ...(network && {
      architecture: network.architecture,
      stem: typeof network.stem === 'string' ? network.stem : JSON.stringify(network.stem),
      ...(network.width !== undefined && { width: String(network.width) }),
    }),
    dim: String(dim),
    ...(height !== null && width !== null && { inputSize: `${height}x${width}` }),
    channels: String(channels),
    range: '[0, 1]',
    resize: 'cover',
    interpolation: 'lanczos',
    normalization: JSON.stringify(
      normalization === undefined ? null : { mean: [...normalization.mean], std: [...normalization.std] },
    ),
  };
}

/** The shape of an encoder's input. @throws `ShapeError` unless it takes pictures of a known number of channels. */
export function checkPictures(
  caller: string,
  encoder: LayersModel,
): [batch: null, height: number | null, width: number | null, channels: number] {
  const { shape } = encoder.inputs[0]!;
  if (shape.length === 4 && typeof shape[3] === 'number') return shape as never;
  throw new ShapeError(
    `${caller}: encoder must take pictures, [batch, height, width, channels] with a known number of channels. Received: encoder with input shape [${describeShape(shape)}].`,
  );
}

/** @throws `InvalidOptionError` unless there is a valid mean and standard deviation for each channel. */
export function checkNormalization(caller: string, normalization: NormalizeOptions, channels: number): void {
  normalize(normalization);
  if (normalization.mean.length === channels) return;
  throw new InvalidOptionError(
    `${caller}: normalization must have one mean and standard deviation per channel, ${channels}. Received: ${normalization.mean.length}.`,
  );
}
