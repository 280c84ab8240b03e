import { hashedValues } from '../helpers/hashed-values.js';

/** Rows whose columns differ in scale and have a mean: the same that test/fixtures/linear-algebra/make.py makes. */
export function sloped(name: string, rows: number, dim: number): Float32Array {
  const values = hashedValues(name, rows * dim);
  const mix = hashedValues(`${name}/mix`, dim * dim);
  return Float32Array.from({ length: rows * dim }, (_, i) => {
    const [row, column] = [Math.floor(i / dim), i % dim];
    let sum = 3;
    for (let k = 0; k < dim; k++) sum += values[row * dim + k]! * (mix[k * dim + column]! / (1 + k));
    return sum;
  });
}
