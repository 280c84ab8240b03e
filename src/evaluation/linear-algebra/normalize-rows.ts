import type { Matrix } from '../embeddings.js';

/** A copy whose rows have Euclidean length 1. A row of zeros stays zero: its cosine with anything is 0. */
export function normalizeRows({ data, rows, dim }: Matrix): Matrix {
  const normalized = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    const start = row * dim;
    let sum = 0;
    for (let i = start; i < start + dim; i++) sum += data[i]! * data[i]!;
    if (sum === 0) continue;
    const scale = 1 / Math.sqrt(sum);
    for (let i = start; i < start + dim; i++) normalized[i] = data[i]! * scale;
  }
  return { data: normalized, rows, dim };
}
