/** NT-Xent of embeddings that tell nothing apart: ln(2N - 1) for N pairs. */
export function chanceLoss(pairs: number): number {
  return Math.log(2 * pairs - 1);
}

/**
 * How far below chance NT-Xent can be expected to come, in nats: not below 0; and where similarities of 1 to the
 * positive stand against 0 to the negatives, not further than 1/temperature.
 */
export function attainableGain(pairs: number, temperature: number): number {
  return Math.min(chanceLoss(pairs), 1 / temperature);
}

/**
 * Share of the attainable gain below which a loss counts as chance. A run that learns passes a tenth within its first
 * hundred steps (the healthy runs of this project's tests); embeddings of mean similarity 0.99 stay below a hundredth.
 */
export const chanceShare = 0.05;
