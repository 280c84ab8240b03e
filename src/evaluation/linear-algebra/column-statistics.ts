import type { Matrix } from '../embeddings.js';

/** Mean and standard deviation of each column. */
export interface ColumnStatistics {
  mean: Float64Array;
  /** Of the population (divided by n). Exactly 0 for a column that is constant within the resolution of float32. */
  std: Float64Array;
}

const float32Epsilon = 2 ** -23;

/** Computes mean and standard deviation in two passes, in double precision. */
export function columnStatistics({ data, rows, dim }: Matrix): ColumnStatistics {
  const mean = new Float64Array(dim);
  const std = new Float64Array(dim);
  for (let row = 0; row < rows; row++) {
    const start = row * dim;
    for (let column = 0; column < dim; column++) mean[column] = mean[column]! + data[start + column]!;
  }
  for (let column = 0; column < dim; column++) mean[column] = mean[column]! / rows;
  for (let row = 0; row < rows; row++) {
    const start = row * dim;
    for (let column = 0; column < dim; column++) {
      const difference = data[start + column]! - mean[column]!;
      std[column] = std[column]! + difference * difference;
    }
  }
  for (let column = 0; column < dim; column++) {
    const value = Math.sqrt(std[column]! / rows);
    std[column] = value > float32Epsilon * Math.abs(mean[column]!) ? value : 0;
  }
  return { mean, std };
}
