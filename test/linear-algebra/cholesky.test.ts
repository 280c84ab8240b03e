import { describe, expect, it } from 'vitest';
import { choleskyInPlace, choleskySolver, lowerInverse } from '../../src/linear-algebra/cholesky.js';
import { columnGram, rowGram } from '../../src/linear-algebra/gram-matrix.js';
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';

/** Row i of a `size x size` matrix times a vector. */
const times = (matrix: Float64Array, size: number, vector: ArrayLike<number>) =>
  Float64Array.from({ length: size }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < size; k++) sum += matrix[i * size + k]! * vector[k]!;
    return sum;
  });

describe('the Cholesky factor', () => {
  describe.each([1, 2, 3, 4, 5, 11, 17])('of a system of %i equations', (size) => {
    const matrix = columnGram({ data: hashedValues('system', 40 * size), rows: 40, dim: size });
    const factor = matrix.slice();
    choleskyInPlace(factor, size, 0);

    it.each([1, 2, 3, 4, 5, 9])('solves it for %i right-hand sides', (count) => {
      const solutions = Array.from({ length: count }, (_, row) => hashedValues(`solution ${row}`, size));
      const values = Float64Array.from([
        ...solutions.flatMap((solution) => [...times(matrix, size, solution)]),
        7,
      ]);
      choleskySolver(factor.slice(), size)(values, count);
      expectClose(values, [...solutions.flatMap((solution) => [...solution]), 7], { absolute: 1e-12 });
    });

    it('has an inverse', () => {
      const inverse = lowerInverse(factor, size);
      for (let row = 0; row < size; row++) {
        for (let column = 0; column < size; column++) {
          let sum = 0;
          for (let k = 0; k <= row; k++) sum += factor[row * size + k]! * inverse[k * size + column]!;
          expect(sum).toBeCloseTo(row === column ? 1 : 0, 12);
        }
      }
    });
  });

  it('stays finite for a singular matrix', () => {
    const matrix = Float64Array.of(1, 1, 1, 1);
    choleskyInPlace(matrix, 2, 1e-10);
    const values = Float64Array.of(1, 1);
    choleskySolver(matrix, 2)(values, 1);
    expect(values.every(Number.isFinite)).toBe(true);
  });
});

describe('the Gram matrices', () => {
  // 300 rows and 300 columns cross the borders of the blocks; 5 and 6 do not divide by the tile of 4.
  it.each([
    [300, 5],
    [6, 300],
  ])('are the products as written down: %i rows, %i columns', (rows, dim) => {
    const data = hashedValues('gram', rows * dim);
    const scaling = {
      mean: Float64Array.from(hashedValues('mean', dim)),
      scale: Float64Array.from(hashedValues('scale', dim)),
    };
    const value = (row: number, column: number) => data[row * dim + column]!;
    const scaled = (row: number, column: number) =>
      (value(row, column) - scaling.mean[column]!) * scaling.scale[column]!;
    const sum = (length: number, term: (k: number) => number) =>
      Array.from({ length }, (_, k) => term(k)).reduce((a, b) => a + b, 0);
    const square = (size: number, entry: (i: number, j: number) => number) =>
      Float64Array.from({ length: size * size }, (_, place) => entry(Math.floor(place / size), place % size));
    expectClose(
      rowGram({ data, rows, dim }),
      square(rows, (i, j) => sum(dim, (k) => value(i, k) * value(j, k))),
      { absolute: 1e-11 },
    );
    expectClose(
      columnGram({ data, rows, dim }),
      square(dim, (i, j) => sum(rows, (k) => value(k, i) * value(k, j))),
      { absolute: 1e-11 },
    );
    expectClose(
      columnGram({ data, rows, dim }, scaling),
      square(dim, (i, j) => sum(rows, (k) => scaled(k, i) * scaled(k, j))),
      { absolute: 1e-5 },
    );
  });
});
