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
