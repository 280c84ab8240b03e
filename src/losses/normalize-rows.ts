import { div, maximum, sqrt, square, sum, type Tensor2D, tidy } from '@tensorflow/tfjs-core';

/** The smallest norm that rows are divided by: the `eps` of `torch.nn.functional.normalize`. */
export const smallestNorm = 1e-12;

/** Divides each row of `[rows, D]` by its length. Returns the unit rows and the lengths `[rows, 1]`, clamped from below. */
export function normalizeRows(rows: Tensor2D): [Tensor2D, Tensor2D] {
  return tidy(() => {
    const norms = maximum(sqrt(sum(square(rows), 1, true)), smallestNorm) as Tensor2D;
    return [div(rows, norms), norms];
  });
}
