import { isBytes } from '../../data/image-array.js';
import type { ImageArrayLike } from '../../data/index.js';
import type { ReportPicture } from '../types.js';

/** Longest side of a picture on a page, in pixels. */
const largest = 48;

/**
 * One picture of many as a page shows it: colors as bytes, reduced to at most 48 pixels a side by averaging. Gray pictures
 * become gray RGB.
 */
export function thumbnail({ data, shape }: ImageArrayLike, index: number): ReportPicture {
  const [, height, width, channels] = shape as [number, number, number, number];
  const shrink = Math.min(1, largest / Math.max(height, width));
  const [rows, columns] = [height, width].map((size) => Math.max(1, Math.round(shrink * size))) as [
    number,
    number,
  ];
  const scale = isBytes(data) ? 1 : 255;
  const sums = new Float64Array(rows * columns * 3);
  const counts = new Uint32Array(rows * columns);
  const first = index * height * width * channels;
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * rows) / height);
    for (let x = 0; x < width; x++) {
      const cell = row * columns + Math.floor((x * columns) / width);
      const from = first + (y * width + x) * channels;
      counts[cell]!++;
      for (let channel = 0; channel < 3; channel++) {
        sums[3 * cell + channel]! += scale * data[from + Math.min(channel, channels - 1)]!;
      }
    }
  }
  const pixels = Uint8Array.from(sums, (sum, i) => Math.round(sum / counts[Math.floor(i / 3)]!));
  return { pixels, width: columns, height: rows };
}
