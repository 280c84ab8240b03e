import type { ImageArray } from '../../data/index.js';

/** Decoded pictures with so many channels: as gray ones where an encoder takes one channel, as Pillow converts. */
export function toChannels(images: ImageArray, outputChannels: number): ImageArray {
  const [count, height, width, channels] = images.shape;
  if (outputChannels !== 1 || channels !== 3) return images;
  const data = Uint8Array.from({ length: count * height * width }, (_, pixel) => {
    const [red, green, blue] = images.data.subarray(3 * pixel, 3 * pixel + 3);
    return (19595 * red! + 38470 * green! + 7471 * blue! + 0x8000) >> 16; // of 299, 587 and 114 thousandths
  });
  return { data, shape: [count, height, width, 1] };
}
