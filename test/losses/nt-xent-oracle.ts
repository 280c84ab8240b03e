/** Equation 1 of the paper, word by word, in float64: the loss of each of the 2N views. */
export function naiveRowLosses(view1: number[][], view2: number[][], temperature: number): number[] {
  const count = view1.length;
  const rows = [...view1, ...view2].map((row) => {
    const length = Math.max(Math.hypot(...row), 1e-12);
    return row.map((value) => value / length);
  });
  const similarity = (i: number, j: number) =>
    rows[i]!.reduce((total, value, k) => total + value * rows[j]![k]!, 0);
  return rows.map((_, i) => {
    const j = (i + count) % (2 * count);
    let denominator = 0;
    for (let k = 0; k < 2 * count; k++) {
      if (k !== i) denominator += Math.exp(similarity(i, k) / temperature);
    }
    return -Math.log(Math.exp(similarity(i, j) / temperature) / denominator);
  });
}

/** The mean of {@link naiveRowLosses}. */
export function naiveLoss(view1: number[][], view2: number[][], temperature: number): number {
  const rows = naiveRowLosses(view1, view2, temperature);
  return rows.reduce((total, value) => total + value, 0) / rows.length;
}

/** Cuts a flat array into rows. */
export function toRows(values: ArrayLike<number>, dim: number): number[][] {
  const rows: number[][] = [];
  for (let i = 0; i < values.length; i += dim)
    rows.push(Array.from({ length: dim }, (_, k) => values[i + k]!));
  return rows;
}
