/** A part of a picture in pixels, fractions allowed: top, left, height, width. */
export type FractionalBox = readonly [top: number, left: number, height: number, width: number];

/**
 * Resizes a part of a picture of three channels as Pillow and PyTorch do, with antialiasing: nothing outside of the
 * part is looked at, and the result is rounded to bytes once. Pillow also rounds in between, so that the two differ by
 * one level at most.
 *
 * Refers to nothing outside of itself, because its text is also part of the program of other threads.
 *
 * @param data - Bytes, row by row.
 * @param width - Of the picture, in pixels.
 * @returns `size[0] * size[1] * 3` bytes.
 */
export function resampleBox(
  data: Uint8Array,
  width: number,
  box: FractionalBox,
  size: readonly [height: number, width: number],
  interpolation: 'bilinear' | 'bicubic',
): Uint8Array {
  const halfWidth = interpolation === 'bilinear' ? 1 : 2;
  // For each axis and place of the result: where its weights begin, how many they are, and the weights.
  const firsts = [new Int32Array(size[0]), new Int32Array(size[1])] as const;
  const counts = [new Int32Array(size[0]), new Int32Array(size[1])] as const;
  const kernels: Float32Array[] = [];
  const widths: number[] = [];
  for (let axis = 0; axis < 2; axis++) {
    const start = box[axis]!;
    const length = box[axis + 2]!;
    const scale = length / size[axis]!;
    const stretch = Math.max(1, scale);
    const support = halfWidth * stretch;
    const first = Math.floor(start + 1e-6);
    const end = Math.max(first + 1, Math.ceil(start + length - 1e-6));
    const kernelSize = Math.ceil(support) * 2 + 1;
    const weights = new Float32Array(size[axis]! * kernelSize);
    for (let i = 0; i < size[axis]!; i++) {
      const center = start + scale * (i + 0.5);
      const from = Math.max(first, Math.floor(center - support + 0.5));
      const count = Math.min(end, Math.floor(center + support + 0.5)) - from;
      let total = 0;
      for (let t = 0; t < count; t++) {
        const away = Math.abs((from + t + 0.5 - center) / stretch);
        let weight = Math.max(0, 1 - away);
        if (halfWidth === 2) {
          // Keys' cubic convolution, a = -0.5.
          if (away < 1) weight = (1.5 * away - 2.5) * away * away + 1;
          else weight = away < 2 ? ((-0.5 * away + 2.5) * away - 4) * away + 2 : 0;
        }
        weights[i * kernelSize + t] = weight;
        total += weight;
      }
      for (let t = 0; t < count; t++) weights[i * kernelSize + t]! /= total;
      firsts[axis]![i] = from;
      counts[axis]![i] = count;
    }
    kernels.push(weights);
    widths.push(kernelSize);
  }

  const left = Math.floor(box[1] + 1e-6);
  const rowLength = 3 * (Math.max(left + 1, Math.ceil(box[1] + box[3] - 1e-6)) - left);
  const row = new Float32Array(rowLength);
  const result = new Uint8Array(size[0] * size[1] * 3);
  for (let y = 0; y < size[0]; y++) {
    row.fill(0);
    for (let t = 0; t < counts[0][y]!; t++) {
      const weight = kernels[0]![y * widths[0]! + t]!;
      const source = 3 * ((firsts[0][y]! + t) * width + left);
      for (let i = 0; i < rowLength; i++) row[i]! += weight * data[source + i]!;
    }
    for (let x = 0; x < size[1]; x++) {
      let red = 0.5;
      let green = 0.5;
      let blue = 0.5;
      let source = 3 * (firsts[1][x]! - left);
      for (let t = 0; t < counts[1][x]!; t++, source += 3) {
        const weight = kernels[1]![x * widths[1]! + t]!;
        red += weight * row[source]!;
        green += weight * row[source + 1]!;
        blue += weight * row[source + 2]!;
      }
      const target = 3 * (y * size[1] + x);
      // A bicubic sum may leave the range.
      result[target] = Math.min(255, Math.max(0, red));
      result[target + 1] = Math.min(255, Math.max(0, green));
      result[target + 2] = Math.min(255, Math.max(0, blue));
    }
  }
  return result;
}
