import {
  div,
  greater,
  maximum,
  mul,
  sqrt,
  square,
  sub,
  sum,
  type Tensor2D,
  tidy,
} from '@tensorflow/tfjs-core';

/** The smallest norm that rows are divided by: the `eps` of `torch.nn.functional.normalize`. */
const smallestNorm = 1e-12;

/** Divides each row of `[rows, D]` by its length. Returns the unit rows and the lengths `[rows, 1]`, clamped from below. */
export function normalizeRows(rows: Tensor2D): [Tensor2D, Tensor2D] {
  return tidy(() => {
    const norms = maximum(sqrt(sum(square(rows), 1, true)), smallestNorm) as Tensor2D;
    return [div(rows, norms), norms];
  });
}

/** The gradient at the rows, given that at the unit rows and the result of {@link normalizeRows}. */
export function normalizeRowsGradient(atUnits: Tensor2D, units: Tensor2D, norms: Tensor2D): Tensor2D {
  return tidy(() => {
    // Remove the component along the row, and divide by the length.
    const along = mul(units, sum(mul(atUnits, units), 1, true));
    return mul(sub(atUnits, along), div(greater(norms, smallestNorm), norms));
  });
}
