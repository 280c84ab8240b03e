import { augment, type ImageArray, imagesToTensor, randomGenerator, resize } from 'simclr-ts';
import { imageRange } from '../../../../data/image-rows.js';

const chunkSize = 250;

/**
 * Pictures at the size that the encoder takes, as bytes; the same ones if they have it. Resized on the backend, some at a
 * time.
 */
export async function resizedImages(
  images: ImageArray,
  size: readonly [height: number, width: number],
): Promise<ImageArray> {
  const [count, height, width, channels] = images.shape;
  const [rows, columns] = size;
  if (height === rows && width === columns) return images;
  const transform = resize({ size: [rows, columns], interpolation: 'bilinear' });
  const bytes = new Uint8Array(count * rows * columns * channels);
  for (let first = 0; first < count; first += chunkSize) {
    const number = Math.min(chunkSize, count - first);
    const chunk = imagesToTensor(imageRange(images, first, number));
    const resized = augment(transform, chunk, randomGenerator(0));
    const colors = await resized.data();
    chunk.dispose();
    resized.dispose();
    const from = first * rows * columns * channels;
    for (let i = 0; i < colors.length; i++) bytes[from + i] = Math.round(255 * colors[i]!);
  }
  return { data: bytes, shape: [count, rows, columns, channels] };
}
