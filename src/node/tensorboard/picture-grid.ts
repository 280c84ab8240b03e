import { isBytes } from '../../data/image-array.js';
import type { ImageArrayLike } from '../../data/index.js';
import { loadSharp } from '../pictures/decode-image.js';
import type { EventImage } from './events.js';

/** Pixels between pictures of a grid. */
const gap = 2;

/**
 * Pictures side by side as one PNG file on white.
 *
 * @param columns - Pictures from left to right; those of a column are below each other. In [0, 1] or bytes, gray or color.
 * @param mostRows - The most rows to draw.
 */
export async function pictureGrid(
  caller: string,
  columns: readonly ImageArrayLike[],
  mostRows: number,
): Promise<EventImage> {
  const rows = Math.min(mostRows, columns[0]!.shape[0]!);
  const cell = [1, 2].map((axis) => Math.max(...columns.map(({ shape }) => shape[axis]!)));
  const [cellHeight, cellWidth] = cell as [number, number];
  const height = rows * (cellHeight + gap) - gap;
  const width = columns.length * (cellWidth + gap) - gap;
  const pixels = new Uint8Array(height * width * 3).fill(255);
  for (const [column, images] of columns.entries()) {
    for (let row = 0; row < rows; row++) {
      const corner = row * (cellHeight + gap) * width + column * (cellWidth + gap);
      draw(images, row, pixels, corner, width);
    }
  }
  const sharp = await loadSharp(caller);
  const png = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  return { height, width, png };
}

function draw(
  { data, shape }: ImageArrayLike,
  index: number,
  target: Uint8Array,
  corner: number,
  targetWidth: number,
): void {
  const [, height, width, channels] = shape as [number, number, number, number];
  const scale = isBytes(data) ? 1 : 255;
  const first = index * height * width * channels;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = first + (y * width + x) * channels;
      const to = 3 * (corner + y * targetWidth + x);
      for (let channel = 0; channel < 3; channel++) {
        const value = scale * data[from + Math.min(channel, channels - 1)]!;
        target[to + channel] = Math.round(Math.min(255, Math.max(0, value)));
      }
    }
  }
}
