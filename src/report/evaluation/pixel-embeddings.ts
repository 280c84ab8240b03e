import { type ImageArrayLike, isBytes } from '../../data/image-array.js';
import type { EmbeddingArray } from '../../evaluation/embedding-evaluation.js';

/**
 * The pixels of each picture as its embedding, as a baseline for encoders. Each channel has mean 0 and standard deviation 1
 * over the pictures.
 *
 * @param size - Averages the pixels to at most `size` rows and columns.
 */
export function pixelEmbeddings({ data, shape }: ImageArrayLike, size: number): EmbeddingArray {
  const [count, height, width, channels] = shape as [number, number, number, number];
  const [rows, columns] = [Math.min(size, height), Math.min(size, width)];
  const dim = rows * columns * channels;
  const result = new Float32Array(count * dim);
  const weights = new Float32Array(rows * columns);
  const cell = (y: number, x: number) =>
    Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) weights[cell(y, x)]!++;
  const scale = isBytes(data) ? 1 / 255 : 1;
  for (let picture = 0, from = 0; picture < count; picture++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const place = cell(y, x);
        const to = picture * dim + place * channels;
        for (let channel = 0; channel < channels; channel++) {
          result[to + channel]! += (scale * data[from++]!) / weights[place]!;
        }
      }
    }
  }
  return { data: standardized(result, channels), shape: [count, dim] };
}

function standardized(values: Float32Array, channels: number): Float32Array {
  const count = values.length / channels;
  for (let channel = 0; channel < channels; channel++) {
    let [sum, squares] = [0, 0];
    for (let i = channel; i < values.length; i += channels) {
      sum += values[i]!;
      squares += values[i]! ** 2;
    }
    const mean = sum / count;
    const deviation = Math.sqrt(Math.max(squares / count - mean ** 2, 0)) || 1;
    for (let i = channel; i < values.length; i += channels) values[i] = (values[i]! - mean) / deviation;
  }
  return values;
}

/** Embeddings without the mean of their own values: of pixels, without the brightness of the picture. */
export function centeredRows({ data, shape }: EmbeddingArray): EmbeddingArray {
  const [count, dim] = shape;
  const result = Float32Array.from(data);
  for (let row = 0; row < count; row++) {
    const values = result.subarray(row * dim, (row + 1) * dim);
    const mean = values.reduce((sum, value) => sum + value, 0) / dim;
    for (let i = 0; i < dim; i++) values[i] = values[i]! - mean;
  }
  return { data: result, shape };
}
