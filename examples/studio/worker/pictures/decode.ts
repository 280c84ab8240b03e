import { imageSize } from 'image-size';
import { pictureSize } from '../../shared/pictures.js';

/** A decoded picture takes four bytes per pixel, and the browser's decoder equally many. */
const mostPixels = 50e6;

const canvas = new OffscreenCanvas(pictureSize, pictureSize);
const context = canvas.getContext('2d', { willReadFrequently: true })!;

/** Width and height from the file's first bytes, `undefined` if they do not say. */
async function sizeInFile(file: Blob): Promise<{ width: number; height: number } | undefined> {
  try {
    return imageSize(new Uint8Array(await file.slice(0, 512 * 1024).arrayBuffer()));
  } catch {
    return undefined; // the decoder has the last word
  }
}

/** The middle of a picture as red, green and blue. @throws with a reason for people */
export async function decodePicture(file: Blob): Promise<Uint8Array> {
  const stated = await sizeInFile(file);
  if (stated && stated.width * stated.height > mostPixels) {
    const megapixels = Math.round((stated.width * stated.height) / 1e6);
    throw new Error(`has ${megapixels} megapixels, more than ${mostPixels / 1e6}; make it smaller`);
  }
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error('is damaged, or of a kind that this browser does not read');
  });
  try {
    const side = Math.min(bitmap.width, bitmap.height);
    const left = (bitmap.width - side) / 2;
    const top = (bitmap.height - side) / 2;
    context.imageSmoothingQuality = 'high';
    context.fillStyle = '#fff'; // behind transparent pixels
    context.fillRect(0, 0, pictureSize, pictureSize);
    context.drawImage(bitmap, left, top, side, side, 0, 0, pictureSize, pictureSize);
  } finally {
    bitmap.close();
  }
  return withoutAlpha(context.getImageData(0, 0, pictureSize, pictureSize).data);
}

/** Red, green, and blue of a canvas's pixels. */
export function withoutAlpha(pixels: Uint8ClampedArray): Uint8Array {
  const result = new Uint8Array((pixels.length / 4) * 3);
  for (let from = 0, to = 0; from < pixels.length; from += 4) {
    result[to++] = pixels[from]!;
    result[to++] = pixels[from + 1]!;
    result[to++] = pixels[from + 2]!;
  }
  return result;
}
