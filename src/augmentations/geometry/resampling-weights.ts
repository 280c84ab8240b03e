/** How to interpolate between pixels. */
export type Interpolation = 'bilinear' | 'bicubic';

/**
 * A linear map along one axis, sparse: output row r of the whole batch is the sum over t < `count` of
 * `weights[t * rows + r]` times input row `indices[t * rows + r]`. Row numbers run through all pictures.
 */
export interface ResamplingWeights {
  /** Length of the resampled axis. */
  readonly outputLength: number;
  /** Terms per sum. */
  readonly count: number;
  /** Input rows, `[count, batch * outputLength]`. */
  readonly indices: Int32Array;
  /** Their weights, `[count, batch * outputLength]`. */
  readonly weights: Float32Array;
}

/** The part of an axis that becomes the whole output: start and length in pixels, fractions allowed. */
export type Span = readonly [start: number, length: number];

function triangle(x: number): number {
  return Math.max(0, 1 - Math.abs(x));
}

/** Keys' cubic convolution kernel with free parameter `a`. */
function cubic(x: number, a: number): number {
  const distance = Math.abs(x);
  if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
  if (distance < 2) return ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a;
  return 0;
}

/**
 * Weights that resample, in every picture, the span `spans(picture)` of an axis to `outputLength` pixels, as PyTorch's
 * `interpolate(align_corners=False)` resamples a crop: pixels outside the span are not used.
 *
 * With `antialias`, the kernel widens where the picture shrinks, weights beyond the border are dropped, and
 * the rest are normalized (cubic a = -0.5). Without, the border pixel is repeated (cubic a = -0.75). Both follow PyTorch.
 */
export function resamplingWeights(options: {
  batchSize: number;
  inputLength: number;
  outputLength: number;
  spans: (picture: number) => Span;
  interpolation: Interpolation;
  antialias: boolean;
}): ResamplingWeights {
  const { batchSize, inputLength, outputLength, spans, interpolation, antialias } = options;
  const halfWidth = interpolation === 'bilinear' ? 1 : 2;
  const kernel = interpolation === 'bilinear' ? triangle : (x: number) => cubic(x, antialias ? -0.5 : -0.75);

  let stretchMax = 1;
  for (let picture = 0; antialias && picture < batchSize; picture++) {
    stretchMax = Math.max(stretchMax, spans(picture)[1] / outputLength);
  }
  const countMax = Math.ceil(halfWidth * stretchMax) * 2 + 1;
  const rows = batchSize * outputLength;
  const indices = new Int32Array(countMax * rows);
  const weights = new Float32Array(countMax * rows);
  const values = new Float64Array(countMax);
  let count = 1;

  for (let picture = 0; picture < batchSize; picture++) {
    const [start, length] = spans(picture);
    const scale = length / outputLength;
    const stretch = antialias ? Math.max(1, scale) : 1;
    const support = halfWidth * stretch;
    // A span scaled from another size may miss an integer by a rounding error.
    const first = Math.max(0, Math.floor(start + 1e-6));
    const last = Math.min(inputLength, Math.max(first + 1, Math.ceil(start + length - 1e-6))) - 1;
    const offset = picture * inputLength;

    for (let i = 0; i < outputLength; i++) {
      const center = start + scale * (i + 0.5);
      const row = picture * outputLength + i;
      let from = antialias
        ? Math.max(first, Math.floor(center - support + 0.5))
        : Math.floor(center - 0.5) - halfWidth + 1;
      let size = antialias ? Math.min(last + 1, Math.floor(center + support + 0.5)) - from : 2 * halfWidth;
      let total = 0;
      for (let t = 0; t < size; t++) {
        values[t] = kernel((from + t + 0.5 - center) / stretch);
        total += values[t]!;
      }
      let skip = 0;
      while (size > 1 && values[skip + size - 1] === 0) size--;
      while (size > 1 && values[skip] === 0) {
        skip++;
        size--;
      }
      from += skip;
      for (let t = 0; t < size; t++) {
        indices[t * rows + row] = offset + Math.min(last, Math.max(first, from + t));
        weights[t * rows + row] = antialias ? values[skip + t]! / total : values[skip + t]!;
      }
      for (let t = size; t < countMax; t++) indices[t * rows + row] = offset + first; // weight 0
      count = Math.max(count, size);
    }
  }
  return {
    outputLength,
    count,
    indices: indices.subarray(0, count * rows),
    weights: weights.subarray(0, count * rows),
  };
}

/** Weights that crop `outputLength` pixels of every picture, starting at pixel `start`; zeros outside the picture. */
export function croppingWeights(
  batchSize: number,
  inputLength: number,
  outputLength: number,
  start: number,
): ResamplingWeights {
  const rows = batchSize * outputLength;
  const indices = new Int32Array(rows);
  const weights = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const source = start + (row % outputLength);
    const inside = source >= 0 && source < inputLength;
    indices[row] = Math.floor(row / outputLength) * inputLength + (inside ? source : 0);
    weights[row] = inside ? 1 : 0;
  }
  return { outputLength, count: 1, indices, weights };
}
