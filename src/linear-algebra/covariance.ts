import { accumulate, blockLength, roundUp, symmetric } from './gram-matrix.js';

/** Mean and covariance of rows. */
export interface Covariance {
  /** Number of rows, at least 2. */
  rows: number;
  /** Of each column. */
  mean: Float64Array;
  /** `[dim, dim]`, divided by rows - 1. */
  covariance: Float64Array;
}

/**
 * Sums for the covariance of rows that arrive in batches of any size, in double precision and in memory that does not
 * grow with the rows. The mean of the first batch is subtracted from all rows before they are multiplied: otherwise the
 * products of a mean that is far from 0 would hide the variance.
 */
export class CovarianceSums {
  /** Rows so far. */
  rows = 0;
  private readonly padded: number;
  private readonly products: Float64Array;
  /** Up to {@link blockLength} rows, transposed. */
  private readonly block: Float32Array;
  private inBlock = 0;
  private shift: Float64Array | undefined;
  private readonly sums: Float64Array;

  constructor(private readonly dim: number) {
    this.padded = roundUp(dim);
    this.products = new Float64Array(this.padded * this.padded);
    this.block = new Float32Array(this.padded * blockLength);
    this.sums = new Float64Array(dim);
  }

  /** @param data - `[n, dim]`, row-major, n >= 1. */
  add(data: Float32Array): void {
    const { dim, block, sums } = this;
    const count = data.length / dim;
    this.shift ??= meanOf(data, dim);
    const { shift } = this;
    for (let row = 0; row < count; row++) {
      const start = row * dim;
      for (let column = 0; column < dim; column++) {
        const value = Math.fround(data[start + column]! - shift[column]!);
        block[column * blockLength + this.inBlock] = value;
        sums[column] = sums[column]! + value;
      }
      if (++this.inBlock === blockLength) this.flush();
    }
    this.rows += count;
  }

  private flush(): void {
    accumulate(this.block, this.padded, blockLength, this.products);
    this.block.fill(0);
    this.inBlock = 0;
  }

  /** What the rows so far amount to; at least two of them. */
  result(): Covariance {
    if (this.inBlock > 0) this.flush();
    const { dim, rows, sums, shift } = this;
    const offset = sums.map((sum) => sum / rows);
    const covariance = symmetric(this.products, this.padded, dim);
    for (let i = 0; i < dim; i++) {
      for (let j = 0; j < dim; j++) {
        const place = i * dim + j;
        covariance[place] = (covariance[place]! - rows * offset[i]! * offset[j]!) / (rows - 1);
      }
    }
    return { rows, mean: offset.map((value, column) => value + shift![column]!), covariance };
  }
}

function meanOf(data: Float32Array, dim: number): Float64Array {
  const mean = new Float64Array(dim);
  for (let start = 0; start < data.length; start += dim) {
    for (let column = 0; column < dim; column++) mean[column] = mean[column]! + data[start + column]!;
  }
  return mean.map((sum) => (sum * dim) / data.length);
}
