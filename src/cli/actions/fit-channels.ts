import type { ImageArray, SimCLR } from 'simclr-ts';
import { toChannels } from '../../node/pictures/to-channels.js';

/** Decoded pictures as the encoder takes them: of one channel for an encoder of gray pictures. */
export function fitChannels({ encoder }: Pick<SimCLR, 'encoder'>, images: ImageArray): ImageArray {
  return toChannels(images, encoder.inputs[0]!.shape[3]!);
}
