/** A matrix in host memory, row-major: row i is `data.subarray(i * dim, (i + 1) * dim)`. */
export interface Matrix {
  data: Float32Array;
  rows: number;
  dim: number;
}
