import type { ResamplingWeights } from './resampling-weights.js';

/** How blurring pads a picture: with its mirror image, or with zeros, which darken the border. */
export type BlurPadding = 'reflect' | 'zero';

/** Where pixel `position` of a border beyond a side of `length` pixels is mirrored to. */
function mirrored(position: number, length: number): number {
  const distance = Math.abs(position);
  return distance < length ? distance : 2 * (length - 1) - distance;
}

/** The 1-D kernel of every picture, repeated for its channels: `[kernelSize, batch * channels]`. */
export function gaussianKernels(sigma: Float32Array, kernelSize: number, channels: number): Float32Array {
  const radius = (kernelSize - 1) / 2;
  const columns = sigma.length * channels;
  const kernels = new Float32Array(kernelSize * columns);
  const values = new Float64Array(kernelSize);
  sigma.forEach((deviation, picture) => {
    let total = 0;
    for (let pixel = 0; pixel < kernelSize; pixel++) {
      values[pixel] = Math.exp(-0.5 * ((pixel - radius) / deviation) ** 2);
      total += values[pixel]!;
    }
    for (let pixel = 0; pixel < kernelSize; pixel++) {
      const start = pixel * columns + picture * channels;
      kernels.fill(values[pixel]! / total, start, start + channels);
    }
  });
  return kernels;
}

/** Pixel indices of `height` × `width` with a mirrored border of `radius`, row by row. */
export function reflectedPixels(height: number, width: number, radius: number): Int32Array {
  const paddedWidth = width + 2 * radius;
  return Int32Array.from(
    { length: (height + 2 * radius) * paddedWidth },
    (_, pixel) =>
      mirrored(Math.floor(pixel / paddedWidth) - radius, height) * width +
      mirrored((pixel % paddedWidth) - radius, width),
  );
}

/** Blurring along an axis as {@link ResamplingWeights}, with the kernels `[kernelSize, batch]`. */
export function blurringWeights(
  kernels: Float32Array,
  batchSize: number,
  length: number,
  padding: BlurPadding,
): ResamplingWeights {
  const count = kernels.length / batchSize;
  const radius = (count - 1) / 2;
  const rows = batchSize * length;
  const indices = new Int32Array(count * rows);
  const weights = new Float32Array(count * rows);
  for (let term = 0; term < count; term++) {
    for (let picture = 0, row = term * rows; picture < batchSize; picture++) {
      const weight = kernels[term * batchSize + picture]!;
      const first = picture * length;
      let from = term - radius;
      for (const end = row + length; row < end; row++, from++) {
        const isInside = from >= 0 && from < length;
        if (!isInside && padding === 'zero') continue;
        indices[row] = first + (isInside ? from : mirrored(from, length));
        weights[row] = weight;
      }
    }
  }
  return { outputLength: length, count, indices, weights };
}

/** Kernels of the pictures that are not selected become that which changes nothing. */
export function keepOthers(kernels: Float32Array, selected: Uint8Array): void {
  const batchSize = selected.length;
  const middle = (kernels.length / batchSize - 1) / 2;
  for (const [index] of kernels.entries()) {
    if (!selected[index % batchSize]) kernels[index] = Math.floor(index / batchSize) === middle ? 1 : 0;
  }
}
