import type { ImageArray, SimCLR } from 'simclr-ts';

/** Decoded pictures as the encoder takes them: of one channel for an encoder of gray pictures, as Pillow converts. */
export function fitChannels({ encoder }: Pick<SimCLR, 'encoder'>, images: ImageArray): ImageArray {
  const [count, height, width, channels] = images.shape;
  if (encoder.inputs[0]!.shape[3] !== 1 || channels !== 3) return images;
  const data = Uint8Array.from({ length: count * height * width }, (_, pixel) => {
    const [red, green, blue] = images.data.subarray(3 * pixel, 3 * pixel + 3);
    return (19595 * red! + 38470 * green! + 7471 * blue! + 0x8000) >> 16; // of 299, 587 and 114 thousandths
  });
  return { data, shape: [count, height, width, 1] };
}
