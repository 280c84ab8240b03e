import { expect, it } from 'vitest';
import { rowProducts, rowsOf } from '../../src/linear-algebra/row-products.js';
import { randomGenerator } from '../../src/random/index.js';

it('multiplies every row of one matrix with every row of another, in the order of their elements', () => {
  const random = randomGenerator(4);
  for (const [countA, countB, dim, stride] of [
    [1, 1, 1, 1],
    [3, 2, 5, 5],
    [4, 4, 7, 9],
    [9, 70, 3, 4],
    [2, 131, 0, 2],
  ] as const) {
    const first = 2;
    const draw = (count: number) =>
      Float64Array.from({ length: (first + count) * stride }, () => random.normal());
    const [a, b] = [draw(countA), draw(countB)];
    const out = new Float64Array(countA * countB).fill(Number.NaN);
    rowProducts(rowsOf(a, countA, stride, first), rowsOf(b, countB, stride, first), dim, out);
    for (let i = 0; i < countA; i++) {
      for (let j = 0; j < countB; j++) {
        let sum = 0;
        for (let k = 0; k < dim; k++) sum += a[(first + i) * stride + k]! * b[(first + j) * stride + k]!;
        expect(out[i * countB + j]).toBe(sum);
      }
    }
  }
});
