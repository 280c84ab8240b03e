import { eye, mul, square, sub, sum, type Tensor, type Tensor2D, tidy } from '@tensorflow/tfjs-core';

/** A square matrix with zeros on its diagonal. */
export function offDiagonal(matrix: Tensor2D): Tensor2D {
  return tidy(() => mul(matrix, sub(1, eye(matrix.shape[0]))));
}

/** The sum of the squares of all values. */
export function sumOfSquares(values: Tensor): Tensor {
  return tidy(() => sum(square(values)));
}
